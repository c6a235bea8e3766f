"""The fingerprint against real servers: every kind of object, each property changed once, one difference each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbmigrations.postgres.catalog.difference import compare
from dbmigrations.postgres.catalog.reading import take_snapshot
from dbmigrations.postgres.catalog.sentences import sentence
from dbmigrations.postgres.tables import Tables
from tests.engine.catalog.everything import CASES, SETUP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Connection

    from dbmigrations.postgres.catalog.snapshot import Snapshot
    from dbmigrations.postgres.connection import Session
    from tests.engine.databases import Database


def told(before: Snapshot, after: Snapshot) -> str:
    return "\n".join(sentence(difference) for difference in compare(before, after))


def test_each_change_is_one_difference_named_rightly(database: Database) -> None:
    number = database.name.removeprefix("test_")
    database.run(*(each.format(n=number) for each in SETUP))
    with database.session() as session, database.connect() as bystander:
        bystander.execute("SET allow_system_table_mods = on")
        wrong = list(wrongly_told(session, bystander, number))
    assert not wrong, "\n".join(wrong)


def wrongly_told(session: Session, bystander: Connection[tuple[Any, ...]], number: str) -> Iterator[str]:
    base = take_snapshot(session, Tables())
    for case in CASES:
        if case.since > session.facts.major:
            continue
        change(bystander, case.change.format(n=number))
        changed = take_snapshot(session, Tables())
        said, expected = told(base, changed), case.told.format(n=number)
        if said != expected and not (expected.endswith("…") and said.startswith(expected[:-1]) and "\n" not in said):
            yield (f"{case.change}\n   tells: {said}\n   not:   {expected}")
        if changed.fingerprint == base.fingerprint:
            yield (f"{case.change} leaves the fingerprint")
        if case.undo:
            change(bystander, case.undo.format(n=number))
            again = take_snapshot(session, Tables())
            if again.fingerprint != base.fingerprint:
                yield (f"{case.undo} leaves: {told(base, again)}")
            changed = again
        base = changed


def change(bystander: Connection[tuple[Any, ...]], statements: str) -> None:
    """One by one, for some may not stand in a transaction with others."""
    for statement in statements.split("; "):
        bystander.execute(statement.encode())
