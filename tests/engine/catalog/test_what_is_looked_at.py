"""What a fingerprint depends on, and what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.postgres.catalog.difference import compare, moved_columns
from dbmigrations.postgres.catalog.ignoring import without
from dbmigrations.postgres.catalog.reading import take_snapshot
from dbmigrations.postgres.catalog.snapshot import Snapshot
from dbmigrations.postgres.tables import Tables, install
from tests.engine.catalog.everything import SETUP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.engine.databases import Database


def look(database: Database, schemas: Sequence[str] | None = None) -> Snapshot:
    with database.session() as session:
        return take_snapshot(session, database.tables, schemas)


def fill(database: Database) -> None:
    database.run(*(each.format(n=database.name.removeprefix("test_")) for each in SETUP))


def test_it_is_the_same_whoever_looks_and_however_the_session_is_set(database: Database) -> None:
    fill(database)
    seen = look(database)
    with database.session(schema="shop", where=database.where(user="postgres")) as session:
        session.execute("SET TimeZone = 'Asia/Kolkata'")
        session.execute("SET DateStyle = 'German'")
        session.execute("SET quote_all_identifiers = on")
        assert take_snapshot(session, database.tables).fingerprint == seen.fingerprint
        assert session.one("SHOW TimeZone") == ("Asia/Kolkata",), "the session is left as it was"


def test_it_is_the_same_in_a_database_that_was_made_again(database: Database) -> None:
    fill(database)
    seen = look(database)
    other = database.server.create_database()
    number = database.name.removeprefix("test_")
    with database.server.connect(other) as connection:
        connection.execute("CREATE TABLE burns_some_ids (id integer)")
        connection.execute("DROP TABLE burns_some_ids")
        for each in SETUP:
            if "CREATE ROLE" not in each:
                connection.execute(each.format(n=number).encode())
    with database.session(where=database.where(user="postgres", dbname=other)) as session:
        again = take_snapshot(session, database.tables)
    assert not compare(seen, again)
    assert again.fingerprint == seen.fingerprint
    database.server.drop_database(other)


def test_a_column_that_was_dropped_and_made_again_stands_elsewhere_and_counts_as_equal(database: Database) -> None:
    database.run("CREATE TABLE orders (id integer, note text, total integer)")
    before = look(database)
    database.run("ALTER TABLE orders DROP note", "ALTER TABLE orders ADD note text")
    after = look(database)
    assert after.fingerprint == before.fingerprint
    assert moved_columns(before, after) == ("public.orders",)


def test_our_tables_and_our_view_and_prismas_table_are_left_out(database: Database) -> None:
    before = look(database)
    with database.session() as session:
        install(session, database.tables, application_schema="public", runner_version="test")
    database.run(
        "CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY)", "COMMENT ON TABLE _prisma_migrations IS 'x'"
    )
    assert not compare(before, look(database))


def test_a_view_of_the_same_name_that_is_not_ours_counts(database: Database) -> None:
    before = look(database)
    database.run("CREATE VIEW migration_history AS SELECT 1 AS one")
    (difference,) = compare(before, look(database))
    assert difference.subject.key == ("view", "public.migration_history")


def test_members_of_extensions_are_left_out_and_the_extension_is_told(database: Database) -> None:
    before = look(database)
    database.run("CREATE SCHEMA tools", "CREATE EXTENSION pgcrypto SCHEMA tools")
    names = {difference.subject.key for difference in compare(before, look(database))}
    assert names == {("schema", "tools"), ("extension", "pgcrypto")}


def test_where_a_sequence_stands_and_what_rows_there_are_is_no_matter(database: Database) -> None:
    database.run("CREATE TABLE orders (id serial, note text)")
    before = look(database)
    database.run("INSERT INTO orders (note) SELECT 'x' FROM generate_series(1, 100)", "ANALYZE orders")
    assert look(database).fingerprint == before.fingerprint


def test_only_the_schemas_asked_for_are_looked_at(database: Database) -> None:
    database.run("CREATE SCHEMA a", "CREATE TABLE a.t (id integer)", "CREATE SCHEMA b", "CREATE TABLE b.t (id integer)")
    seen = look(database, ["a"])
    assert {each.name for each in seen.objects.values()} == {"a", "a.t", "a.t.id"}
    assert not look(database, ["nowhere"]).objects


def test_hostile_names_are_told_apart(database: Database) -> None:
    database.run(
        'CREATE SCHEMA "a.b"',
        'CREATE TABLE "a.b".c (id integer)',
        "CREATE SCHEMA a",
        'CREATE TABLE a."b.c" (id integer)',
        'CREATE TABLE a."it\'s %s {x}" ("%(id)s" integer CHECK ("%(id)s" > 0), """" text DEFAULT \'%\')',
    )
    names = {each.name for each in look(database).objects.values()}
    assert {'"a.b".c', 'a."b.c"', 'a."it\'s %s {x}"."%(id)s"', 'a."it\'s %s {x}".""""'} <= names


def test_what_is_ignored_goes_with_all_that_belongs_to_it(database: Database) -> None:
    fill(database)
    before = look(database)
    number = database.name.removeprefix("test_")
    database.run(
        "CREATE TABLE shop.events_p9 PARTITION OF shop.events FOR VALUES FROM ('2027-01-01') TO ('2027-02-01')",
        "CREATE INDEX ON shop.events_p9 (what)",
        f"GRANT SELECT ON shop.orders TO rotating_{number}",
        f"GRANT SELECT (note) ON shop.orders TO rotating_{number}",
    )
    after = look(database)
    assert len(compare(before, after)) == 3
    ignored = ["table shop.events_p*", "grants to rotating_*"]
    assert not compare(without(before, ignored), without(after, ignored))
    assert ("table", "shop.events_p1") not in without(after, ignored).objects
    assert ("table", "shop.events") in without(after, ignored).objects


def test_a_stored_snapshot_is_read_back_whole(database: Database) -> None:
    fill(database)
    seen = look(database)
    again = Snapshot.decode(seen.encode())
    assert again.fingerprint == seen.fingerprint
    assert not compare(seen, again)
    assert b"hidden" not in b"".join(repr(each).encode() for each in seen.objects.values()), "a password was read"
    assert Tables().schema not in {each.name for each in seen.objects.values()}
