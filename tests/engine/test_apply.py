"""Applying and undoing in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres import facts, history, runs
from dbmigrations.postgres.assertions import stored_assertions
from dbmigrations.postgres.errors import LockReleasedError, PlanChangedError, StatementError
from dbmigrations.postgres.events import Event, ServerNotice
from dbmigrations.postgres.records import RowOutcome
from dbmigrations.release.migration import Kind
from tests.engine.databases import applier
from tests.engine.releases import assertion, migration

if TYPE_CHECKING:
    from tests.engine.databases import Database


def test_a_migration_takes_effect_with_its_history_row(database: Database) -> None:
    with database.session() as session:
        row = applier(session, database.tables).up(migration("a", "CREATE TABLE t (id int);", "DROP TABLE t;"))

        (applied,) = history.applied(session, database.tables)
        assert (applied.name, applied.history_id, applied.times_applied) == ("a", row, 1)
    assert database.value("SELECT to_regclass('t') IS NOT NULL")


def test_the_history_keeps_what_a_script_excepts_and_why(database: Database) -> None:
    script = "CREATE TABLE t (id int);\n-- migrate: allow=destructive reason=it's new\nDROP TABLE t;"
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", script, "SELECT 1;"))
        apply.up(migration("b", "SELECT 1;", "SELECT 1;"))
    kept = database.rows("SELECT name, exceptions FROM dbmigrations.migration_history ORDER BY id")
    assert kept == [("a", "3:1 allow=destructive: it's new"), ("b", None)]


def test_undoing_runs_the_stored_down_script_and_leaves_nothing_applied(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", "CREATE TABLE t (id int);", "DROP TABLE t;"))
        apply.down(Kind.SQL, "a")

        assert history.applied(session, database.tables) == ()
        (undone,) = history.undone(session, database.tables)
        assert (undone.name, undone.times_applied) == ("a", 1)
    assert not database.value("SELECT to_regclass('t') IS NOT NULL")


def test_what_was_undone_can_be_applied_again_and_is_counted(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        for _ in range(2):
            apply.up(migration("a", "CREATE TABLE t (id int);", "DROP TABLE t;"))
            apply.down(Kind.SQL, "a")
        apply.up(migration("a", "CREATE TABLE t (id int);", "DROP TABLE t;"))

        (applied,) = history.applied(session, database.tables)
        assert applied.times_applied == 3


def test_a_down_of_comments_only_does_nothing_validly(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", "CREATE TABLE t (id int);", "-- nothing to undo\n"))
        apply.down(Kind.SQL, "a")

        assert history.applied(session, database.tables) == ()
    assert database.value("SELECT to_regclass('t') IS NOT NULL")


def test_a_refused_statement_undoes_the_whole_migration_and_leaves_a_failed_row(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        broken = migration("a", "CREATE TABLE t (id int);\n\nINSERT INTO t\n  SELECT nothing FROM t;\n")
        with pytest.raises(StatementError, match=r"a\.sql:4:10: column .nothing. does not exist \(SQLSTATE 42703\)"):
            apply.up(broken)

        (row,) = history.rows(session, database.tables)
        assert (row.outcome, row.sqlstate) == (RowOutcome.FAILED, "42703")
        assert row.error is not None
        assert "a.sql:4:10" in row.error
        assert history.applied(session, database.tables) == ()
    assert not database.value("SELECT to_regclass('t') IS NOT NULL")


def test_an_error_shows_the_statement_with_a_caret(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        with pytest.raises(StatementError) as caught:
            apply.up(migration("a", "SELECT 1;\nSELECT\n  wrong;\n"))

    assert caught.value.excerpt.splitlines()[2:4] == ["3 |   wrong;", "  |   ^"]


def test_an_error_names_the_constraint_and_no_row_data(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        script = "CREATE TABLE t (email text UNIQUE);\nINSERT INTO t VALUES ('ann@example.org'), ('ann@example.org');"
        with pytest.raises(StatementError) as caught:
            apply.up(migration("a", script))

        text = str(caught.value)
        assert "constraint t_email_key" in text
        assert "a.sql:2:1" in text
        assert "ann@example.org" not in text
        (row,) = history.rows(session, database.tables)
        assert "ann@example.org" not in (row.error or "")


@pytest.mark.every_major
@pytest.mark.parametrize(
    ("script", "named"),
    [
        ("CREATE TABLE t (a int);\nCREATE VIEW v AS TABLE t;\nDROP TABLE t;", "view v depends on table t"),
        (
            "CREATE TABLE t (a int);\nCREATE VIEW v AS TABLE t;\nALTER TABLE t ALTER a TYPE text;",
            "view v depends on column",
        ),
        (
            "CREATE TABLE p (a int PRIMARY KEY);\nCREATE TABLE c (b text, FOREIGN KEY (b) REFERENCES p);",
            "types: text and integer",
        ),
    ],
)
def test_an_error_names_what_stands_in_the_way(database: Database, script: str, named: str) -> None:
    with database.session() as session, pytest.raises(StatementError) as caught:
        applier(session, database.tables).up(migration("a", script))
    assert named in str(caught.value)


def test_of_many_that_stand_in_the_way_the_first_are_named(database: Database) -> None:
    views = "".join(f"CREATE VIEW v{number} AS TABLE t;\n" for number in range(9))
    with database.session() as session, pytest.raises(StatementError) as caught:
        applier(session, database.tables).up(migration("a", f"CREATE TABLE t (a int);\n{views}DROP TABLE t;"))
    text = str(caught.value)
    assert text.count("depends on table t") == 5
    assert "; and 4 more" in text


def test_a_detail_that_a_script_raises_is_not_repeated(database: Database) -> None:
    script = "DO $$BEGIN RAISE 'no' USING ERRCODE = '2BP01', DETAIL = 'ann@example.org'; END$$;"
    with database.session() as session, pytest.raises(StatementError) as caught:
        applier(session, database.tables).up(migration("a", script))
    assert "ann@example.org" not in str(caught.value)


def test_a_deferred_constraint_fails_within_the_transaction_and_is_located(database: Database) -> None:
    script = """\
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED);
INSERT INTO c VALUES (1);
"""
    with database.session() as session:
        apply = applier(session, database.tables)
        with pytest.raises(StatementError, match=r"a\.sql:3:1: .*c_p_fkey"):
            apply.up(migration("a", script))
    assert not database.value("SELECT to_regclass('p') IS NOT NULL")


def test_copy_data_in_a_script_is_loaded(database: Database) -> None:
    script = """\
