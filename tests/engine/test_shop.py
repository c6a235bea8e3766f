"""The worked example: each of its downs is the exact inverse of its up, and customers see their own rows only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import dbmigrations
from dbmigrations.release.directory import ReleaseDirectory, load
from tests.engine.databases import applier

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session
    from tests.engine.databases import Database

SHOP = Path(dbmigrations.__file__).parents[2] / "manifests/shop/database"
ACME, BOLT = (f"00000000-0000-0000-0000-00000000000{digit}" for digit in "ab")

CATALOG = """
    SELECT 'table', relname::text, format('%s %s %s', relkind, relrowsecurity, relforcerowsecurity) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname <> 'migration_history'
    UNION ALL
    SELECT 'column', attrelid::regclass::text,
           format('%s %s %s %s', attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid))
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace = 'public'::regnamespace AND relname <> 'migration_history' AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT 'constraint', conname::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'index', indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'policy', policyname::text, format('%s %s %s %s', tablename, cmd, qual, with_check) FROM pg_policies
    UNION ALL
    SELECT 'function', proname::text, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'trigger', tgname::text, pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal
    ORDER BY 1, 2, 3
"""


@pytest.fixture(scope="module")
def shop() -> ReleaseDirectory:
    return load(SHOP, require_down=True)


@pytest.fixture
def owned(database: Database) -> Database:
    """As manifests/shop/environment sets it up: the owner of everything reads past row level security."""
    database.run(f"ALTER ROLE {database.owner} BYPASSRLS", f"ALTER SCHEMA public OWNER TO {database.owner}")
    return database


def up(session: Session, database: Database, shop: ReleaseDirectory, version: str) -> None:
    apply = applier(session, database.tables)
    for migration in shop.migrations:
        if str(migration.release) == version:
            apply.up(migration)


def down(session: Session, database: Database, shop: ReleaseDirectory, version: str) -> None:
    apply = applier(session, database.tables)
    for migration in reversed(shop.migrations):
        if str(migration.release) == version:
            apply.down(migration.kind, migration.name)


def catalog(database: Database) -> list[tuple[Any, ...]]:
    """The shop's own objects: what migrating needs for itself stays."""
    return [row for row in database.rows(CATALOG) if not any("_prisma_migrations" in str(column) for column in row)]


def sell(database: Database) -> None:
    """Two accounts with a user and two orders each."""
    for account in (ACME, BOLT):
        database.run(
            f"INSERT INTO accounts (id, name) VALUES ('{account}', 'somebody')",
            f"INSERT INTO users (id, account_id, email) VALUES ('{account}', '{account}', 'a@example.com')",
            "INSERT INTO orders (account_id, placed_by, total_cents)"
            f" VALUES ('{account}', '{account}', 1), ('{account}', '{account}', 2)",
        )


def test_going_down_ends_where_the_way_up_began_and_going_up_again_where_it_ended(
    owned: Database, shop: ReleaseDirectory
) -> None:
    with owned.session() as session:
        states = [catalog(owned)]
        for version in shop.versions:
            up(session, owned, shop, version)
            states.append(catalog(owned))
        for version, before in zip(reversed(shop.versions), reversed(states[:-1]), strict=True):
            down(session, owned, shop, version)
            assert catalog(owned) == before
        for version, after in zip(shop.versions, states[1:], strict=True):
            up(session, owned, shop, version)
            assert catalog(owned) == after


def test_no_row_of_the_release_below_is_changed_by_going_up_and_down(owned: Database, shop: ReleaseDirectory) -> None:
    everything = "SELECT t::text FROM {} t ORDER BY 1"
    with owned.session() as session:
        up(session, owned, shop, "1.0.0")
        sell(owned)
        before = [owned.rows(everything.format(table)) for table in ("accounts", "users", "orders")]
        up(session, owned, shop, "1.1.0")
        assert owned.value("SELECT count(*) FROM orders WHERE project_id IS NULL") == 0
        down(session, owned, shop, "1.1.0")
    assert [owned.rows(everything.format(table)) for table in ("accounts", "users", "orders")] == before


def test_a_customer_sees_its_own_rows_only_and_nobody_sees_any_without_saying_for_whom(
    owned: Database, shop: ReleaseDirectory
) -> None:
    customer = owned.role()
    with owned.session() as session:
        for version in shop.versions:
            up(session, owned, shop, version)
        sell(owned)
        owned.run(
            f"INSERT INTO projects (account_id, name) VALUES ('{ACME}', 'a'), ('{BOLT}', 'b')",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {customer}",
        )
    for table, own in (("accounts", 1), ("users", 1), ("orders", 2), ("projects", 1)):
        counting = f"SELECT count(*) FROM {table}"
        assert owned.value(counting, customer) == 0
        with owned.connect(customer) as connection:
            connection.execute("SELECT set_config('app.account_id', %s, false)", (ACME,))
            assert connection.execute(counting.encode()).fetchone() == (own,)


def test_every_assertion_of_both_releases_holds(owned: Database, shop: ReleaseDirectory) -> None:
    with owned.session() as session:
        for release in shop.releases:
            up(session, owned, shop, release.version.text)
            if release.version.text == "1.0.0":
                sell(owned)
            for assertion in release.assertions:
                for statement in filter(str.strip, assertion.script.text.split(";")):
                    assert owned.rows(statement, owned.owner) == [(True,)], statement
