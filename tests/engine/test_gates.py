"""Gates: before long work and between its pieces, it waits while others would suffer."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from dbmigrations.postgres import history
from dbmigrations.postgres.errors import GateClosedError, PrivilegesMissingError
from dbmigrations.postgres.events import Event, MigrationStarted, WaitingAtGate
from dbmigrations.postgres.gates.gates import Gates
from dbmigrations.postgres.gates.limits import GateLimits
from tests.engine.databases import applier
from tests.engine.releases import migration
from tests.harness.postgres import caught_up

if TYPE_CHECKING:
    from tests.engine.databases import Database


@pytest.fixture
def seeing(database: Database) -> Database:
    """The database, its owner allowed to see what others do."""
    database.run(f"GRANT pg_read_all_stats TO {database.owner}")
    return database


def test_a_migration_begins_when_the_oldest_transaction_has_ended(seeing: Database) -> None:
    heard: list[Event] = []
    with seeing.connect() as other, seeing.session() as session:
        open_transaction(other)
        blocker = f"process {other.info.backend_pid} "
        release = threading.Timer(2.0, lambda: other.execute("COMMIT"))
        release.start()
        gates = Gates(GateLimits(oldest_transaction=0.2), wait=30, listener=heard.append)
        time.sleep(0.3)
        applier(session, seeing.tables, listener=heard.append, gates=gates).up(migration("a", "CREATE TABLE t ();"))
        release.join()

    (waited,) = [event for event in heard if isinstance(event, WaitingAtGate)]
    assert blocker in waited.closed[0]
    assert "0.2 s are allowed" in waited.closed[0]
    assert heard.index(waited) < next(n for n, event in enumerate(heard) if isinstance(event, MigrationStarted))


def test_a_prepared_transaction_is_one_too(seeing: Database) -> None:
    seeing.run("BEGIN", "SELECT txid_current()", "PREPARE TRANSACTION 'it''s forgotten'")
    with seeing.session() as session:
        time.sleep(0.3)
        (closed,) = Gates(GateLimits(oldest_transaction=0.2)).check(session)
    seeing.run("ROLLBACK PREPARED 'it''s forgotten'")

    assert "prepared as 'it''s forgotten'" in closed.about


def test_transactions_of_another_database_and_our_own_session_do_not_count(seeing: Database) -> None:
    with seeing.server.connect() as elsewhere, seeing.session() as session:
        open_transaction(elsewhere)
        time.sleep(0.3)
        assert Gates(GateLimits(oldest_transaction=0.2)).check(session) == ()


def test_a_closed_gate_between_two_statements_stops_there_and_the_next_attempt_goes_on(seeing: Database) -> None:
    script = (
        "CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE INDEX CONCURRENTLY t_id ON t (id); ANALYZE t;"
        " CREATE INDEX CONCURRENTLY t_id2 ON t (id); INSERT INTO t VALUES (2);"
    )
    with seeing.connect() as other, seeing.session() as session:

        def close_the_gate(event: Event) -> None:
            if getattr(event, "ordinal", 0) == 3:
                open_transaction(other)
                time.sleep(1.2)  # within a second of the last look nobody looks

        gates = Gates(GateLimits(oldest_transaction=0.2), wait=0.5)
        apply = applier(session, seeing.tables, listener=close_the_gate, gates=gates)
        with pytest.raises(GateClosedError, match="oldestTransaction"):
            apply.up(migration("a", script))
        assert history.applied(session, seeing.tables) == ()
        other.execute("COMMIT")

        apply.up(migration("a", script))

    assert seeing.rows("SELECT id FROM t ORDER BY id") == [(1,), (2,)]
    assert seeing.value("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indisvalid") == 2


def test_a_slot_that_nobody_reads_closes_its_gate(database: Database) -> None:
    slot = database.name
    database.run(f"SELECT pg_create_physical_replication_slot('{slot}', true)", "CREATE TABLE big (t text)")
    try:
        database.run("INSERT INTO big SELECT repeat(md5(n::text), 30) FROM generate_series(1, 2000) n")
        with database.session() as session:  # its owner sees slots without any grant
            found = Gates(GateLimits(retained_wal=100_000)).check(session)
            assert [gate.about for gate in found] == [f"replication slot {slot}"]
            assert Gates(GateLimits(retained_wal=10**15)).check(session) == ()
    finally:
        database.run(f"SELECT pg_drop_replication_slot('{slot}')")


@pytest.mark.parametrize("limits", [GateLimits(replica_lag=1), GateLimits(oldest_transaction=1)])
def test_a_role_that_would_see_nothing_is_told_which_grant_it_needs(database: Database, limits: GateLimits) -> None:
    with database.session() as session, pytest.raises(PrivilegesMissingError, match="GRANT pg_read_all_stats TO"):
        Gates(limits).pass_through(session)


def test_a_replica_that_has_stopped_replaying_is_waited_for(replicated: Database, replica: Database) -> None:
    replicated.run(f"GRANT pg_read_all_stats TO {replicated.owner}", "CREATE TABLE t (id int)")
    caught_up(replica.server, replicated.server)
    heard: list[Event] = []
    with replicated.session() as session:
        gates = Gates(GateLimits(replica_lag=0.5), wait=30, listener=heard.append)
        gates.pass_through(session)
        assert heard == []

        replica.value("SELECT pg_wal_replay_pause()")
        replicated.run("INSERT INTO t VALUES (1)")
        resume = threading.Timer(6.0, lambda: replica.value("SELECT pg_wal_replay_resume()"))
        resume.start()
        began = time.monotonic()
        while time.monotonic() - began < 4.0:  # batches
            replicated.run("INSERT INTO t VALUES (1)")
            gates.pass_through(session)
            time.sleep(0.05)
        waited = time.monotonic() - began
        resume.join()

    assert waited >= 5.5
    assert any("replica" in event.closed[0] for event in heard if isinstance(event, WaitingAtGate))


def test_a_replica_that_stopped_before_we_looked_is_found_at_the_first_look(
    replicated: Database, replica: Database
) -> None:
    replicated.run(f"GRANT pg_read_all_stats TO {replicated.owner}", "CREATE TABLE t (id int)")
    caught_up(replica.server, replicated.server)
    replica.value("SELECT pg_wal_replay_pause()")
    replicated.run("INSERT INTO t SELECT generate_series(1, 1000)")
    time.sleep(0.5)
    with replicated.session() as session:
        with pytest.raises(GateClosedError, match=r"replicaLag: replica .* lags"):
            Gates(GateLimits(replica_lag=3600), wait=2).pass_through(session)
        with pytest.raises(GateClosedError, match=r"replicaLagSize: replica .* has not replayed"):
            Gates(GateLimits(replica_lag_size=1000), wait=0).pass_through(session)
        replica.value("SELECT pg_wal_replay_resume()")
        Gates(GateLimits(replica_lag=3600), wait=20).pass_through(session)


def open_transaction(connection: Any) -> None:  # noqa: ANN401 - psycopg's own
    connection.execute("BEGIN")
    connection.execute("SELECT 1")
