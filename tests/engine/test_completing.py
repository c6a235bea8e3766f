"""What ends a migration is one message: rows, the session put back, COMMIT. All of it takes effect, or nothing."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres import history
from dbmigrations.postgres.errors import StatementError
from dbmigrations.postgres.events import Event, MigrationFinished, StatementStarted
from dbmigrations.postgres.exchange import RefusedError
from dbmigrations.release.migration import Kind
from tests.engine.databases import applier
from tests.engine.interrupting import Interruption, heard
from tests.engine.releases import migration

if TYPE_CHECKING:
    from tests.engine.databases import Database

DOWN = "-- 'one' \"two\" \\three\\ %s %(four)s $5 $$six$$ ; /* sjö 😀 */\r\n\tDROP TABLE t;\n-- E'\\''"
SCRIPTS = [
    "CREATE TABLE t (id int);",
    "SELECT set_config('standard_conforming_strings', 'off', false);\nCREATE TABLE t (id int);",
    "SET client_encoding = 'LATIN1';\nCREATE TABLE t (id int);",
    "SET client_encoding = 'SJIS';\nCREATE TABLE t (id int);",
    "SET backslash_quote = off;\nSET escape_string_warning = on;\nCREATE TABLE t (id int);",
]


@pytest.mark.every_major
@pytest.mark.parametrize("script", SCRIPTS, ids=["plain", "strings", "latin", "japanese", "backslashes"])
def test_every_character_of_a_stored_down_is_kept_whatever_the_script_set(database: Database, script: str) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("x", script, DOWN))
        assert history.broken_link(session, database.tables) is None
        assert database.value("SELECT down_script FROM dbmigrations.migration_history") == DOWN
        apply.down(Kind.SQL, "x")
    assert database.value("SELECT to_regclass('t') IS NULL")


@pytest.mark.parametrize("length", [1 << 10, 1 << 16, 1 << 20])
def test_a_down_of_any_length_is_kept(database: Database, length: int) -> None:
    down = f"-- {'é' * length}\nDROP TABLE t;"
    with database.session() as session:
        applier(session, database.tables).up(migration("x", "CREATE TABLE t (id int);", down))
    assert database.value("SELECT down_script FROM dbmigrations.migration_history") == down


SLOW = """\
CREATE TABLE t (id int);
CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
CREATE TRIGGER slow BEFORE UPDATE ON t EXECUTE FUNCTION wait();
"""


@pytest.mark.parametrize("large", [True, False], ids=["large", "small"])
def test_where_a_table_is_large_each_statement_that_may_last_is_told_in_its_turn(
    database: Database, *, large: bool
) -> None:
    if large:
        database.run("CREATE TABLE big AS SELECT i, repeat('x', 1000) FROM generate_series(1, 9000) i", "ANALYZE big")
    database.run(*SLOW.splitlines(), user=database.owner)
    told: list[tuple[float, Event]] = []
    with database.session() as session:
        apply = applier(session, database.tables, listener=lambda event: told.append((time.monotonic(), event)))
        apply.up(migration("x", "UPDATE t SET id = 1;\nUPDATE t SET id = 2;\n"))
    began, second = (at for at, each in told if isinstance(each, StatementStarted))
    (ended,) = (at for at, each in told if isinstance(each, MigrationFinished))
    assert ended - began > 1.5
    assert (ended - second > 0.5) is large


def test_comments_at_the_ends_of_statements_hide_nothing(database: Database) -> None:
    script = "CREATE TABLE a (id int) -- one\n;\nCREATE TABLE b (id int) /* two */;\nCREATE TABLE c (id int) -- three"
    with database.session() as session:
        applier(session, database.tables).up(migration("x", script))
    assert database.value("SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b', 'c')") == 3


def test_each_setting_of_lock_timeout_goes_along(database: Database) -> None:
    database.run("CREATE TABLE t (id int)", "CREATE TABLE seen (setting text)", user=database.owner)
    database.run(
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO seen VALUES (current_setting('lock_timeout')); RETURN NULL; END $$",
        "CREATE TRIGGER note AFTER UPDATE ON t EXECUTE FUNCTION note()",
        user=database.owner,
    )
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("x", "UPDATE t SET id = 1;\nALTER TABLE t ADD COLUMN n int;\nUPDATE t SET n = 1;\n"))
        assert session.one("SELECT current_setting('lock_timeout')") == ("1s",)
    assert database.rows("SELECT setting FROM seen") == [("0",), ("0",)]


@pytest.mark.every_major
def test_a_deferred_constraint_that_does_not_hold_is_told_at_the_last_statement(database: Database) -> None:
    script = (
        "CREATE TABLE t (id int PRIMARY KEY, next int REFERENCES t DEFERRABLE INITIALLY DEFERRED);\n"
        "INSERT INTO t VALUES (1, 2);\nSELECT 1;\n"
    )
    with database.session() as session:
        apply = applier(session, database.tables)
        with pytest.raises(StatementError, match=r"x\.sql:3:1: .*violates foreign key"):
            apply.up(migration("x", script))
        apply.up(migration("x", script.replace("(1, 2)", "(1, 1)")))
    assert database.rows("SELECT id, next FROM t") == [(1, 1)]


def test_an_interruption_while_it_is_ended_undoes_it_and_the_session_lives(database: Database) -> None:
    script = (
        "CREATE TABLE t (id int);\n"
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN PERFORM pg_sleep(90); RETURN NULL; END $$;\n"
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION wait();\n"
        "INSERT INTO t VALUES (1);\n"
    )
    with heard(signal.SIGALRM), database.session() as session:
        apply = applier(session, database.tables)
        signal.setitimer(signal.ITIMER_REAL, 1)
        began = time.monotonic()
        with pytest.raises(Interruption):
            apply.up(migration("x", script))
        assert time.monotonic() - began < 60
        assert session.one("SELECT to_regclass('t') IS NULL") == (True,)
        apply.up(migration("y", "CREATE TABLE t (id int);"))


def test_nothing_behind_a_refused_statement_of_a_message_is_done(database: Database) -> None:
    with database.session() as session:
        session.execute("BEGIN")
        with pytest.raises(RefusedError) as caught:
            session.simple_query([b"CREATE TABLE a ()", b"SELECT no", b"COMMIT"])
        assert caught.value.request == 1
        session.roll_back()
        assert session.one("SELECT to_regclass('a') IS NULL") == (True,)


def test_a_large_message_and_its_large_answers_do_not_stand_in_each_others_way(database: Database) -> None:
    with database.session() as session:
        results = session.simple_query([b"SELECT '" + b"x" * 2_000_000 + b"'"] * 8)
    assert [len(result.get_value(0, 0) or b"") for result in results] == [2_000_000] * 8
