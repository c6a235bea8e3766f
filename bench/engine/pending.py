"""What `dbmigrate migrate` costs when there is nothing to do, in a database where 1,000 migrations are applied.

Beside a bare interpreter that opens one connection and asks one query: processes of both kinds in turns.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.engine.apply import Directory, approval, by_command
from bench.engine.processes import Shell, Spent
from bench.engine.scripts import generated, write
from bench.figures import Figure

if TYPE_CHECKING:
    from tests.harness.console import Console
    from tests.harness.postgres import Server

COUNT = int(os.environ.get("APPLIED", "1000"))
ROUNDS = int(os.environ.get("ROUNDS", "15"))
GOAL = 1.5

REFERENCE = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    print(connection.execute("SELECT version()").fetchone()[0])
"""


def measure(server: Server, folder: Path, console: Console) -> tuple[list[Figure], dict[str, object]]:
    """Both, and the loop that finds each file applied."""
    scripts, root = generated(COUNT), folder / "database"
    files = write(scripts, root)
    database = server.create_database()
    by_command(Directory(scripts, root, files, approval(root), server), database)
    console.say(f"{COUNT} migrations are applied")
    shell = Shell(folder, {"PATH": os.environ["PATH"], "DATABASE_URL": server.url(database)})
    program = str(Path(sys.executable).with_name("dbmigrate"))
    ours, reference = Spent(), Spent()
    for _ in range(ROUNDS):
        shell.run([program, "migrate", "--dir", str(root), "--no-backup", "--log-dir", str(folder / "logs")], ours)
        shell.run([sys.executable, "-c", REFERENCE], reference)
    server.drop_database(database)
    figures = [
        Figure(
            "dbmigrate migrate, nothing to do", median(ours.wall), "ms", median(reference.wall), GOAL, bounds_ratio=True
        ),
        Figure("the same, processor time", median(ours.processor), "ms", median(reference.processor)),
    ]
    return figures, {
        "applied": COUNT,
        "rounds": ROUNDS,
        "figure": "median",
        "reference": "python -c: " + " ".join(REFERENCE.split()),
    }
