"""The tables of tools that were here before, on a real server: found by name and columns, and read harmlessly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.errors import ContentionError
from dbmigrations.postgres.predecessors.reading import find_predecessors
from dbmigrations.postgres.predecessors.telling import Predecessor, Tool
from tests.engine import predecessor_tables as tables

if TYPE_CHECKING:
    from tests.engine.databases import Database

REPEATABLE = "R__view.sql"


def look(database: Database, schema: str = "public", **settings: float) -> tuple[Predecessor, ...]:
    with database.session(where=None, schema=schema, row_security=False, **settings) as session:
        return find_predecessors(session)


def make(database: Database, *statements: str) -> None:
    database.run(*statements, user=database.owner)


def short(found: tuple[Predecessor, ...]) -> list[tuple[str, int | None, str]]:
    return [(str(each.tool), each.migrations, each.newest) for each in found]


@pytest.mark.every_major
@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (tables.flyway("V1__a.sql", "V1_1__b.sql", "V3__c.sql", REPEATABLE), ("Flyway", 3, "3")),
        (tables.dbmate("20260101000000", "20260102093000"), ("dbmate", 2, "20260102093000")),
        (tables.rails("20260101000000"), ("Rails", 1, "20260101000000")),
        (tables.golang_migrate("12"), ("golang-migrate", None, "12")),
        (tables.goose("1", "2"), ("goose", 2, "2")),
    ],
    ids=["flyway", "dbmate", "rails", "golang-migrate", "goose"],
)
def test_each_tool_is_known_by_its_table(
    database: Database, statements: list[str], told: tuple[str, int | None, str]
) -> None:
    make(database, *statements)
    assert short(look(database)) == [told]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE schema_migrations (version bigint, inserted_at timestamp)",
        "CREATE TABLE schema_migrations (version varchar, checksum text)",
        "CREATE TABLE schema_migrations ()",
        "CREATE TABLE flyway_schema_history (id int, body text)",
        "CREATE TABLE goose_db_version (id int, version_id text, is_applied boolean, tstamp timestamp)",
        "CREATE VIEW schema_migrations AS SELECT 1::bigint AS version, true AS dirty",
        "CREATE TABLE schema_migrations (version bigint, dirty boolean) PARTITION BY LIST (dirty)",
        "CREATE DOMAIN varchar AS pg_catalog.varchar; CREATE TABLE schema_migrations (version public.varchar)",
    ],
)
def test_another_table_of_that_name_is_none(database: Database, statement: str) -> None:
    make(database, *statement.split("; "))
    assert look(database) == ()


def test_a_table_is_looked_for_where_the_tools_put_it_and_nowhere_else(database: Database) -> None:
    make(database, "CREATE SCHEMA shop", "CREATE SCHEMA other", f'CREATE SCHEMA "{database.owner}"')
    make(database, *tables.goose("1", schema="shop"), *tables.dbmate("2"), *tables.flyway("V3__c.sql", schema="other"))
    make(database, *tables.golang_migrate("4", schema=f'"{database.owner}"'))

    found = look(database, "shop")

    assert [each.tool for each in found] == [Tool.GOOSE, Tool.GOLANG_MIGRATE, Tool.DBMATE]
    assert [each.is_in_application_schema for each in found] == [True, False, False]
    assert found[0].table == "shop.goose_db_version"


def test_empty_tables_tell_nothing(database: Database) -> None:
    make(database, *tables.flyway(), *tables.dbmate(), *tables.goose())
    assert short(look(database)) == [("Flyway", 0, ""), ("goose", 0, ""), ("dbmate", 0, "")]


def test_rows_that_no_tool_writes_are_passed_over(database: Database) -> None:
    make(
        database,
        *tables.dbmate("1"),
        "ALTER TABLE schema_migrations DROP CONSTRAINT schema_migrations_pkey",
        "ALTER TABLE schema_migrations ALTER version DROP NOT NULL",
        "INSERT INTO schema_migrations VALUES (NULL), (repeat('9', 100000)), ('drop table')",
    )
    (found,) = look(database)
    assert found.told.odd == 1
    assert {len(each.version) for each in found.told.recorded} == {1, 10, 200}


def test_thousands_of_rows_are_read_and_too_many_are_not(database: Database) -> None:
    make(database, *tables.dbmate(), "INSERT INTO schema_migrations SELECT generate_series(1, 5000)")
    assert short(look(database)) == [("dbmate", 5000, "5000")]

    make(database, "INSERT INTO schema_migrations SELECT generate_series(5001, 100001)")
    (found,) = look(database)
    assert found.unreadable == "it has more than 100,000 rows"


def test_a_table_that_may_not_be_read_is_told_with_its_grant(database: Database) -> None:
    database.run(*tables.dbmate("1"))
    (found,) = look(database)
    assert "GRANT SELECT ON public.schema_migrations" in found.unreadable

    database.run(f'GRANT SELECT ON schema_migrations TO "{database.owner}"')
    assert short(look(database)) == [("dbmate", 1, "1")]


def test_a_table_whose_rows_a_policy_hides_is_not_believed(database: Database) -> None:
    database.run(*tables.dbmate("1"), "ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY")
    database.run(f'GRANT SELECT ON schema_migrations TO "{database.owner}"')
    (found,) = look(database)
    assert "row level security hides rows" in found.unreadable


def test_functions_that_shadow_the_catalogs_are_not_called(database: Database) -> None:
    make(
        database,
        *tables.dbmate("1"),
        "CREATE FUNCTION \"left\"(varchar, int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'mine'; END $$",
        "CREATE FUNCTION row_security_active(regclass) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'mine'; END $$",
    )
    assert short(look(database)) == [("dbmate", 1, "1")]


def test_a_tool_that_is_migrating_at_this_moment_is_waited_for(database: Database) -> None:
    make(database, *tables.golang_migrate("1"))
    with database.connect() as other, other.transaction():
        other.execute("LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(ContentionError):
            look(database, lock_timeout=0.1)
