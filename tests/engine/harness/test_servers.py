from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.harness.postgres import Server, start_server, sweep
from tests.harness.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[3]
SCRIPT = """
from tests.harness.console import Silent
from tests.harness.postgres import start_server
from tests.harness.postgres_binaries import ensure_binaries
server = start_server(ensure_binaries("debian", Silent()))
print(server.folder, server.pid, flush=True)
input()
"""


@pytest.fixture
def another(postgres_server: Server) -> Iterator[Server]:
    server = start_server(postgres_server.binaries)
    yield server
    server.stop()


def test_the_server_is_of_the_major_that_it_says(postgres_server: Server) -> None:
    with postgres_server.connect() as connection:
        assert connection.info.server_version // 10_000 == postgres_server.major


def test_a_database_is_empty_and_of_its_test_alone(postgres_server: Server, database: str) -> None:
    with postgres_server.connect(database) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)
    assert postgres_server.create_database() != database


def test_the_password_counts_on_loopback(postgres_server: Server) -> None:
    with psycopg.connect(postgres_server.url()) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("postgres",)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres_server.url(password="wrong"))


@pytest.mark.parametrize("immediate", [False, True])
def test_what_was_committed_survives_a_restart_and_a_crash(another: Server, immediate: bool) -> None:  # noqa: FBT001
    with another.connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    another.restart(immediate=immediate)
    with another.connect() as connection:
        assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)


def test_nothing_is_left_after_the_stop(postgres_server: Server) -> None:
    server = start_server(postgres_server.binaries)
    server.stop()
    assert running(server.pid) is None
    assert not server.folder.exists()


def test_a_server_whose_test_run_was_killed_is_removed_by_the_next(postgres_server: Server) -> None:
    assert postgres_server.pid
    run = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with run:
        assert run.stdout is not None
        folder, pid = run.stdout.readline().split()
        os.kill(run.pid, signal.SIGKILL)
    assert running(int(pid)) is not None
    sweep()
    deadline = time.monotonic() + 10
    while running(int(pid)) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert running(int(pid)) is None
    assert not Path(folder).exists()
    assert running(postgres_server.pid) is not None
