"""What a fingerprint costs: a database of 3,000 tables, each with keys, an index, a policy on every third.

The server prints the definitions one after the other, and needs longer for it than we for taking them: of the time by
the clock, what is no processor time of this process is waiting for the server, or for a core.
"""

from __future__ import annotations

import os
import time
from statistics import median
from typing import TYPE_CHECKING

from bench.figures import Figure
from dbmigrations.postgres.catalog.difference import compare
from dbmigrations.postgres.catalog.reading import take_snapshot
from dbmigrations.postgres.catalog.snapshot import Snapshot
from dbmigrations.postgres.connection import Session, SessionSettings
from dbmigrations.postgres.settings import ConnectionSettings
from dbmigrations.postgres.tables import Tables

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.console import Console
    from tests.harness.postgres import Server

TABLES = int(os.environ.get("TABLES", "3000"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
GOAL = 3.0

_TABLE = """
    CREATE TABLE t{n} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant integer NOT NULL, name text UNIQUE,
        total numeric(10, 2) DEFAULT 0, made timestamptz NOT NULL DEFAULT now(), CHECK (total >= 0));
    CREATE INDEX ON t{n} (tenant, made);
"""
_POLICY = "ALTER TABLE t{n} ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON t{n} USING (tenant = 1);"


def measure(server: Server, folder: Path, console: Console) -> tuple[list[Figure], dict[str, object]]:  # noqa: ARG001 - as every part
    """Taking a snapshot and hashing it; packing, unpacking and comparing it."""
    database = server.create_database()
    with server.connect(database) as connection:
        for first in range(0, TABLES, 100):
            connection.execute("".join(_text(n) for n in range(first, min(first + 100, TABLES))).encode())
        connection.execute("ANALYZE")
    console.say(f"{TABLES} tables made")
    where = ConnectionSettings(host=str(server.folder), port=str(server.port), dbname=database, user=server.SUPERUSER)
    spent: dict[str, list[float]] = {}
    with Session.open(where, SessionSettings(application_name="bench")) as session:
        for _ in range(ROUNDS):
            _round(session, spent)
        seen = take_snapshot(session, Tables())
    server.drop_database(database)
    figures = [
        Figure(name, median(times), "s", at_most=GOAL if name == "taken and hashed" else None)
        for name, times in spent.items()
    ]
    figures.append(Figure("stored", len(seen.encode()) / 1024, "KiB"))
    return figures, {"tables": TABLES, "objects": len(seen.objects), "rounds": ROUNDS, "figure": "median"}


def _round(session: Session, spent: dict[str, list[float]]) -> None:
    began = time.process_time()
    marks = [time.perf_counter()]
    seen = take_snapshot(session, Tables())
    str(seen.fingerprint)
    marks.append(time.perf_counter())
    ours = time.process_time() - began
    raw = seen.encode()
    marks.append(time.perf_counter())
    again = Snapshot.decode(raw)
    marks.append(time.perf_counter())
    compare(seen, again)
    marks.append(time.perf_counter())
    names = ("taken and hashed", "packed", "unpacked", "compared")
    for name, since, until in zip(names, marks, marks[1:], strict=False):
        spent.setdefault(name, []).append(until - since)
    spent.setdefault("taken and hashed, processor time of ours", []).append(ours)


def _text(n: int) -> str:
    return _TABLE.format(n=n) + (_POLICY.format(n=n) if n % 3 == 0 else "")
