"""A runner killed with SIGKILL at any query: what it did took effect once, and the rest is taken up again."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres import facts, history
from dbmigrations.postgres.errors import ConnectionLostError
from dbmigrations.postgres.lock import migration_lock
from tests.engine.databases import applier
from tests.engine.interrupting import Interruption, heard
from tests.engine.killed import run_until_killed, start_runner
from tests.engine.releases import migration

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engine.databases import Database

EVERY = int(os.environ.get("SOAK_KILL_EVERY", "8"))
"""How many queries lie between the places where the first kill of a story is tried."""

SCRIPTS = [
    ("whole", "CREATE TABLE t (id int);\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\n"),
    ("parts", "INSERT INTO t VALUES (3);\nCREATE INDEX CONCURRENTLY t_id ON t (id);\nINSERT INTO t VALUES (4);\n"),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("first", range(2, 42, EVERY))
def test_every_migration_takes_effect_exactly_once_wherever_the_runner_is_killed(
    database: Database, first: int, *, after: bool
) -> None:
    """Killed again and again, each time one query further: from `first` on."""
    codes = [run_until_killed(database, SCRIPTS, at=at, after=after) for at in range(first, first + 3)]
    assert codes[0] == -signal.SIGKILL
    while run_until_killed(database, SCRIPTS, at=0, after=after) != 0:
        codes.append(0)
        assert len(codes) < 6

    with database.session() as session:
        found = facts.read_history(session, database.tables)
        assert [row.name for row in found.applied] == ["whole", "parts"]
        assert found.partial == ()
        assert history.broken_link(session, database.tables) is None
    assert database.rows("SELECT id FROM t ORDER BY id") == [(1,), (2,), (3,), (4,)]
    assert database.rows("SELECT count(*), bool_and(indisvalid) FROM pg_index WHERE indrelid = 't'::regclass") == [
        (1, True)
    ]


def test_two_runners_at_once_apply_each_migration_once(database: Database) -> None:
    scripts = [(f"m{number}", f"CREATE TABLE t{number} (id int);") for number in range(6)]
    codes: list[int | None] = []

    def run() -> None:
        codes.append(run_until_killed(database, scripts, at=0, after=False))

    runners = [threading.Thread(target=run) for _ in range(2)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert codes == [0, 0]
    with database.session() as session:
        assert [row.name for row in history.rows(session, database.tables)][::-1] == [name for name, _ in scripts]


@pytest.mark.every_major
@pytest.mark.parametrize("by", ["socket", "tcp"])
def test_the_server_process_of_a_killed_runner_dies_within_a_second_and_commits_nothing(
    database: Database, by: str
) -> None:
    database.run("CREATE TABLE t (id int)", user=database.owner)
    script = "INSERT INTO t VALUES (1);\nSELECT pg_sleep(30);\nINSERT INTO t VALUES (2);\n"
    where = database.by_password() if by == "tcp" else database.where()
    runner = start_runner(database, [("a", script)], where=where)
    wait_until(lambda: sleeping(database))
    runner.kill()
    runner.join()
    began = time.monotonic()
    wait_until(lambda: not sleeping(database))
    assert time.monotonic() - began < 15  # it looks each second; the statement would sleep on
    assert database.value("SELECT count(*) FROM t") == 0
    with database.session() as session, migration_lock(session, database.tables, wait=5):
        assert history.applied(session, database.tables) == ()


def test_a_session_ended_by_the_server_is_a_lost_connection_and_nothing_took_effect(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        killer = threading.Timer(0.5, lambda: database.run(f"SELECT pg_terminate_backend({session.facts.backend_pid})"))
        killer.start()
        with pytest.raises(ConnectionLostError):
            apply.up(migration("a", "CREATE TABLE t (id int); SELECT pg_sleep(30);"))
        killer.join()
    assert not database.value("SELECT to_regclass('t') IS NOT NULL")


def test_an_interruption_cancels_the_statement_rolls_back_and_leaves_the_session_usable(database: Database) -> None:
    with heard(signal.SIGALRM), database.session() as session:
        apply = applier(session, database.tables)
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        began = time.monotonic()
        with pytest.raises(Interruption):
            apply.up(migration("a", "CREATE TABLE t (id int); SELECT pg_sleep(30);"))
        assert time.monotonic() - began < 20
        assert session.one("SELECT to_regclass('t') IS NULL") == (True,)
    assert not sleeping(database)


def sleeping(database: Database) -> bool:
    return bool(
        database.rows(
            f"SELECT FROM pg_stat_activity WHERE datname = '{database.name}' AND query LIKE 'SELECT pg_sleep(30)%'"
            " AND state = 'active'"
        )
    )


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
