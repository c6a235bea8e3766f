"""A backfill of a million rows: ours, the same keyset loop written bare, and one UPDATE; each beside a point query.

In turns, each on a table made anew, on a server that waits for its disk. The bare loop has batches of the size that
ours came to on the average. The point query is asked by a process of its own, every few milliseconds.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

import psycopg

from bench.engine.applying import applying, connect, migration, start_run
from bench.figures import Figure, percentile
from dbmigrations.postgres.settings import ConnectionSettings
from dbmigrations.release.migration import Kind
from tests.harness.postgres import start_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from pathlib import Path

    from tests.harness.console import Console
    from tests.harness.postgres import Server

ROWS = int(os.environ.get("ROWS", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "7"))
PAUSE = 0.002
"""Seconds between two point queries."""

GOAL_OF_THE_LOOP = 1 / 0.9
GOAL_OF_THE_QUERY = 60.0

_SCRIPT = """\
-- migrate: backfill=orders key=id
-- migrate: remaining=SELECT count(*) FROM orders WHERE account_id IS NULL
UPDATE orders SET account_id = user_id * 10 WHERE :batch AND account_id IS NULL;
"""
_BOUNDARY = (
    "SELECT id FROM (SELECT id FROM orders WHERE id > %s AND id <= %s ORDER BY id LIMIT %s) b ORDER BY id DESC LIMIT 1"
)
_BATCH = "UPDATE orders SET account_id = user_id * 10 WHERE id > %s AND id <= %s AND account_id IS NULL"
_LEFT = "SELECT count(*) FROM orders WHERE account_id IS DISTINCT FROM user_id * 10"
_WHOLE = "UPDATE orders SET account_id = user_id * 10 WHERE account_id IS NULL"


@dataclass
class Taken:
    """What one way took, round by round: seconds, and milliseconds of each point query."""

    seconds: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)


def measure(server: Server, folder: Path, console: Console) -> tuple[list[Figure], dict[str, object]]:  # noqa: ARG001 - as every part
    """All three ways in turns."""
    own = start_server(server.binaries, durable=True, settings={"shared_buffers": "256MB", "max_wal_size": "4GB"})
    try:
        return _measure(own, console)
    finally:
        own.stop()


def _measure(server: Server, console: Console) -> tuple[list[Figure], dict[str, object]]:
    database = server.create_database()
    where = ConnectionSettings(host=str(server.folder), port=str(server.port), dbname=database, user=server.SUPERUSER)
    start_run(where)
    ours, bare, whole = Taken(), Taken(), Taken()
    sizes: list[int] = []
    for number in range(ROUNDS):
        # Who goes first changes: what one leaves to the disk the next one waits for.
        ways = [(ours, partial(_ours, where, number)), (whole, partial(_one_update, where))]
        ways.insert(1 if number % 2 == 0 else 0, (bare, partial(_bare, where, sizes)))
        for taken, way in ways:
            sizes += _round(where, taken, way)
        console.say(f"round {number + 1} of {ROUNDS}: {ours.seconds[-1]:.1f} s, {bare.seconds[-1]:.1f} s bare")
    figures = [
        Figure("a backfill", *_typical(ours, bare), GOAL_OF_THE_LOOP, bounds_ratio=True),
        Figure("the same beside one UPDATE", *_typical(ours, whole)),
        Figure("a point query meanwhile, p99", median(ours.p99), "ms", median(bare.p99), GOAL_OF_THE_QUERY),
        Figure("the same beside one UPDATE, p99", median(ours.p99), "ms", median(whole.p99)),
    ]
    return figures, {
        "rows": ROWS,
        "rounds": ROUNDS,
        "rows_a_batch": round(median(sizes)),
        "rows_a_second": round(ROWS / median(ours.seconds)),
        "fsync": "on",
        "pause_between_point_queries_ms": PAUSE * 1000,
        "figure": "seconds: of the round with the median ratio; p99: median of the rounds",
        "reference": "the loop in psycopg alone, with batches of our average size; one UPDATE",
    }


def _typical(ours: Taken, theirs: Taken) -> tuple[float, str, float]:
    """Both figures of the round whose ratio is the median: the machine drifts less within a round than between them."""
    rounds = sorted(zip(ours.seconds, theirs.seconds, strict=True), key=lambda both: both[0] / both[1])
    value, reference = rounds[len(rounds) // 2]
    return value, "s", reference


def _round(where: ConnectionSettings, taken: Taken, work: Callable[[], list[int]]) -> list[int]:
    """One way over a new table, with the point query beside it; what the way answers."""
    with connect(where) as connection:
        connection.execute("DROP TABLE IF EXISTS orders")
        connection.execute("CREATE TABLE orders (id bigint, user_id int, account_id bigint, note text)")
        connection.execute(
            "INSERT INTO orders SELECT i, i %% 1000, NULL, repeat('x', 60) FROM generate_series(1, %s) i", (ROWS,)
        )
        connection.execute("ALTER TABLE orders ADD PRIMARY KEY (id)")
        connection.execute("VACUUM ANALYZE orders")
        connection.execute("CHECKPOINT")
    here, there = multiprocessing.get_context("spawn").Pipe()
    asker = multiprocessing.get_context("spawn").Process(target=_ask, args=(where.parameters(), there))
    asker.start()
    here.recv()
    began = time.perf_counter()
    answer = work()
    taken.seconds.append(time.perf_counter() - began)
    here.send(None)
    taken.p99.append(percentile(here.recv(), 99))
    asker.join()
    with connect(where) as connection:
        row = connection.execute(_LEFT).fetchone()
        if row != (0,):
            raise RuntimeError(f"{row} rows were left")
    return answer


def _ours(where: ConnectionSettings, number: int) -> list[int]:
    """The engine, from its session to the history row; rows of a batch on the average."""
    with applying(where) as apply:
        apply.up(migration(f"fill_{number}", _SCRIPT, Kind.DATA))
        (batches,) = apply.session.one(
            "SELECT batches FROM dbmigrations.backfill_checkpoint ORDER BY journal_id DESC LIMIT 1"
        )
    return [round(ROWS / batches)]


def _bare(where: ConnectionSettings, sizes: list[int]) -> list[int]:
    size = round(median(sizes))
    with connect(where) as connection:
        (upper,) = connection.execute("SELECT max(id) FROM orders").fetchone() or (0,)
        last = 0
        while last < upper:
            with connection.transaction():
                row = connection.execute(_BOUNDARY, (last, upper, size)).fetchone()
                following = row[0] if row else upper
                connection.execute(_BATCH, (last, following))
            last = following
    return []


def _one_update(where: ConnectionSettings) -> list[int]:
    with connect(where) as connection:
        connection.execute(_WHOLE)
    return []


def _ask(parameters: dict[str, str], pipe: Connection[Any, Any]) -> None:
    """Ask for one row after the other until told to stop; answers with the milliseconds that each took."""
    took: list[float] = []
    choice = random.Random(1)  # noqa: S311 - not a secret
    with psycopg.connect(**parameters, autocommit=True) as connection:  # type: ignore[arg-type]  # texts, as libpq's
        connection.execute("SELECT note FROM orders WHERE id = %s", (1,))
        pipe.send(None)
        while not pipe.poll():
            began = time.perf_counter()
            connection.execute("SELECT note FROM orders WHERE id = %s", (choice.randint(1, ROWS),)).fetchone()
            took.append((time.perf_counter() - began) * 1000)
            time.sleep(PAUSE)
    pipe.send(took)
