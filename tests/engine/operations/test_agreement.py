"""Real servers agree with what is read from the text: the lock on what existed, and what becomes of its rows."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest

from dbmigrations.postgres.known import KnownDatabase
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.known import NOTHING_KNOWN, Known
from dbmigrations.postgres.sql.operations import LockMode, Work
from dbmigrations.postgres.sql.review import StatementReview, review_script
from dbmigrations.postgres.sql.script import read
from tests.engine.databases import Database
from tests.engine.operations.cases import STRICTER, cases
from tests.engine.operations.fixture import BEFORE
from tests.engine.operations.oracle import Observed, existing, observe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.postgres import Server


@dataclass(frozen=True)
class World:
    """A database with one of everything, and who looks on."""

    connection: psycopg.Connection[tuple[Any, ...]]
    known: KnownDatabase
    relations: list[int]
    names: dict[str, str]

    def said(self, script: str, known: Known) -> Observed:
        """What is read from the text."""
        statements = review_script(read(script), Batch.of("public", known)).statements
        locks = [each.lock for each in statements if each.lock is not None]
        return Observed(max(locks, default=None), max((each.work for each in statements), default=Work.NONE))

    def statements(self, script: str) -> tuple[StatementReview, ...]:
        """The whole answer."""
        return review_script(read(script), Batch.of("public", self.known)).statements


@pytest.fixture(scope="module")
def world(server: Server) -> Iterator[World]:
    """Everything in it belongs to a superuser; tests roll back."""
    number = uuid4().hex[:8]
    names = {"role": f"somebody_{number}", "subscription": f"sub_{number}"}
    name = server.create_database()
    place = Database(server, name, "postgres")
    with server.connect(name, options="-c client_min_messages=error -c timezone=UTC") as connection:
        connection.execute(_filled(BEFORE, names).encode())
        with place.session(schema="public") as session:
            session.execute("SET timezone = 'UTC'")
            yield World(connection, KnownDatabase.of(session), existing(connection), names)
        connection.execute(_filled("DROP SUBSCRIPTION {subscription}; DROP ROLE {role}", names).encode())
    server.drop_database(name)


def _filled(text: str, names: dict[str, str]) -> str:
    for word, name in names.items():
        text = text.replace(f"{{{word}}}", name)
    return text


def test_each_statement_takes_the_lock_and_does_the_work_that_is_said(world: World) -> None:
    """With the catalog at hand to the letter, but for the cases in STRICTER; without it never milder."""
    table: Counter[str] = Counter()
    wrong: list[str] = []
    for case in cases(world.known.major):
        script = _filled(case, world.names)
        try:
            held = observe(world.connection, script, world.relations)
        except psycopg.Error as error:
            wrong.append(f"{case}: the server says {error}")
            continue
        verdict = _verdict(world, script, held)
        expected = "stricter" if case in STRICTER else "agrees"
        table[verdict.partition(":")[0]] += 1
        if verdict.partition(":")[0] != expected:
            wrong.append(f"{case}\n    {verdict}; held {_shown(held)}")
    _print(world.known.major, table)
    assert wrong == [], "\n".join(wrong)


def _verdict(world: World, script: str, held: Observed) -> str:
    exact, careful = world.said(script, world.known), world.said(script, NOTHING_KNOWN)
    if any(each.operation_class is OperationClass.UNKNOWN for each in world.statements(script)):
        return "unknown"
    if exact == held:
        return "agrees" if _covers(careful, exact) else f"milder: without catalog {_shown(careful)}"
    return f"{'stricter' if _covers(exact, held) else 'milder'}: said {_shown(exact)}"


def _covers(one: Observed, other: Observed) -> bool:
    """Whether the one is at least as strict."""
    return (one.lock or 0) >= (other.lock or 0) and one.work >= other.work


def _shown(observed: Observed) -> str:
    return f"{LockMode(observed.lock).name if observed.lock else 'no lock'}, {observed.work.name}"


def _print(major: int, table: Counter[str]) -> None:
    counts = ", ".join(f"{count} {word}" for word, count in sorted(table.items()))
    sys.stderr.write(f"\nPostgreSQL {major}: {sum(table.values())} cases: {counts}\n")
