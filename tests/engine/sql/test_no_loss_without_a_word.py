"""Where rows or values of what was there are gone afterwards, the plan said so: attacks on "data loss: none"."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql
from psycopg.pq import TransactionStatus

from dbmigrations.postgres.counting import CountedLoss, count_losses
from dbmigrations.postgres.known import KnownDatabase
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import read
from tests.engine.databases import Database
from tests.engine.sql.losing import HARMLESS, HOLDINGS, LOSING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.harness.postgres import Server

_Values = dict[tuple[int, int], Counter[str]]
"""The values of each column, by the numbers of its table and its own."""


@pytest.fixture(scope="module")
def template(server: Server) -> Iterator[Database]:
    place = Database(server, server.create_database(), "postgres")
    place.run(HOLDINGS)
    yield place
    server.drop_database(place.name)


def _said(place: Database, script: str) -> CountedLoss:
    with place.session(schema="app", row_security=False) as session:
        review = review_script(read(script), Batch.of("app", KnownDatabase.of(session)))
        return count_losses(session, review.losses)


def _held(connection: psycopg.Connection[tuple[Any, ...]], tables: list[int]) -> _Values:
    held: _Values = {}
    columns = connection.execute(
        "SELECT a.attrelid, a.attnum, a.attname, a.attrelid::regclass::text FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid WHERE c.oid = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped",
        (tables,),
    ).fetchall()
    for table, number, name, shown in columns:
        query = f'SELECT "{name}"::text FROM ONLY {shown} WHERE "{name}" IS NOT NULL'  # names of ours
        held[table, number] = Counter(value for (value,) in connection.execute(query.encode()))
    return held


def _lost(place: Database, script: str) -> _Values:
    """What was there and is no more. A script with transactions of its own gets a copy of the database."""
    if not script.startswith("BEGIN"):
        with place.connect() as connection:
            return _lost_by(connection, f"BEGIN; {script}")
    name = f"{place.name}_copy"
    with place.server.connect("postgres") as connection:
        copied = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(place.name))
        connection.execute(copied)
    try:
        with place.server.connect(name) as connection:
            return _lost_by(connection, script)
    finally:
        place.server.drop_database(name)


def _lost_by(connection: psycopg.Connection[tuple[Any, ...]], script: str) -> _Values:
    found = connection.execute(
        "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('app', 'public', 's')"
    ).fetchall()
    tables = [oid for (oid,) in found]
    before = _held(connection, tables)
    connection.execute("SET search_path = app, public")
    for statement in read(script).statements:
        if "TO STDOUT" in statement.text:
            with connection.cursor().copy(statement.text.encode()) as copy:
                list(copy)
        else:
            connection.execute(statement.text.encode())
    after = _held(connection, tables)
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        connection.execute("ROLLBACK")
    return {at: gone for at, values in before.items() if (gone := values - after.get(at, Counter()))}


@pytest.mark.parametrize("script", LOSING)
def test_what_a_plan_loses_it_says(template: Database, script: str) -> None:
    said = _said(template, script)
    assert _lost(template, script)
    assert said.total.any, script


@pytest.mark.parametrize("script", HARMLESS)
def test_what_loses_nothing_is_not_said_to(template: Database, script: str) -> None:
    said = _said(template, script)
    assert not _lost(template, script)
    assert said.lines == ()
