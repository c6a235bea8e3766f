"""Counting what a plan would lose, and whether a database is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.contents import is_empty
from dbmigrations.postgres.counting import count_losses
from dbmigrations.postgres.sql.conversions import Conversion
from dbmigrations.postgres.sql.loss import Loss, RowsOf, UnknownLoss, ValuesOf
from dbmigrations.postgres.sql.names import ColumnName, RelationName
from dbmigrations.postgres.sql.position import Position
from dbmigrations.postgres.tables import install

if TYPE_CHECKING:
    from tests.engine.databases import Database

HERE = Position(0, 1, 1)
T = RelationName(None, "t")


def rows_of(name: str, schema: str | None = None, *, only: bool = False) -> RowsOf:
    return RowsOf(RelationName(schema, name), only, HERE)


def values_of(column: str, new_type: str = "", how: Conversion = Conversion.ASSIGNED) -> ValuesOf:
    return ValuesOf(ColumnName(T, column), HERE, new_type, how)


@pytest.fixture
def filled(database: Database) -> Database:
    database.run(
        "CREATE TYPE state AS ENUM ('open', 'done')",
        "CREATE TABLE t (id int, note varchar(10), state state, at timestamp)",
        "INSERT INTO t SELECT n, CASE WHEN n <= 3 THEN 'x' END, 'open', now() FROM generate_series(1, 10) n",
        "CREATE TABLE child () INHERITS (t)",
        "INSERT INTO child VALUES (11, 'xyz')",
        "CREATE VIEW v AS SELECT * FROM t",
        "CREATE SCHEMA app",
        "CREATE TABLE app.hidden AS SELECT 1 AS one",
        user=database.owner,
    )
    return database


@pytest.mark.parametrize(
    ("loss", "rows", "values"),
    [
        (rows_of("t"), 11, 0),
        (rows_of("t", only=True), 10, 0),
        (rows_of("t", "public"), 11, 0),
        (rows_of("missing"), 0, 0),
        (rows_of("t", "nowhere"), 0, 0),
        (rows_of("v"), 0, 0),
        (rows_of("hidden"), 1, 0),
        (values_of("note"), 0, 4),
        (values_of("missing"), 0, 0),
        (values_of("note", "text"), 0, 0),
        (values_of("note", "integer", Conversion.COMPUTED), 0, 4),
        (values_of("note", "text", Conversion.COMPUTED), 0, 4),
        (values_of("note", "varchar(2)"), 0, 1),
        (values_of("note", "varchar(2)", Conversion.CAST), 0, 1),
        (values_of("note", "varchar(2)", Conversion.COMPUTED), 0, 4),
        (values_of("note", "varchar(3)", Conversion.CAST), 0, 0),
        (values_of("id", "bigint"), 0, 0),
        (values_of("id", "smallint"), 0, 0),
        (values_of("id", "real", Conversion.CAST), 0, 11),
        (values_of("state", "text"), 0, 0),
        (values_of("state", "varchar(1)"), 0, 0),
        (values_of("state", "varchar(1)", Conversion.CAST), 0, 10),
        (values_of("at", "timestamptz", Conversion.IN_UTC), 0, 0),
        (values_of("at", "timestamptz"), 0, 10),
    ],
)
def test_what_would_be_lost_is_counted(filled: Database, loss: Loss, rows: int, values: int) -> None:
    with filled.session(row_security=False) as session:
        counted = count_losses(session, [loss])
    assert (counted.total.rows, counted.total.values, counted.total.unknown) == (rows, values, False)
    assert len(counted.lines) == (1 if rows or values else 0)


def test_a_table_that_is_lost_twice_counts_once(filled: Database) -> None:
    with filled.session(row_security=False) as session:
        counted = count_losses(session, [rows_of("t"), values_of("note"), rows_of("t")])
    assert (counted.total.rows, counted.total.values) == (11, 4)
    assert counted.lines == ("11 rows of t", "4 values of t.note")


def test_unknown_loss_is_unknown_only_where_what_it_touches_exists(filled: Database) -> None:
    with filled.session(row_security=False) as session:
        present = UnknownLoss("UPDATE of t", HERE, ColumnName(T, "note"))
        absent = UnknownLoss("UPDATE of t", HERE, ColumnName(T, "new"))
        always = UnknownLoss("DO", HERE)
        assert count_losses(session, [present]).total.unknown
        assert not count_losses(session, [absent]).total.unknown
        assert count_losses(session, [always]).lines == ("unknown: DO",)


def test_a_count_that_takes_too_long_becomes_the_planners_estimate(filled: Database) -> None:
    filled.run("INSERT INTO t SELECT n FROM generate_series(1, 200000) n", "ANALYZE t", user=filled.owner)
    with filled.session(row_security=False) as session:
        counted = count_losses(session, [rows_of("t")], seconds=0.001)
        assert counted.total.estimated
        assert 100_000 < counted.total.rows < 400_000
        assert "estimated" in counted.lines[0]
        assert session.one("SELECT 1") == (1,)


def test_rows_that_a_policy_hides_are_unknown_not_none(filled: Database) -> None:
    filled.run(
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE t FORCE ROW LEVEL SECURITY",
        "CREATE POLICY nobody ON t USING (false)",
        user=filled.owner,
    )
    with filled.session(row_security=False) as session:
        assert count_losses(session, [rows_of("t")]).total.unknown


def test_rows_that_may_not_be_read_are_unknown(filled: Database) -> None:
    other = filled.role()
    with filled.session(where=filled.where(user=other), row_security=False) as session:
        assert count_losses(session, [rows_of("t")]).total.unknown


def test_a_fresh_database_is_empty_and_stays_so_with_our_tables_and_view(database: Database) -> None:
    with database.session() as session:
        assert is_empty(session, database.tables)
        install(session, database.tables, application_schema="public", runner_version="test")
        assert is_empty(session, database.tables)


def test_extensions_leave_a_database_empty(database: Database) -> None:
    database.run(
        "CREATE EXTENSION IF NOT EXISTS plpgsql", "CREATE SCHEMA tools", "CREATE EXTENSION hstore SCHEMA tools"
    )
    with database.session() as session:
        assert is_empty(session, database.tables)


def test_a_providers_own_schema_leaves_a_database_empty(database: Database) -> None:
    database.run(
        "CREATE SCHEMA metric_helpers",
        "CREATE VIEW metric_helpers.sizes AS SELECT 1 AS one",
        "CREATE FUNCTION metric_helpers.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        f"GRANT USAGE ON SCHEMA metric_helpers TO {database.owner}",
    )
    with database.session() as session:
        assert is_empty(session, database.tables)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE t (id int)",
        "CREATE VIEW v AS SELECT 1 AS one",
        "CREATE VIEW migration_history AS SELECT 1 AS one",
        "CREATE SEQUENCE s",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE e AS ENUM ('a')",
        "CREATE TYPE pair AS (a int, b int)",
        "CREATE DOMAIN d AS int",
        "CREATE TABLE migration_history (id int)",
    ],
)
def test_anything_that_people_made_fills_a_database(database: Database, statement: str) -> None:
    database.run(statement, user=database.owner)
    with database.session() as session:
        assert not is_empty(session, database.tables)


def test_what_a_superuser_made_in_the_applications_schema_fills_it(database: Database) -> None:
    database.run(
        "ALTER SCHEMA public OWNER TO postgres", "REVOKE ALL ON SCHEMA public FROM PUBLIC", "CREATE TABLE t ()"
    )
    with database.session() as session:
        assert not is_empty(session, database.tables)


def test_what_no_rows_could_lose_is_told_from_what_there_is_none_of_now(database: Database) -> None:
    database.run("CREATE TABLE t (a int)", "CREATE VIEW v AS SELECT 1 AS a", user=database.owner)
    never: list[Loss] = [rows_of("missing"), values_of("missing"), values_of("a", "bigint"), rows_of("v")]
    never_unknown = UnknownLoss("UPDATE", HERE, ColumnName(T, "missing"))
    now: list[Loss] = [
        rows_of("t"),
        values_of("a"),
        values_of("a", "boolean", Conversion.COMPUTED),
        UnknownLoss("DO", HERE),
    ]
    with database.session(row_security=False) as session:
        assert count_losses(session, [*never, never_unknown, *now]).never == {*never, never_unknown}