CREATE TABLE t (id int, word text);
COPY t FROM stdin;
1\tone; two
2\t\\N
\\.
INSERT INTO t VALUES (3, '%s');
"""
    with database.session() as session:
        applier(session, database.tables).up(migration("a", script))
    assert database.rows("SELECT * FROM t ORDER BY id") == [(1, "one; two"), (2, None), (3, "%s")]


def test_copy_data_that_does_not_fit_is_an_error_and_the_session_lives(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        with pytest.raises(StatementError, match=r"a\.sql:2:1: invalid input syntax for type integer"):
            apply.up(migration("a", "CREATE TABLE t (id int);\nCOPY t FROM stdin;\nx\n\\.\n"))
        apply.up(migration("b", "CREATE TABLE u (id int);"))
    assert database.value("SELECT to_regclass('u') IS NOT NULL")


def test_what_a_script_sets_does_not_reach_the_next_one(database: Database) -> None:
    leaky = """\
SET search_path = '';
SET statement_timeout = '7s';
SET row_security = off;
CREATE TEMP TABLE t (id int);
PREPARE p AS SELECT 1;
SELECT set_config('dbmigrations.leak', 'yes', false);
"""
    with database.session() as session:
        apply = applier(session, database.tables)
        before = session.one("SELECT current_setting('search_path'), current_setting('statement_timeout')")
        apply.up(migration("a", leaky))
        apply.up(migration("b", "CREATE TABLE t (id int);"))

        after = session.one("SELECT current_setting('search_path'), current_setting('statement_timeout')")
        assert after == before
        theirs = "SELECT count(*) FROM pg_prepared_statements WHERE name NOT LIKE 'dbmigrations %'"
        assert session.one(theirs) == (0,)
        assert session.one("SELECT coalesce(current_setting('dbmigrations.leak', true), '')") == ("",)
    assert database.value("SELECT relpersistence = 'p' FROM pg_class WHERE relname = 't'")


def test_a_script_that_changes_its_role_still_gets_its_row(database: Database) -> None:
    other = database.role()
    database.run(f"GRANT {other} TO {database.owner}", f"GRANT CREATE ON SCHEMA public TO {other}")
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", f"SET ROLE {other}; CREATE TABLE t (id int);"))
        apply.up(migration("b", "CREATE TABLE u (id int);"))

        assert [row.name for row in history.applied(session, database.tables)] == ["a", "b"]
    owners = dict(database.rows("SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relname IN ('t', 'u')"))
    assert owners == {"t": other, "u": database.owner}


def test_a_superseded_run_can_write_nothing_more(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        runs.finish(session, database.tables, apply.provenance.run, runs.RunOutcome.SUPERSEDED)
        with pytest.raises(PlanChangedError, match="another run took its place"):
            apply.up(migration("a", "CREATE TABLE t (id int);"))
    assert not database.value("SELECT to_regclass('t') IS NOT NULL")


def test_a_script_that_lets_the_lock_go_is_undone(database: Database) -> None:
    hidden = "DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$;"
    with database.session() as session:
        apply = applier(session, database.tables)
        with pytest.raises(LockReleasedError, match="let the migration lock go"):
            apply.up(migration("a", f"CREATE TABLE t (id int); {hidden}"))
    assert not database.value("SELECT to_regclass('t') IS NOT NULL")


def test_an_applied_migration_is_not_applied_again(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", "CREATE TABLE IF NOT EXISTS t (id int);"))
        with pytest.raises(PlanChangedError, match="applied already"):
            apply.up(migration("a", "CREATE TABLE IF NOT EXISTS t (id int);"))


def test_what_has_no_stored_down_cannot_be_undone(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", "CREATE TABLE t (id int);"))
        with pytest.raises(PlanChangedError, match="no stored down script"):
            apply.down(Kind.SQL, "a")


def test_the_assertions_of_the_release_are_stored_with_its_first_migration(database: Database) -> None:
    assertions = (assertion("one", "SELECT true;"), assertion("two", "SELECT 1 = 1;"))
    with database.session() as session:
        applier(session, database.tables).up(migration("a", "CREATE TABLE t (id int);"), assertions=assertions)

        assert stored_assertions(session, database.tables, "1.0.0") == assertions


def test_the_history_read_as_facts_follows_what_was_done(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        first = apply.up(migration("a", "CREATE TABLE t (id int);", "DROP TABLE t;"))
        apply.up(migration("b", "CREATE TABLE u (id int);", "DROP TABLE u;"))
        last = apply.down(Kind.SQL, "b")

        found = facts.read_history(session, database.tables)
        assert [row.history_id for row in found.applied] == [first]
        assert [row.name for row in found.undone] == ["b"]
        assert found.newest_change == last
        assert found.partial == ()


def test_a_utf8_script_is_located_in_characters_not_bytes(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        with pytest.raises(StatementError, match=r"a\.sql:1:19:"):
            apply.up(migration("a", "SELECT 'äöü€😀' || wrong;"))


def test_what_the_server_says_beside_is_told_without_passwords(database: Database) -> None:
    heard: list[Event] = []
    script = "DO $$ BEGIN RAISE WARNING 'set PASSWORD ''hunter2'' now'; END $$;"
    with database.session() as session:
        applier(session, database.tables, listener=heard.append).up(migration("a", script))
    (said,) = [event for event in heard if isinstance(event, ServerNotice)]
    assert (said.severity, said.text) == ("WARNING", "set PASSWORD '********' now")


def test_another_server_out_of_reach_is_the_scripts_error_not_a_lost_session(database: Database) -> None:
    script = "DO $$ BEGIN RAISE EXCEPTION 'no route to warehouse' USING ERRCODE = '08001'; END $$;"
    with database.session() as session:
        with pytest.raises(StatementError, match=r"a\.sql:1:1: no route to warehouse \(SQLSTATE 08001\)"):
            applier(session, database.tables).up(migration("a", script))
        assert session.one("SELECT 1") == (1,)


def test_a_script_that_sets_its_encoding_is_sent_in_it(database: Database) -> None:
    script = "SET client_encoding = 'LATIN1';\nCREATE TABLE t AS SELECT 'äöü' AS word;\nCOPY t FROM stdin;\nß\n\\.\n"
    with database.session() as session:
        applier(session, database.tables).up(migration("a", script))
        with pytest.raises(StatementError, match=r"b\.sql:2:9: character '€' does not exist"):
            applier(session, database.tables).up(migration("b", "SET client_encoding = 'LATIN1';\nSELECT '€';"))
    assert database.rows("SELECT word FROM t ORDER BY word") == [("ß",), ("äöü",)]


def test_copy_to_the_client_is_refused_and_the_session_lives(database: Database) -> None:
    with database.session() as session:
        with pytest.raises(StatementError, match=r"a\.sql:2:1"):
            applier(session, database.tables).up(
                migration("a", "CREATE TABLE t (id int);\nCOPY t TO stdout;\nSELECT 1;")
            )
        assert session.one("SELECT 1") == (1,)
    assert not database.value("SELECT to_regclass('t') IS NOT NULL")


def test_a_backfill_that_a_policy_would_blind_is_an_error_not_a_success_on_no_row(database: Database) -> None:
    database.run(
        "CREATE TABLE t (id int)",
        "INSERT INTO t VALUES (1)",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE t FORCE ROW LEVEL SECURITY",
        "CREATE POLICY nobody ON t USING (false)",
        user=database.owner,
    )
    backfill = migration("a", "UPDATE t SET id = 2;", kind=Kind.DATA)
    with database.session(row_security=False) as session:
        with pytest.raises(StatementError, match="row-level security"):
            applier(session, database.tables).up(backfill)
        assert history.applied(session, database.tables) == ()
    assert database.rows("SELECT id FROM t") == [(1,)]
