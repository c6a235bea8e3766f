"""`_prisma_migrations` as Prisma keeps it, in the migration's own transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from dbmigrations.postgres.errors import StatementError
from dbmigrations.postgres.prisma import PrismaRow, prisma_rows
from dbmigrations.release.migration import Kind
from tests.engine.databases import applier
from tests.engine.releases import migration

if TYPE_CHECKING:
    from tests.engine.databases import Database

# As Prisma's engine (5 to 7) makes it.
PRISMAS_OWN = """\
CREATE TABLE _prisma_migrations (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL,
    logs TEXT,
    rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
)"""
SHAPE = """\
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = '{}'::regclass AND a.attnum > 0 ORDER BY a.attnum"""
INDEXES = (
    "SELECT indexname, replace(indexdef, schemaname || '.', '') FROM pg_indexes WHERE schemaname = '{}' ORDER BY 1"
)


def test_the_table_is_prismas_own(database: Database) -> None:
    database.run("CREATE SCHEMA prisma", "SET search_path = prisma", user=database.owner)
    with database.connect(database.owner) as connection:
        connection.execute("SET search_path = prisma")
        connection.execute(PRISMAS_OWN)
    with database.session(schema="app") as session:
        applier(session, database.tables).up(migration("20260101000000_init", "SELECT 1;", kind=Kind.SCHEMA))
    ours, prismas = (database.rows(SHAPE.format(f"{schema}._prisma_migrations")) for schema in ("app", "prisma"))
    assert ours == prismas
    ours, prismas = (database.rows(INDEXES.format(schema)) for schema in ("app", "prisma"))
    assert ours == prismas


def test_a_row_is_what_prisma_would_have_written(database: Database) -> None:
    script = migration("20260101000000_init", "CREATE TABLE t (id int);\r\n", kind=Kind.SCHEMA)
    with database.session() as session:
        applier(session, database.tables).up(script)
    ((key, checksum, name, logs, rolled_back, steps, in_order),) = database.rows(
        "SELECT id, checksum, migration_name, logs, rolled_back_at, applied_steps_count, started_at <= finished_at"
        " FROM _prisma_migrations"
    )
    assert UUID(key).version == 4
    assert (checksum, name) == (script.up.raw_checksum, "20260101000000_init")
    assert (logs, rolled_back, steps, in_order) == (None, None, 1, True)


def test_only_schema_migrations_are_prismas(database: Database) -> None:
    with database.session() as session:
        applier(session, database.tables).up(migration("a", "CREATE TABLE t (id int);"))
    assert database.value("SELECT to_regclass('_prisma_migrations') IS NULL")


def test_a_failed_migration_leaves_no_row(database: Database) -> None:
    with database.session() as session, pytest.raises(StatementError):
        applier(session, database.tables).up(migration("a", "SELECT wrong;", kind=Kind.SCHEMA))
    assert database.value("SELECT to_regclass('_prisma_migrations') IS NULL")


def test_undoing_marks_the_row_rolled_back_and_applying_again_adds_one(database: Database) -> None:
    script = migration("a", "CREATE TABLE t (id int);", "DROP TABLE t;", kind=Kind.SCHEMA)
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(script)
        apply.down(Kind.SCHEMA, "a")
        apply.up(script)

        checksum = script.up.raw_checksum
        assert prisma_rows(session, "public") == (
            PrismaRow("a", checksum, finished=True, rolled_back=True),
            PrismaRow("a", checksum, finished=True, rolled_back=False),
        )


def test_a_migration_that_makes_its_schema_anew_keeps_its_row(database: Database) -> None:
    with database.session(schema="app") as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", "CREATE SCHEMA IF NOT EXISTS app; CREATE TABLE app.t (id int);", kind=Kind.SCHEMA))
        apply.up(migration("b", "DROP SCHEMA app CASCADE; CREATE SCHEMA app;", kind=Kind.SCHEMA))

        assert [row.name for row in prisma_rows(session, "app")] == ["b"]


def test_a_database_that_prisma_never_saw_has_no_rows(database: Database) -> None:
    with database.session() as session:
        assert prisma_rows(session, "public") == ()


@pytest.mark.parametrize("script", ["CREATE TABLE t (id int);", "SELECT 1;"], ids=["in one message", "watched"])
def test_a_role_that_may_make_no_schemas_applies_the_first_one_in_a_schema_that_is_there(
    database: Database, script: str
) -> None:
    role = database.role()
    database.run(f"CREATE SCHEMA dbmigrations AUTHORIZATION {role}", f"CREATE SCHEMA shop AUTHORIZATION {role}")
    with database.session(where=database.where(user=role), schema="shop") as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", script, kind=Kind.SCHEMA))
        apply.up(migration("b", "CREATE TABLE u (id int);", kind=Kind.SCHEMA))
    assert database.rows("SELECT migration_name FROM shop._prisma_migrations ORDER BY started_at") == [("a",), ("b",)]


def test_the_first_one_makes_a_schema_that_is_not_there(database: Database) -> None:
    with database.session(schema="shop") as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", "CREATE TYPE public.mood AS ENUM ('calm');", kind=Kind.SCHEMA))
        apply.up(migration("b", "CREATE TABLE u (id int);", kind=Kind.SCHEMA))
    assert database.rows("SELECT migration_name FROM shop._prisma_migrations ORDER BY started_at") == [("a",), ("b",)]
    assert database.value("SELECT to_regclass('shop.u') IS NOT NULL")
