"""The lock that keeps migrations of one database apart."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.errors import LockHeldError
from dbmigrations.postgres.events import Event, WaitingForLock
from dbmigrations.postgres.lock import PRISMA_KEY, holds_lock, migration_lock
from dbmigrations.postgres.tables import Tables

if TYPE_CHECKING:
    from tests.engine.databases import Database


def test_a_second_migration_is_told_who_holds_the_lock(database: Database) -> None:
    with (
        database.session(application_name="dbmigrate shop/shop Schema") as first,
        database.session() as second,
        migration_lock(first, database.tables, wait=0),
        pytest.raises(LockHeldError) as caught,
        migration_lock(second, database.tables, wait=0),
    ):
        pass
    assert "dbmigrate shop/shop Schema" in str(caught.value)
    assert f"process {first.facts.backend_pid}" in str(caught.value)
    assert database.owner in str(caught.value)


def test_the_holder_is_named_as_far_as_a_plain_role_may_see_it(database: Database) -> None:
    other = database.role()
    database.run(f"GRANT CONNECT ON DATABASE {database.name} TO {other}")
    with (
        database.session(where=database.where(user=other), application_name="dbmigrate shop/shop Data") as first,
        database.session() as second,
        migration_lock(first, database.tables, wait=0),
    ):
        with pytest.raises(LockHeldError) as hidden, migration_lock(second, database.tables, wait=0):
            pass
        database.run(f"GRANT pg_read_all_stats TO {database.owner}")
        with pytest.raises(LockHeldError) as shown, migration_lock(second, database.tables, wait=0):
            pass
        who = f"'dbmigrate shop/shop Data' (process {first.facts.backend_pid}, user {other}"
    assert f"{who}; more is shown to members of pg_read_all_stats)" in str(hidden.value)
    assert f"{who}, connected since 2" in str(shown.value)


def test_the_lock_is_taken_as_soon_as_its_holder_lets_go(database: Database) -> None:
    heard: list[Event] = []
    held = threading.Event()

    def hold() -> None:
        with (
            database.session(application_name="dbmigrate other") as session,
            migration_lock(session, database.tables, wait=0),
        ):
            held.set()
            time.sleep(0.6)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    with database.session() as session, migration_lock(session, database.tables, wait=30, listener=heard.append):
        assert holds_lock(session, database.tables)
    holder.join()
    assert [type(event) for event in heard] == [WaitingForLock]


def test_the_lock_ends_with_a_killed_session(database: Database) -> None:
    with database.session() as first, database.session() as second:
        first.execute("SELECT 1")
        with migration_lock(first, database.tables, wait=0):
            database.run(f"SELECT pg_terminate_backend({first.facts.backend_pid})")
            with migration_lock(second, database.tables, wait=10):
                assert holds_lock(second, database.tables)


def test_two_history_schemas_do_not_wait_for_each_other(database: Database) -> None:
    with (
        database.session() as first,
        database.session() as second,
        migration_lock(first, Tables("one"), wait=0),
        migration_lock(second, Tables("two"), wait=0),
    ):
        assert holds_lock(second, Tables("two"))
        assert not holds_lock(second, Tables("one"))


@pytest.mark.every_major
@pytest.mark.parametrize("prisma", [False, True], ids=["our lock", "Prisma's lock"])
def test_a_waiter_holds_no_snapshot_that_would_stop_an_index_from_being_built(
    database: Database, *, prisma: bool
) -> None:
    database.run("CREATE TABLE t (id int)", user=database.owner)
    if prisma:  # the waiters have their own lock, and wait for Prisma's
        database.run("CREATE TABLE _prisma_migrations (id text)", user=database.owner)
    stop = threading.Semaphore(0)

    def wait() -> None:
        with database.session() as session:
            try:
                with migration_lock(session, database.tables, wait=20):
                    stop.release()
            except LockHeldError:
                pass

    with database.session(statement_timeout=10.0) as holder:
        if prisma:
            holder.execute("SELECT pg_advisory_lock(%s)", (PRISMA_KEY,))
        with nullcontext() if prisma else migration_lock(holder, database.tables, wait=0):
            waiters = [threading.Thread(target=wait) for _ in range(3)]
            for waiter in waiters:
                waiter.start()
            time.sleep(0.6)
            began = time.monotonic()
            holder.send("CREATE INDEX CONCURRENTLY t_id ON t (id)")
            assert (
                time.monotonic() - began < 9
            )  # where a waiter holds a snapshot, it is as long as the statement may take
    for waiter in waiters:
        waiter.join()
    assert all(stop.acquire(blocking=False) for _ in waiters)


def test_a_running_prisma_deploy_is_waited_for_where_prisma_has_its_table(database: Database) -> None:
    database.run("CREATE TABLE _prisma_migrations (id text)", user=database.owner)
    with database.connect() as prisma, database.session() as session:
        prisma.execute("SELECT pg_advisory_lock(%s)", (PRISMA_KEY,))
        with pytest.raises(LockHeldError), migration_lock(session, database.tables, wait=0):
            pass
        assert not holds_lock(session, database.tables)
        prisma.execute("SELECT pg_advisory_unlock(%s)", (PRISMA_KEY,))
        with migration_lock(session, database.tables, wait=0):
            assert not prisma_can_lock(database)


def test_prisma_is_not_locked_out_where_it_has_no_table(database: Database) -> None:
    with database.session() as session, migration_lock(session, database.tables, wait=0):
        assert prisma_can_lock(database)


def test_the_lock_is_free_after_its_block_even_when_that_failed(database: Database) -> None:
    with database.session() as session:
        with pytest.raises(ZeroDivisionError), migration_lock(session, database.tables, wait=0):
            raise ZeroDivisionError
        assert not holds_lock(session, database.tables)


def prisma_can_lock(database: Database) -> bool:
    with database.connect() as prisma:
        row = prisma.execute("SELECT pg_try_advisory_lock(%s)", (PRISMA_KEY,)).fetchone()
    return row == (True,)
