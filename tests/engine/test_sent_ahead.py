"""Statements that are sent ahead of the answers behave as if each had waited for the one before it."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres import history
from dbmigrations.postgres.errors import StatementError
from dbmigrations.postgres.events import Event, MigrationFinished, ServerNotice, StatementStarted
from dbmigrations.postgres.exchange import RefusedError, Request
from tests.engine.databases import applier
from tests.engine.interrupting import Interruption, heard
from tests.engine.killed import start_runner
from tests.engine.releases import migration
from tests.engine.test_kills import wait_until

if TYPE_CHECKING:
    from tests.engine.databases import Database

GOOD = "CREATE TABLE {0} (id int CHECK (id < 9));\n"


@pytest.mark.every_major
@pytest.mark.parametrize(
    ("bad", "column", "what"),
    [
        ("SELECT 'äöü😀', wrong;", 16, "column .wrong. does not exist"),
        ("SELECT FROM WHERE;", 13, "syntax error"),
        ("INSERT INTO a VALUES (9);", 1, "violates check constraint"),
        ("DO $$ BEGIN RAISE 'äh'; END $$;", 1, "äh"),
        ("CREATE TABLE äöü😀 (id wrong);", 23, "type .wrong. does not exist"),
        ("CREATE TABLE (;", 14, "syntax error"),
    ],
    ids=["a name", "syntax", "without a position", "raised", "a type", "syntax of DDL"],
)
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_an_error_is_that_of_its_statement(database: Database, place: str, bad: str, column: int, what: str) -> None:
    database.run(GOOD.format("a"), user=database.owner)
    before = {"first": "-- ß\n", "middle": GOOD.format("b"), "last": GOOD.format("b") + GOOD.format("c")}[place]
    behind = "" if place == "last" else GOOD.format("d") + GOOD.format("e")
    line = before.count("\n") + 1
    with database.session() as session:
        apply = applier(session, database.tables)
        with pytest.raises(StatementError, match=rf"x\.sql:{line}:{column}: .*{what}") as caught:
            apply.up(migration("x", f"{before}{bad}\n{behind}"))
        assert f"{line} | {bad}" in caught.value.excerpt
        assert [row.outcome.value for row in history.rows(session, database.tables)] == ["Failed"]
        apply.up(migration("y", GOOD.format("b")))
    assert database.rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^.$' ORDER BY 1") == [
        ("a",),
        ("b",),
    ]


def test_each_statement_is_told_when_the_server_comes_to_it(database: Database) -> None:
    heard: list[tuple[float, Event]] = []
    script = "CREATE TABLE t (id int);\nSELECT pg_sleep(2);\nDO $$ BEGIN RAISE NOTICE 'now'; END $$;\nSELECT 1;\n"
    with database.session() as session:
        apply = applier(session, database.tables, listener=lambda event: heard.append((time.monotonic(), event)))
        apply.up(migration("a", script))
    told = [(at, each) for at, each in heard if isinstance(each, StatementStarted)]
    assert [(each.ordinal, each.of, each.line) for _, each in told] == [(1, 4, 1), (2, 4, 2), (3, 4, 3), (4, 4, 4)]
    assert told[2][0] - told[1][0] > 0.5  # together where they are told at the end
    order = [type(each) for _, each in heard]
    assert order.index(ServerNotice) == order.index(StatementStarted) + 3
    assert order[-1] is MigrationFinished


@pytest.mark.parametrize("long", [0, 1], ids=["first", "after DDL"])
def test_a_long_statement_is_told_while_it_runs(database: Database, long: int) -> None:
    database.run("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)", user=database.owner)
    heard: list[tuple[float, Event]] = []
    statements = ["CREATE TABLE u (id int);", "CREATE TABLE v (id int);"]
    statements.insert(long, "UPDATE t SET id = 2 WHERE pg_sleep(2) IS NOT NULL;")
    with database.session() as session:
        apply = applier(session, database.tables, listener=lambda event: heard.append((time.monotonic(), event)))
        apply.up(migration("a", "\n".join(statements)))
    told = [at for at, each in heard if isinstance(each, StatementStarted)]
    assert len(told) == 3
    assert told[long + 1] - told[long] > 0.5


def test_what_a_statement_sets_holds_for_those_behind_it_and_not_for_the_next_file(database: Database) -> None:
    other = database.role()
    database.run(f"GRANT {other} TO {database.owner}", f"CREATE SCHEMA s AUTHORIZATION {other}")
    script = (
        f"SET ROLE {other};\nCREATE TABLE s.a ();\nSET search_path = s;\nCREATE TABLE b ();\nRESET ROLE;\n"
        "SET LOCAL search_path = public;\nCREATE TABLE c ();\n"
    )
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("x", script))
        apply.up(migration("y", "CREATE TABLE d ();"))
    found = database.rows(
        "SELECT relnamespace::regnamespace::text, relname, pg_get_userbyid(relowner) FROM pg_class"
        " WHERE relname IN ('a', 'b', 'c', 'd') AND relkind = 'r' ORDER BY relname"
    )
    assert found == [
        ("s", "a", other),
        ("s", "b", other),
        ("public", "c", database.owner),
        ("public", "d", database.owner),
    ]


def test_strings_are_read_as_the_session_reads_them_at_each_statement(database: Database) -> None:
    # What the splitter refuses may still be set by a function; the statements behind it hold no backslash then.
    script = (
        "SELECT set_config('standard_conforming_strings', 'off', false);\n"
        "CREATE TABLE t AS SELECT current_setting('standard_conforming_strings') AS word;\n"
    )
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", script))
        apply.up(migration("b", r"INSERT INTO t VALUES ('a\b');"))
        assert history.broken_link(session, database.tables) is None
    assert database.rows("SELECT word FROM t ORDER BY word") == [("a\\b",), ("off",)]


def test_copy_amid_a_script_keeps_the_order(database: Database) -> None:
    script = (
        "CREATE TABLE t (n int);\nINSERT INTO t VALUES (1);\nCOPY t FROM stdin;\n2\n3\n\\.\n"
        "INSERT INTO t SELECT max(n) + 1 FROM t;\nINSERT INTO t SELECT max(n) + 1 FROM t;\n"
    )
    heard: list[Event] = []
    with database.session() as session:
        applier(session, database.tables, listener=heard.append).up(migration("a", script))
    assert database.rows("SELECT n FROM t ORDER BY n") == [(1,), (2,), (3,), (4,), (5,)]
    assert [each.ordinal for each in heard if isinstance(each, StatementStarted)] == [1, 2, 3, 4, 5]


def test_a_script_may_set_the_isolation_of_its_transaction(database: Database) -> None:
    script = (
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n"
        "CREATE TABLE t AS SELECT current_setting('transaction_isolation');"
    )
    with database.session() as session:
        applier(session, database.tables).up(migration("a", script))
    assert database.value("SELECT current_setting FROM t") == "serializable"


@pytest.mark.parametrize(
    "words", ["DEALLOCATE ALL;", "DISCARD PLANS; DEALLOCATE ALL;", "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$;"]
)
def test_a_script_that_takes_our_prepared_statements_away_still_gets_its_row(database: Database, words: str) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", "CREATE TABLE t (id int);"))
        apply.up(migration("b", f"INSERT INTO t VALUES (1); {words} INSERT INTO t VALUES (2);"))
        apply.up(migration("c", "INSERT INTO t VALUES (3);"))
        assert [row.name for row in history.applied(session, database.tables)] == ["a", "b", "c"]
    assert database.rows("SELECT id FROM t ORDER BY id") == [(1,), (2,), (3,)]


def test_the_time_that_a_script_took_is_recorded(database: Database) -> None:
    with database.session() as session:
        applier(session, database.tables).up(migration("a", "SELECT pg_sleep(0.3);"))
    assert database.value("SELECT duration BETWEEN interval '0.3 s' AND '5 s' FROM dbmigrations.migration_history")


def test_an_error_in_a_file_that_is_read_ahead_is_its_own(database: Database) -> None:
    broken = migration("b", "SELECT 'never ended;")
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", "CREATE TABLE t (id int);"), following=broken)
        with pytest.raises(StatementError, match=r"b\.sql:1:8: "):
            apply.up(broken)
        assert [row.name for row in history.applied(session, database.tables)] == ["a"]


def test_an_interruption_between_many_short_statements_ends_them_all(database: Database) -> None:
    with heard(signal.SIGALRM), database.session() as session:
        apply = applier(session, database.tables)
        script = "CREATE TABLE t (id int);\n" + "SELECT pg_sleep(0.01);\n" * 2000
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        began = time.monotonic()
        with pytest.raises(Interruption):
            apply.up(migration("a", script))
        assert time.monotonic() - began < 15
        assert session.one("SELECT to_regclass('t') IS NULL") == (True,)
        apply.up(migration("b", "CREATE TABLE t (id int);"))


@pytest.mark.every_major
def test_a_killed_runner_leaves_no_server_process_working_through_what_was_sent_ahead(database: Database) -> None:
    script = "CREATE TABLE t (id int);\n" + "SELECT pg_sleep(0.05);\n" * 400
    runner = start_runner(database, [("a", script)])
    working = (
        f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database.name}' AND query LIKE 'SELECT pg_sleep(0.0%'"
    )
    wait_until(lambda: database.value(working) > 0)
    runner.kill()
    runner.join()
    began = time.monotonic()
    wait_until(lambda: database.value(working) == 0)
    assert time.monotonic() - began < 12  # it looks each second; what was sent takes 20
    assert not database.value("SELECT to_regclass('t') IS NOT NULL")


def test_a_listener_that_fails_ends_what_runs_and_the_session_lives(database: Database) -> None:
    def listen(event: Event) -> None:
        if isinstance(event, StatementStarted) and event.ordinal == 2:
            raise BrokenPipeError

    with database.session() as session:
        apply = applier(session, database.tables, listener=listen)
        with pytest.raises(BrokenPipeError):
            apply.up(migration("a", "CREATE TABLE t (id int); SELECT pg_sleep(30);"))
        assert session.one("SELECT to_regclass('t') IS NULL") == (True,)


def test_large_requests_and_answers_at_once_do_not_stand_in_each_others_way(database: Database) -> None:
    with database.session() as session:
        big = b"SELECT '" + b"x" * 2_000_000 + b"'"
        results = session.exchange([Request(big) for _ in range(8)])
    assert [len(result.get_value(0, 0) or b"") for result in results] == [2_000_000] * 8


def test_nothing_behind_a_refused_request_is_done(database: Database) -> None:
    with database.session() as session:
        with session.transaction(), pytest.raises(RefusedError) as caught:
            session.exchange([Request(b"CREATE TABLE a ()"), Request(b"SELECT no"), Request(b"CREATE TABLE b ()")])
        assert caught.value.request == 1
        assert session.one("SELECT to_regclass('a') IS NULL AND to_regclass('b') IS NULL") == (True,)


def test_a_signal_that_does_not_end_the_wait_is_heard_all_the_same(database: Database) -> None:
    """As one that comes just before the wait begins: here another thread is given it."""

    def give() -> None:
        time.sleep(1)
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    giver = threading.Thread(target=give)
    with heard(signal.SIGUSR1), database.session() as session:
        apply = applier(session, database.tables)
        giver.start()
        began = time.monotonic()
        with pytest.raises(Interruption):
            apply.up(migration("x", "SELECT pg_sleep(90);\n"))
        assert time.monotonic() - began < 60
        giver.join()
