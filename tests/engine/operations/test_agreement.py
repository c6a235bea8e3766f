"""Real servers agree with what is read from the text: the lock on what existed, and what becomes of its rows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import psycopg

from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.known import NOTHING_KNOWN
from dbmigrations.postgres.sql.operations import LockMode
from tests.engine.operations.cases import STRICTER, cases
from tests.engine.operations.oracle import Observed, observe
from tests.engine.operations.world import World, filled

if TYPE_CHECKING:
    from collections.abc import Callable

TOLD = "told at the end"
"""The property of a test that tests/engine/conftest.py prints."""


def test_each_statement_takes_the_lock_and_does_the_work_that_is_said(
    world: World, record_property: Callable[[str, object], None]
) -> None:
    """With the catalog at hand to the letter, but for the cases in STRICTER; without it never milder."""
    table: Counter[str] = Counter()
    wrong: list[str] = []
    for case in cases(world.known.major):
        script = filled(case, world.names)
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
    record_property(TOLD, _table(world.known.major, table))
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


def _table(major: int, table: Counter[str]) -> str:
    counts = ", ".join(f"{count} {word}" for word, count in sorted(table.items()))
    return f"locks and rewrites, PostgreSQL {major}: {sum(table.values())} cases: {counts}"
