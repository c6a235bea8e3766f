"""The worst stall of an application while ALTER TABLE waits behind a long reader: ours, and without lock_timeout.

pgbench reads rows of the table with several clients and logs each transaction; a report reads the table for some
seconds; then a column is added. A stall is the longest transaction of pgbench in that time.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import TYPE_CHECKING
from uuid import uuid4

from bench.engine.applying import applying, connect, migration, start_run
from bench.figures import Figure
from dbmigrations.postgres.settings import ConnectionSettings
from dbmigrations.release.migration import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.harness.console import Console
    from tests.harness.postgres import Server

ROUNDS = int(os.environ.get("ROUNDS", "5"))
READER = 3.0
"""Seconds that the report reads."""
LOCK_TIMEOUT = 0.1
"""Seconds. What is measured is what is added to it."""
MARGIN = 10.0
"""Milliseconds."""
CLIENTS = 4
RATE = 400
"""Transactions in a second, of all clients: a load, and no contest for the processors."""

_QUERY = "\\set id random(1, 1000)\nSELECT note FROM items WHERE id = :id;\n"


@dataclass
class Stalls:
    """The longest transaction of each round, in milliseconds."""

    worst: list[float] = field(default_factory=list)
    altered_after: list[float] = field(default_factory=list)


def measure(server: Server, folder: Path, console: Console) -> tuple[list[Figure], dict[str, object]]:
    """Both ways in turns, and the load alone."""
    database = server.create_database()
    where = ConnectionSettings(host=str(server.folder), port=str(server.port), dbname=database, user=server.SUPERUSER)
    with connect(where) as connection:
        connection.execute("CREATE TABLE items (id int PRIMARY KEY, note text)")
        connection.execute("INSERT INTO items SELECT i, repeat('x', 40) FROM generate_series(1, 1000) i")
        connection.execute("VACUUM ANALYZE items")
    start_run(where)
    alone, ours, without = Stalls(), Stalls(), Stalls()
    for number in range(ROUNDS):
        _round(where, folder, alone, lambda: time.sleep(READER))
        _round(where, folder, ours, partial(_ours, where, number))
        _round(where, folder, without, partial(_without, where, number))
        console.say(f"round {number + 1} of {ROUNDS}: {ours.worst[-1]:.0f} ms, {without.worst[-1]:.0f} ms without")
    server.drop_database(database)
    limit = LOCK_TIMEOUT * 1000 + MARGIN
    figures = [
        Figure("worst stall, beside no lock_timeout", median(ours.worst), "ms", median(without.worst), limit),
        Figure("worst stall of all rounds", max(ours.worst), "ms", max(without.worst)),
        Figure("longest transaction of the load alone", median(alone.worst), "ms"),
        Figure("the column is there after", median(ours.altered_after), "s", median(without.altered_after)),
    ]
    return figures, {
        "rounds": ROUNDS,
        "lock_timeout_ms": LOCK_TIMEOUT * 1000,
        "reader_s": READER,
        "clients": CLIENTS,
        "transactions_a_second": RATE,
        "figure": "median over the rounds of the longest transaction, from when it was due",
        "reference": "the same ALTER TABLE by psycopg, without lock_timeout",
    }


def _round(where: ConnectionSettings, folder: Path, stalls: Stalls, alter: Callable[[], None]) -> None:
    with _load(where, folder) as longest:
        time.sleep(0.5)
        with _reading(where):
            began = time.perf_counter()
            alter()
            stalls.altered_after.append(time.perf_counter() - began)
        time.sleep(0.3)
    stalls.worst.append(longest())


@contextmanager
def _load(where: ConnectionSettings, folder: Path) -> Iterator[Callable[[], float]]:
    """Pgbench within; afterwards its longest transaction is known."""
    run = folder / uuid4().hex
    run.mkdir()
    (run / "query.sql").write_text(_QUERY)
    words = ["pgbench", "-n", "-c", str(CLIENTS), "-j", "1", "-T", "60", "-R", str(RATE), "-l", "--log-prefix=log"]
    words += ["-f", "query.sql", "-h", where.host, "-p", where.port, "-U", where.user, where.dbname]
    process = subprocess.Popen(words, cwd=run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield lambda: _longest(run)
    finally:
        process.terminate()
        process.wait()


def _longest(run: Path) -> float:
    # client, number, microseconds, script, seconds, microseconds, lag behind the schedule
    lines = [line.split() for file in run.glob("log.*") for line in file.read_text().splitlines()]
    took = [int(fields[2]) / 1000 for fields in lines if len(fields) >= 6]  # noqa: PLR2004 - a line may be cut off
    if len(took) < RATE:
        raise RuntimeError(f"pgbench made {len(took)} transactions only")
    return max(took)


@contextmanager
def _reading(where: ConnectionSettings) -> Iterator[None]:
    """A report that reads the table, from before the block on for READER seconds."""
    reads, done = threading.Event(), threading.Event()

    def read() -> None:
        with connect(where) as connection, connection.transaction():
            connection.execute("SELECT count(*) FROM items")
            reads.set()
            done.wait(READER)

    reader = threading.Thread(target=read)
    reader.start()
    reads.wait()
    try:
        yield
    finally:
        done.set()
        reader.join()


def _ours(where: ConnectionSettings, number: int) -> None:
    with applying(where, lock_timeout=LOCK_TIMEOUT) as apply:
        text = f"ALTER TABLE items ADD COLUMN ours_{number} int;\n"
        apply.up(migration(f"add_{number}", text, Kind.SQL))


def _without(where: ConnectionSettings, number: int) -> None:
    with connect(where) as connection:
        connection.execute(f"ALTER TABLE items ADD COLUMN theirs_{number} int".encode())
