"""What our backup costs beside the raw `pg_dump -Fd -j2`: the same program, jobs and compression, in turns.

Ours asks pg_dump for its version, dumps, reads the table of contents back with pg_restore, takes the checksum of each
file, writes the manifest and moves all into its place. Three quarters of the rows are as pgbench makes them, with a
filler that compresses away; the others hold texts that do not. The server is Debian's, which brings a pg_dump.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from uuid import uuid4

from bench.engine.applying import connect
from bench.figures import Figure
from dbmigrations.postgres.client_programs import client_version, login_environment
from dbmigrations.postgres.connection import Session, SessionSettings
from dbmigrations.postgres.dump import BackupRequest, dump_command, take_backup
from dbmigrations.postgres.settings import ConnectionSettings
from tests.harness.postgres import start_server
from tests.harness.postgres_binaries import client_programs, ensure_binaries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.harness.console import Console
    from tests.harness.postgres import Server

SCALE = int(os.environ.get("SCALE", "20"))
ROUNDS = int(os.environ.get("ROUNDS", "7"))
GOAL = 1.05

_ROWS = """
    CREATE TABLE accounts AS
        SELECT n AS id, n % 20 AS branch, 0 AS balance, repeat(' ', 84) AS filler FROM generate_series(1, {accounts}) n;
    CREATE TABLE notes AS
        SELECT n AS id, md5(n::text) || md5((n + 1)::text) || md5((n + 2)::text) AS text
        FROM generate_series(1, {notes}) n;
    ALTER TABLE accounts ADD PRIMARY KEY (id);
    ALTER TABLE notes ADD PRIMARY KEY (id);
"""


def measure(server: Server, folder: Path, console: Console) -> tuple[list[Figure], dict[str, object]]:  # noqa: ARG001 - as every part
    """Raw and ours in turns, each into a fresh folder on the same disk."""
    # Debian's /usr/bin/pg_dump is a script that looks for the program: the images have the program itself.
    os.environ["PATH"] = f"{client_programs()}:{os.environ['PATH']}"
    client = client_version("pg_dump")
    if client is None:
        raise RuntimeError("there is no pg_dump on PATH (package postgresql-client)")
    own = start_server(ensure_binaries("debian", console))
    try:
        where = ConnectionSettings(host=str(own.folder), port=str(own.port), dbname="postgres", user=own.SUPERUSER)
        with connect(where) as connection:
            connection.execute(_ROWS.format(accounts=75_000 * SCALE, notes=25_000 * SCALE).encode())
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        megabytes = row[0] // 1_000_000 if row else 0
        console.say(f"{megabytes} MB")
        raw: list[float] = []
        ours: list[float] = []
        with Session.open(where, SessionSettings("bench", row_security=False)) as session:
            for _ in range(ROUNDS):
                request = BackupRequest(where, folder / "ours", "bench", str(uuid4()))
                raw.append(_raw(dump_command(client, request, folder / "raw"), request))
                ours.append(_ours(session, request))
                shutil.rmtree(folder / "raw")
                shutil.rmtree(folder / "ours")
    finally:
        own.stop()
    method = {"postgresql": own.major, "pg_dump": client.text, "database": f"{megabytes} MB", "rounds": ROUNDS}
    goal = Figure("backup with its checks", median(ours), "s", median(raw), GOAL, bounds_ratio=True)
    return [goal], method | {"figure": "median", "reference": " ".join(dump_command(client, request, Path("raw")))}


def _raw(command: Sequence[str], request: BackupRequest) -> float:
    with login_environment(request.where) as environment:
        began = time.perf_counter()
        subprocess.run(command, check=True, env=environment)
        return time.perf_counter() - began


def _ours(session: Session, request: BackupRequest) -> float:
    began = time.perf_counter()
    take_backup(session, request)
    return time.perf_counter() - began
