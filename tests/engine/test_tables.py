"""Our own tables: made once, written by their owner alone, only ever added to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from dbmigrations.postgres import history, owner
from dbmigrations.postgres.errors import FormatTooNewError, PrivilegesMissingError, PrivilegesUnsafeError
from dbmigrations.postgres.facts import read_history
from dbmigrations.postgres.tables import Tables, install, installed
from dbmigrations.release.history import DatabaseHistory
from dbmigrations.release.migration import Kind
from tests.engine.databases import applier, begin_run
from tests.engine.releases import migration

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session
    from tests.engine.databases import Database


def put_in_place(session: Session, tables: Tables) -> None:
    install(session, tables, application_schema="public", runner_version="test")


def test_a_database_without_our_tables_has_an_empty_history(database: Database) -> None:
    with database.session() as session:
        assert not installed(session, database.tables)
        assert read_history(session, database.tables) == DatabaseHistory()
        assert owner.read_owner(session, database.tables) is None


def test_making_the_tables_twice_changes_nothing(database: Database) -> None:
    with database.session() as session:
        put_in_place(session, database.tables)
        before = session.execute("SELECT oid, relname FROM pg_class ORDER BY oid").fetchall()
        put_in_place(session, database.tables)
        assert session.execute("SELECT oid, relname FROM pg_class ORDER BY oid").fetchall() == before


def test_the_history_schema_may_have_any_name(database: Database) -> None:
    tables = Tables('My "history" %s')
    with database.session() as session:
        applier(session, tables).up(migration("a", "CREATE TABLE t (id int);", "DROP TABLE t;"))

        assert len(history.applied(session, tables)) == 1


@pytest.mark.parametrize("change", ["UPDATE {} SET name = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["migration_history", "migration_owner", "migration_version"])
def test_rows_are_only_ever_inserted(database: Database, table: str, change: str) -> None:
    with database.session() as session:
        begin_run(session, database.tables)
    change = change.replace("name = 'x'", "id = 1 + id") if table != "migration_history" else change
    with pytest.raises(psycopg.Error, match=r"only ever inserted|can only be updated to DEFAULT"):
        database.run(change.format(f"dbmigrations.{table}"), user=database.owner)


def test_the_view_shows_the_history_as_that_team_is_used_to(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", "SELECT 1;", "-- nothing\n"))
        apply.down(Kind.SQL, "a")
    found = database.rows(
        "SELECT name, version, outcome FROM migration_history ORDER BY applied_at DESC", database.owner
    )
    assert found == [("a", "1.0.0", "Undone"), ("a", "1.0.0", "Applied")]


def test_a_table_of_the_same_name_is_left_alone(database: Database) -> None:
    database.run("CREATE TABLE migration_history (mine text)", user=database.owner)
    with database.session() as session:
        put_in_place(session, database.tables)
    assert database.value("SELECT relkind::text FROM pg_class WHERE oid = 'public.migration_history'::regclass") == "r"


def test_a_schema_that_is_closed_to_us_gets_no_view_and_stops_nothing(database: Database) -> None:
    database.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC", "ALTER SCHEMA public OWNER TO postgres")
    with database.session() as session:
        put_in_place(session, database.tables)
        assert installed(session, database.tables)
    assert database.value("SELECT to_regclass('public.migration_history') IS NULL")


def test_a_newer_format_is_refused_and_names_the_runner_that_wrote_it(database: Database) -> None:
    with database.session() as session:
        put_in_place(session, database.tables)
        session.execute("UPDATE dbmigrations.format SET version = 99, runner_version = '9.9.0'")
        with pytest.raises(FormatTooNewError, match=r"format 99, written by runner 9\.9\.0"):
            read_history(session, database.tables)


def test_default_privileges_that_would_open_our_tables_are_taken_back(database: Database) -> None:
    other = database.role()
    database.run(f"ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, {other}", user=database.owner)
    database.run(f"ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO {other}", user=database.owner)
    with database.session() as session:
        put_in_place(session, database.tables)
    writable = database.rows(
        f"SELECT relname FROM pg_class WHERE relnamespace = 'dbmigrations'::regnamespace AND relkind = 'r'"
        f" AND has_table_privilege('{other}', oid, 'INSERT, UPDATE, DELETE, TRUNCATE, SELECT')"
    )
    assert writable == []


@pytest.mark.parametrize(
    ("grant", "named"),
    [
        ("GRANT INSERT ON dbmigrations.migration_history TO {}", "INSERT on TABLE dbmigrations.migration_history"),
        ("GRANT UPDATE (down_script) ON dbmigrations.migration_journal TO {}", r"UPDATE \(down_script\)"),
        ("GRANT CREATE ON SCHEMA dbmigrations TO {}", "CREATE on SCHEMA dbmigrations"),
        ("GRANT ALL ON dbmigrations.release_assertion TO PUBLIC", "PUBLIC has"),
        ("ALTER TABLE dbmigrations.migration_run OWNER TO {}", "relation migration_run of the history is owned by"),
    ],
)
def test_privileges_of_others_on_our_tables_are_refused(database: Database, grant: str, named: str) -> None:
    other = database.role()
    with database.session() as session:
        put_in_place(session, database.tables)
        database.run(grant.format(other))
        with pytest.raises(PrivilegesUnsafeError, match=named):
            put_in_place(session, database.tables)


def test_a_superuser_does_not_run_what_another_role_could_have_planted(database: Database) -> None:
    with database.session() as session:
        put_in_place(session, database.tables)
    with (
        database.session(where=database.where(user="postgres")) as session,
        pytest.raises(PrivilegesUnsafeError, match=rf"spec\.database\.role: {database.owner}"),
    ):
        put_in_place(session, database.tables)


def test_a_role_that_may_not_make_schemas_is_told_what_to_grant(database: Database) -> None:
    other = database.role()
    with (
        database.session(where=database.where(user=other)) as session,
        pytest.raises(PrivilegesMissingError, match=f'AUTHORIZATION "{other}"'),
    ):
        put_in_place(session, database.tables)


def test_a_schema_made_for_us_beforehand_is_used(database: Database) -> None:
    other = database.role()
    database.run(f"CREATE SCHEMA dbmigrations AUTHORIZATION {other}")
    with database.session(where=database.where(user=other)) as session:
        put_in_place(session, database.tables)
        assert installed(session, database.tables)


def test_the_login_works_through_the_role_that_it_sets(database: Database) -> None:
    login = database.role()
    database.run(f"GRANT {database.owner} TO {login}")
    with database.session(where=database.where(user=login), role=database.owner) as session:
        applier(session, database.tables).up(migration("a", "CREATE TABLE t (id int);"))
    owners = database.rows(
        "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname IN ('t', 'migration_run')"
    )
    assert owners == [(database.owner,)]
    assert database.value("SELECT database_user FROM dbmigrations.migration_history") == login


def test_the_chain_shows_a_row_that_was_slipped_in(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        for name in ("a", "b", "c"):
            apply.up(migration(name, "SELECT 1;"))
        assert history.broken_link(session, database.tables) is None
        columns = session.one(
            "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attnum > 1 AND NOT attisdropped"
            " AND attrelid = 'dbmigrations.migration_history'::regclass"
        )[0]
        session.send(
            f"INSERT INTO dbmigrations.migration_history ({columns})"
            f" SELECT {columns} FROM dbmigrations.migration_history WHERE name = 'a'"
        )
        assert history.broken_link(session, database.tables) == 4


def test_ownership_is_a_trail_of_rows(database: Database) -> None:
    with database.session() as session:
        put_in_place(session, database.tables)
        assert owner.take(session, database.tables, "c/a/x", "uid-1", taken_by="preflight", reason="unowned")
        assert not owner.take(session, database.tables, "c/a/x", "uid-1", taken_by="preflight", reason="unowned")
        assert owner.take(session, database.tables, "c/b/y", "uid-2", taken_by="ann", reason="moved")

        found = owner.read_owner(session, database.tables)
        assert found is not None
        assert (found.owner, found.uid, found.reason) == ("c/b/y", "uid-2", "moved")
    assert database.value("SELECT count(*) FROM dbmigrations.migration_owner") == 2
