"""Backfills among others: killed, interrupted, too slow, in somebody's way, held back."""

from __future__ import annotations

import random
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres import facts
from dbmigrations.postgres.backfill.pace import Pace
from dbmigrations.postgres.errors import ContentionError, PlanChangedError, StatementError
from dbmigrations.postgres.events import BackfillMoved, Event, Retrying
from dbmigrations.release.migration import Kind
from tests.engine.backfill.scripts import COUNT, counting
from tests.engine.databases import Database, applier
from tests.engine.killed import run_until_killed, start_runner
from tests.engine.releases import migration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.release.migration import Migration

_ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND wait_event = 'PgSleep'"

SMALL = Pace(max_rate=1e6, target=2e-5)
"""Batches of at most 20 rows."""


def data(up: str) -> Migration:
    return migration("fill", up, kind=Kind.DATA)


@pytest.fixture
def counters(database: Database) -> Database:
    database.run(
        "CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)",
        "INSERT INTO counters SELECT generate_series(1, 1000)",
        user=database.owner,
    )
    return database


@contextmanager
def held(database: Database, statement: str) -> Iterator[None]:
    """A bystander's transaction that stays open within."""
    with database.connect() as connection:
        connection.execute("BEGIN")
        connection.execute(statement.encode())
        yield
        connection.execute("ROLLBACK")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("first", range(4, 40, 5))
def test_every_row_counts_once_wherever_the_runner_is_killed(counters: Database, first: int, *, after: bool) -> None:
    """Killed again and again at another query, with ever so many batches between."""
    scripts = [("fill", counting(batch=40))]
    chance = random.Random(first)
    codes = [
        run_until_killed(counters, scripts, at=at, after=after, kind=Kind.DATA)
        for at in (first, chance.randrange(4, 30), chance.randrange(4, 30))
    ]
    assert codes[0] == -signal.SIGKILL
    assert run_until_killed(counters, scripts, at=0, after=after, kind=Kind.DATA) == 0
    assert counters.rows(COUNT) == [(1, 1000)]
    with counters.session() as session:
        found = facts.read_history(session, counters.tables)
        assert [row.name for row in found.applied] == ["fill"]
        assert found.partial == ()


def test_a_runner_killed_at_any_moment_leaves_what_another_goes_on_from(counters: Database) -> None:
    counters.run("INSERT INTO counters SELECT generate_series(1001, 60000)", user=counters.owner)
    scripts = [("fill", counting(batch=50, more="target=5ms"))]
    chance = random.Random(7)
    kills = 0
    while True:
        runner = start_runner(counters, scripts, kind=Kind.DATA)
        runner.join(timeout=chance.uniform(0.3, 0.9))
        if runner.exitcode is not None:
            break
        runner.kill()
        runner.join()
        kills += 1
        assert kills < 100
    assert runner.exitcode == 0
    assert kills > 1
    assert counters.rows(COUNT) == [(1, 60000)]


def test_an_interruption_ends_the_batch_and_the_next_run_goes_on(counters: Database) -> None:
    class Interruption(KeyboardInterrupt):
        """What the runner raises from its signal handler."""

    def interrupt(*_: object) -> None:
        raise Interruption

    slow = counting("UPDATE counters SET n = n + 1 WHERE :batch AND pg_sleep(0.002) IS NOT NULL", batch=20)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with counters.session() as session:
            signal.setitimer(signal.ITIMER_REAL, 0.7)
            with pytest.raises(Interruption):
                applier(session, counters.tables).up(data(slow))
    finally:
        signal.signal(signal.SIGALRM, before)
    ((done, highest),) = counters.rows("SELECT count(*), max(id) FROM counters WHERE n = 1")
    assert 0 < done == highest < 1000
    with counters.session() as session:
        applier(session, counters.tables).up(data(slow))
    assert counters.rows(COUNT) == [(1, 1000)]


def test_a_batch_that_takes_too_long_is_split(counters: Database) -> None:
    """600 rows would take 1.8 s; half of them fit."""
    slow = "UPDATE counters SET n = n + 1 WHERE :batch AND (id % 100 <> 0 OR pg_sleep(0.3) IS NOT NULL)"
    covered: list[int] = []

    def listen(event: Event) -> None:
        if isinstance(event, BackfillMoved):
            covered.append(event.rows)

    with counters.session() as session:
        apply = applier(session, counters.tables, listener=listen)
        apply.up(data(counting(slow, batch=600, more="timeout=1500ms target=1400ms")))
    assert covered[:2] == [0, 300]
    assert counters.rows(COUNT) == [(1, 1000)]


def test_one_row_that_takes_too_long_is_named(counters: Database) -> None:
    slow = "UPDATE counters SET n = n + 1 WHERE :batch AND (id <> 300 OR pg_sleep(5) IS NOT NULL)"
    with counters.session() as session, pytest.raises(StatementError, match="one row alone") as caught:
        applier(session, counters.tables).up(data(counting(slow, batch=16, more="timeout=200ms")))
    assert "id > 299 and id <= 300" in str(caught.value)
    assert caught.value.details.sqlstate == "57014"
    assert caught.value.where == "fill.sql:3:1"
    assert counters.rows("SELECT count(*), max(id) FROM counters WHERE n = 1") == [(299, 299)]


