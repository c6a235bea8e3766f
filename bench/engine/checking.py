"""What `dbmigrate check` costs where much has happened: 820 migrations, and a history of 10,000 rows.

The migrations are applied by `dbmigrate migrate`; the rest of the rows says that the last release was undone and
applied again many times, written by the engine's own insert, chain and all. `check` reads the directory, follows the
chain over every row, and compares the catalog with what the last verify saw.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from click.testing import CliRunner

from bench.engine import generated
from bench.engine.applying import applying, connect, start_run
from bench.engine.processes import Shell, Spent
from bench.figures import Figure
from dbmigrations.api.words import Direction
from dbmigrations.postgres import history, runs
from dbmigrations.postgres.outcome import RowOutcome
from dbmigrations.postgres.records import Happening, RecordedMigration
from dbmigrations.postgres.settings import ConnectionSettings
from dbmigrations.release.directory import load
from dbmigrations.runner.main import cli

if TYPE_CHECKING:
    from dbmigrations.postgres.apply import Applier
    from tests.harness.console import Console
    from tests.harness.postgres import Server

ROWS = int(os.environ.get("ROWS", "10000"))
FILES = int(os.environ.get("FILES", "820"))
ROUNDS = int(os.environ.get("ROUNDS", "9"))
GOAL = 1.0
PROGRAM = Path(sys.executable).with_name("dbmigrate")


def measure(server: Server, folder: Path, console: Console) -> tuple[list[Figure], dict[str, object]]:
    """The command as a process, and its work alone in a process that runs already."""
    root = folder / "database"
    generated.write(generated.migrations(FILES), root)
    database = server.create_database()
    where = ConnectionSettings(host=str(server.folder), port=str(server.port), dbname=database, user=server.SUPERUSER)
    shell = Shell(folder, {"PATH": os.environ["PATH"], "DATABASE_URL": server.url(database)})
    place = ["--dir", str(root)]
    options = ["--no-backup", "--operations", "Any", "--log-dir", str(folder)]
    shell.run([str(PROGRAM), "migrate", *place, "--yes", *options], Spent())
    start_run(where)
    with applying(where) as applier:
        _happen_again(applier, root)
    shell.run([str(PROGRAM), "verify", *place], Spent())
    with connect(where) as connection:
        connection.execute("ANALYZE")
        rows = connection.execute("SELECT count(*) FROM dbmigrations.migration_history").fetchone()
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    method = {"history rows": rows and rows[0], "tables": tables and tables[0], "files": FILES, "rounds": ROUNDS}
    console.say(f"{method['history rows']} rows of history, {method['tables']} tables")
    spent, alone = Spent(), []
    for _ in range(ROUNDS):
        shell.run([str(PROGRAM), "check", *place], spent)
        alone.append(_in_process(place, server.url(database)))
    server.drop_database(database)
    figures = [
        Figure("dbmigrate check", median(spent.wall) / 1000, "s", at_most=GOAL),
        Figure("dbmigrate check, processor time", median(spent.processor) / 1000, "s"),
        Figure("in a process that runs", median(alone), "s"),
    ]
    return figures, method | {"figure": "median"}


def _happen_again(applier: Applier, root: Path) -> None:
    """The last release undone and applied again, until there are so many rows."""
    session, tables = applier.session, applier.tables
    last = [RecordedMigration.of(migration) for migration in load(root).releases[-1].migrations]
    cycle = [Happening(each, Direction.DOWN, RowOutcome.UNDONE) for each in reversed(last)]
    cycle += [Happening(each, Direction.UP, RowOutcome.APPLIED) for each in last]
    left = ROWS - FILES
    with session.transaction():
        while left > 0:
            for happening in cycle:
                history.insert(session, tables, happening, applier.provenance)
            left -= len(cycle)
    runs.finish(session, tables, applier.provenance.run, runs.RunOutcome.SUCCEEDED)


def _in_process(place: list[str], url: str) -> float:
    """Seconds of the command, started in this process.

    Raises:
        RuntimeError: it found something, or failed.
    """
    began = time.perf_counter()
    done = CliRunner().invoke(cli, ["check", *place, "--url", url])
    spent = time.perf_counter() - began
    if done.exit_code:
        raise RuntimeError(f"check: {done.exit_code}\n{done.output[-2000:]}")
    return spent
