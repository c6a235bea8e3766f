"""Lock timeouts, deadlocks, serialization failures: the whole transaction again, within bounds, blockers named."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from dbmigrations.postgres import history
from dbmigrations.postgres.errors import ContentionError, StatementError
from dbmigrations.postgres.events import Event, Retrying
from tests.engine.databases import applier
from tests.engine.releases import migration

if TYPE_CHECKING:
    import psycopg

    from tests.engine.databases import Database


def test_a_migration_behind_a_long_reader_succeeds_once_it_is_gone(database: Database) -> None:
    database.run("CREATE TABLE t (id int)", user=database.owner)
    heard: list[Event] = []
    with database.connect() as reader, database.session(lock_timeout=0.1) as session:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t")

        def listen(event: Event) -> None:
            heard.append(event)
            if isinstance(event, Retrying) and event.attempt == 2:
                reader.execute("COMMIT")

        applier(session, database.tables, listener=listen).up(
            migration("a", "CREATE TABLE u (id int); ALTER TABLE t ADD COLUMN note text;")
        )

        assert len(history.applied(session, database.tables)) == 1
        blocker = f"process {reader.info.backend_pid}, "
    retries = [event for event in heard if isinstance(event, Retrying)]
    assert len(retries) >= 2
    assert "55P03" in retries[0].why
    assert any(blocker in text and text.endswith("on t (AccessShareLock)") for text in retries[0].blockers)


def test_who_is_in_the_way_is_told_at_each_try_with_what_it_does_but_not_its_data(database: Database) -> None:
    database.run("CREATE TABLE t (card text)", user=database.owner)
    database.run(f"GRANT pg_read_all_stats TO {database.owner}")
    heard: list[Event] = []
    with database.connect() as reader, database.session(lock_timeout=0.05) as session:
        reader.execute("SET application_name = 'a report'")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t WHERE card = '4111 1111'")
        with pytest.raises(ContentionError):
            applier(session, database.tables, wait=1.0, listener=heard.append).up(migration("a", "DROP TABLE t;"))
        pid = reader.info.backend_pid

    retries = [event for event in heard if isinstance(event, Retrying)]
    assert [event.attempt for event in retries] == list(range(1, len(retries) + 1))
    for event in retries:
        (blocker,) = event.blockers
        assert f"'a report' (process {pid}, user postgres, in a transaction since 2" in blocker
        assert "idle in transaction): SELECT * FROM t WHERE card = ? on t (AccessShareLock)" in blocker


def test_pauses_grow_and_differ(database: Database) -> None:
    database.run("CREATE TABLE t (id int)", user=database.owner)
    heard: list[Event] = []
    with database.connect() as reader, database.session(lock_timeout=0.01) as session:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t")
        with pytest.raises(ContentionError):
            applier(session, database.tables, wait=2.0, listener=heard.append).up(migration("a", "DROP TABLE t;"))

    delays = [event.delay for event in heard if isinstance(event, Retrying)]
    assert len(set(delays)) == len(delays)
    assert all(delay <= 0.1 * 2**n for n, delay in enumerate(delays))


def test_a_statement_timeout_is_not_tried_again(database: Database) -> None:
    heard: list[Event] = []
    with database.session(statement_timeout=0.2) as session:
        apply = applier(session, database.tables, listener=heard.append)
        with pytest.raises(StatementError, match="57014"):
            apply.up(migration("a", "CREATE TABLE t (); SELECT pg_sleep(30);"))
    assert not any(isinstance(event, Retrying) for event in heard)


def test_readers_are_let_through_while_a_migration_waits(database: Database) -> None:
    database.run("CREATE TABLE t (id int)", user=database.owner)
    slowest = 0.0
    done = threading.Event()

    def migrate() -> None:
        with database.session(lock_timeout=0.1) as session:
            applier(session, database.tables).up(migration("a", "ALTER TABLE t ADD COLUMN note text;"))
        done.set()

    with database.connect() as blocker, database.connect() as reader:
        blocker.execute("BEGIN")
        blocker.execute("SELECT * FROM t")
        worker = threading.Thread(target=migrate)
        worker.start()
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            began = time.monotonic()
            reader.execute("SELECT * FROM t")
            slowest = max(slowest, time.monotonic() - began)
        blocker.execute("COMMIT")
        worker.join()
    assert done.is_set()
    assert slowest < 1.0


def test_the_wait_is_bounded_and_the_error_names_who_holds_what(database: Database) -> None:
    database.run("CREATE TABLE t (id int)", user=database.owner)
    with database.connect() as reader, database.session(lock_timeout=0.05) as session:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t")
        with pytest.raises(ContentionError, match=rf"for 0\.5 s.*process {reader.info.backend_pid}, .*on t "):
            applier(session, database.tables, wait=0.5).up(migration("a", "ALTER TABLE t ADD COLUMN note text;"))

        assert history.rows(session, database.tables) == ()
        assert session.one("SELECT 1") == (1,)


def test_rows_are_waited_for_without_a_timeout(database: Database) -> None:
    database.run("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)", user=database.owner)
    heard: list[Event] = []
    with database.connect(database.owner) as writer, database.session(lock_timeout=0.05) as session:
        writer.execute("BEGIN")
        writer.execute("UPDATE t SET id = 2")
        release = threading.Thread(target=commit_when_blocked, args=(database, writer))
        release.start()
        applier(session, database.tables, listener=heard.append).up(
            migration("a", "CREATE TABLE u (); UPDATE t SET id = id + 1; COMMENT ON TABLE u IS '';")
        )
        release.join()
        assert session.one("SELECT current_setting('lock_timeout')") == ("50ms",)
    assert not any(isinstance(event, Retrying) for event in heard)
    assert database.rows("SELECT id FROM t") == [(3,)]


def test_a_lock_timeout_of_the_scripts_own_is_obeyed(database: Database) -> None:
    database.run("CREATE TABLE t (id int)", user=database.owner)
    heard: list[Event] = []
    with database.connect() as reader, database.session(lock_timeout=0.05) as session:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t")
        release = threading.Thread(target=commit_when_blocked, args=(database, reader))
        release.start()
        applier(session, database.tables, listener=heard.append).up(
            migration("a", "SET lock_timeout = '30s'; ALTER TABLE t ADD COLUMN note text;")
        )
        release.join()
    assert not any(isinstance(event, Retrying) for event in heard)


def test_a_deadlock_is_tried_again_as_a_whole(database: Database) -> None:
    database.run("CREATE TABLE a (n int)", "CREATE TABLE b (n int)", user=database.owner)
    ready = threading.Event()

    def oppose() -> None:
        with database.connect() as other:
            other.execute("SET deadlock_timeout = '20s'")  # so that the migration is the victim
            other.execute("BEGIN")
            other.execute("LOCK TABLE b IN ACCESS EXCLUSIVE MODE")
            ready.set()
            wait_until_blocked(database, on="b")
            other.execute("LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
            other.execute("COMMIT")

    opponent = threading.Thread(target=oppose)
    opponent.start()
    ready.wait()
    heard: list[Event] = []
    with database.session(lock_timeout=0.0) as session:
        applier(session, database.tables, listener=heard.append).up(
            migration("a", "INSERT INTO a VALUES (1); LOCK TABLE b IN ACCESS EXCLUSIVE MODE; INSERT INTO b VALUES (1);")
        )
    opponent.join()
    assert any(isinstance(event, Retrying) and "40P01" in event.why for event in heard)
    assert database.rows("SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)") == [(1, 1)]


def test_building_an_index_concurrently_waits_for_writers_without_a_timeout(database: Database) -> None:
    database.run("CREATE TABLE t (id int)", user=database.owner)
    with database.connect(database.owner) as writer, database.session(lock_timeout=0.05) as session:
        writer.execute("BEGIN")
        writer.execute("INSERT INTO t VALUES (1)")
        release = threading.Thread(target=commit_when_blocked, args=(database, writer))
        release.start()
        applier(session, database.tables).up(migration("a", "CREATE INDEX CONCURRENTLY t_id ON t (id);"))
        release.join()
    assert database.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_id'::regclass")


def commit_when_blocked(database: Database, holder: psycopg.Connection[Any]) -> None:
    """Let go, some lock timeouts after somebody began to wait."""
    wait_until_blocked(database)
    time.sleep(0.3)
    holder.execute("COMMIT")


def wait_until_blocked(database: Database, *, on: str = "") -> None:
    """Return as soon as the migration waits for a lock (on that relation)."""
    where = f" AND l.relation = '{on}'::regclass" if on else ""
    deadline = time.monotonic() + 30
    while not database.rows(
        "SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE NOT l.granted"
        f" AND a.datname = current_database() AND a.application_name = 'dbmigrate test'{where}"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.02)