def test_a_statement_cancelled_by_somebody_is_an_error_and_no_reason_to_split(counters: Database) -> None:
    slow = counting("UPDATE counters SET n = n + 1 WHERE :batch AND pg_sleep(0.01) IS NOT NULL", batch=500)
    with counters.session() as session:
        query = f"SELECT pg_cancel_backend({session.facts.backend_pid})"
        killer = threading.Timer(1.0, lambda: counters.run(query))
        killer.start()
        with pytest.raises(StatementError, match="57014"):
            applier(session, counters.tables).up(data(slow))
        killer.join()


def test_a_row_that_somebody_holds_is_waited_for_in_short_tries(counters: Database) -> None:
    retried: list[Retrying] = []
    released = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, Retrying):
            retried.append(event)
            if len(retried) == 3:
                released.set()

    def hold() -> None:
        with held(counters, "UPDATE counters SET id = id WHERE id = 500"):
            held_now.set()
            released.wait(30)

    held_now = threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    assert held_now.wait(10)
    with counters.session(lock_timeout=0.1) as session:
        applier(session, counters.tables, listener=listen).up(data(counting(batch=200)))
    holder.join()
    assert len(retried) >= 3
    assert "SQLSTATE 55P03" in retried[0].why
    assert counters.rows(COUNT) == [(1, 1000)]


def test_a_deadlock_is_tried_again(counters: Database) -> None:
    """The batch takes row 5 and then wants row 50; the other has row 50 and wants row 5; the batch finds out."""
    retried: list[str] = []
    statement = "UPDATE counters SET n = n + 1 WHERE :batch AND (id <> 10 OR pg_sleep(1) IS NOT NULL)"

    def cross() -> None:
        with counters.connect() as connection:
            connection.execute("SET deadlock_timeout = '30s'")
            connection.execute("BEGIN")
            connection.execute("UPDATE counters SET id = id WHERE id = 50")
            crossing.set()
            while not counters.value(_ASLEEP.format(counters.name)):
                time.sleep(0.02)
            connection.execute("UPDATE counters SET id = id WHERE id = 5")
            connection.execute("ROLLBACK")

    crossing = threading.Event()
    other = threading.Thread(target=cross)
    other.start()
    assert crossing.wait(10)
    with counters.session(lock_timeout=5) as session:
        apply = applier(
            session,
            counters.tables,
            listener=lambda event: retried.append(event.why) if isinstance(event, Retrying) else None,
        )
        apply.up(data(counting(statement, batch=100)))
    other.join()
    assert any("40P01" in why for why in retried)
    assert counters.rows(COUNT) == [(1, 1000)]


def test_who_waits_behind_a_batch_makes_the_next_one_smaller(counters: Database) -> None:
    """Somebody wants the last row of the first batch, which is slow: he waits, and the next batch is half of it."""
    sizes: list[int] = []
    statement = "UPDATE counters SET n = n + 1 WHERE :batch AND (id <> 200 OR pg_sleep(1) IS NOT NULL)"

    def wait_behind() -> None:
        time.sleep(0.4)
        counters.run("UPDATE counters SET id = id WHERE id = 100")

    other = threading.Thread(target=wait_behind)

    def listen(event: Event) -> None:
        if isinstance(event, BackfillMoved):
            sizes.append(event.size)
            if len(sizes) == 1:
                other.start()

    with counters.session() as session:
        apply = applier(session, counters.tables, listener=listen)
        apply.up(data(counting(statement, batch=200, more="target=10s")))
    other.join()
    assert sizes[:2] == [200, 100]
    assert counters.rows(COUNT) == [(1, 1000)]


def test_a_rate_that_was_asked_for_is_not_exceeded(counters: Database) -> None:
    with counters.session() as session:
        apply = applier(session, counters.tables, pace=Pace(max_rate=500))
        began = time.monotonic()
        apply.up(data(counting(batch=1000)))
    assert time.monotonic() - began >= 1.8
    assert counters.value("SELECT batches FROM dbmigrations.backfill_checkpoint") >= 20


def test_a_run_that_was_superseded_writes_no_further_batch(counters: Database) -> None:
    told: list[BackfillMoved] = []

    def supersede(event: Event) -> None:
        if isinstance(event, BackfillMoved):
            told.append(event)
            if len(told) == 3:
                counters.run("UPDATE dbmigrations.migration_run SET outcome = 'Superseded'")

    with counters.session() as session, pytest.raises(PlanChangedError, match="another run took its place"):
        applier(session, counters.tables, listener=supersede, pace=SMALL).up(data(counting(batch=20)))
    assert len(told) == 3
    assert 0 < counters.value("SELECT sum(n) FROM counters") == told[-1].rows < 1000
    with counters.session() as session:
        session.execute("SELECT pg_try_advisory_lock(0, 0)")
        applier(session, counters.tables).up(data(counting(batch=20)))
    assert counters.rows(COUNT) == [(1, 1000)]


def test_a_lock_that_nobody_releases_ends_the_step_as_waiting_and_keeps_what_was_done(counters: Database) -> None:
    with held(counters, "UPDATE counters SET id = id WHERE id = 500"):
        with counters.session(lock_timeout=0.05) as session, pytest.raises(ContentionError):
            applier(session, counters.tables, wait=0.5, pace=SMALL).up(data(counting(batch=20)))
        assert 400 <= counters.value("SELECT max(id) FROM counters WHERE n = 1") < 500
    with counters.session() as session:
        applier(session, counters.tables).up(data(counting(batch=20)))
    assert counters.rows(COUNT) == [(1, 1000)]
