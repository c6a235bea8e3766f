"""What it costs to classify and lint 820 migrations in CI, beside squawk on the same files.

Whole processes, in turns, as a pull request's CI starts them. `dbmigrate validate` reads the directory, splits and
parses each script and judges whether a killed run of it could be resumed. `dbmigrate plan --offline` does that as
well, and classifies each statement in the light of all before it, tells locks, losses and the safer way to write it,
and holds the policy against it. squawk looks at each file by itself.

What is known of the statements before grows with a script: a script of eight times as many takes eight times as long,
where none of them copies it, or goes from each to all others.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.engine import generated
from bench.engine.processes import Shell, Spent
from bench.figures import Figure
from dbmigrations.api.words import Direction
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import read
from dbmigrations.release.directory import load
from dbmigrations.release.migration import Kind
from dbmigrations.runner.analysis import PlannedScript, analyse, count_nothing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.harness.console import Console
    from tests.harness.postgres import Server

FILES = int(os.environ.get("FILES", "820"))
ROUNDS = int(os.environ.get("ROUNDS", "9"))
GOAL = 1.5
SHORT, LONG, GROWTH = 500, 4_000, 2.5
GROWING = {
    "columns": "ALTER TABLE t ADD COLUMN c{0} text;\n",
    "tables": "CREATE TABLE t{0} (id int);\n",
    "names": "ALTER TABLE t{0} RENAME TO u{0};\n",
    "types": "CREATE TYPE e{0} AS ENUM ('a');\n",
    "functions": "CREATE FUNCTION f{0}() RETURNS int LANGUAGE sql AS 'SELECT 1';\n",
    "schemas": "CREATE SCHEMA s{0};\n",
    "partitions, each with a row": "CREATE TABLE p{0} PARTITION OF t DEFAULT; INSERT INTO p{0} VALUES (0);\n",
    "partitions of a table that is written to": "CREATE TABLE p{0} PARTITION OF t DEFAULT; INSERT INTO t VALUES (0);\n",
}
BIN = Path(sys.executable).parent


def measure(server: Server, folder: Path, console: Console) -> tuple[list[Figure], dict[str, object]]:  # noqa: ARG001 - as every part
    """The two commands and squawk; in a process that runs already, the classification alone, and of long scripts."""
    root = folder / "database"
    scripts = generated.write(generated.migrations(FILES), root)
    console.say(f"{FILES} files, {sum(script.stat().st_size for script in scripts) // 1024} KiB")
    commands: dict[str, Sequence[str]] = {
        "dbmigrate validate": [str(BIN / "dbmigrate"), "validate", "--dir", str(root)],
        "dbmigrate plan --offline": [str(BIN / "dbmigrate"), "plan", "--offline", "--dir", str(root)],
        "squawk": [str(BIN / "squawk"), *map(str, scripts)],
    }
    shell = Shell(folder, {"PATH": os.environ["PATH"]})
    spent = {name: Spent() for name in commands}
    alone: list[float] = []
    for _ in range(ROUNDS):
        for name, words in commands.items():
            shell.run(words, spent[name], good=(0, 1) if name == "squawk" else (0,))  # 1: it found something
        alone.append(_classify(root))
    version = subprocess.run([str(BIN / "squawk"), "--version"], check=True, capture_output=True, text=True)
    method: dict[str, object] = {"files": FILES, "seed": generated.SEED, "rounds": ROUNDS, "figure": "median"}
    return [*_figures(spent, alone), *_growth()], method | {"reference": version.stdout.strip()}


def _figures(spent: Mapping[str, Spent], alone: Sequence[float]) -> list[Figure]:
    figures = []
    for kind in ("wall", "processor"):
        seconds = {name: median(getattr(each, kind)) / 1000 for name, each in spent.items()}
        reference = seconds.pop("squawk")
        goal, what = (GOAL, "") if kind == "wall" else (None, ", processor time")
        figures += [Figure(name + what, value, "s", reference, goal) for name, value in seconds.items()]
    return [*figures, Figure("classified alone, in a process that runs", median(alone), "s")]


def _classify(root: Path) -> float:
    planned = [
        PlannedScript((Kind.SCHEMA, each.name, Direction.UP), each.up.path, each.up.text)
        for each in load(root).migrations
    ]
    began = time.perf_counter()
    analyse(planned, "public", count_nothing)
    return time.perf_counter() - began


def _growth() -> list[Figure]:
    return [
        Figure(
            f"one script that makes {LONG:,} {what}, beside {LONG // SHORT} that make {SHORT}",
            min(_review(statement, LONG) for _ in range(3)),
            "s",
            min(_review(statement, SHORT) for _ in range(3)) * (LONG // SHORT),
            GROWTH,
            bounds_ratio=True,
        )
        for what, statement in GROWING.items()
    ]


def _review(statement: str, times: int) -> float:
    script = read("".join(map(statement.format, range(times))))
    began = time.process_time()
    review_script(script, Batch.of("public"))
    return time.process_time() - began
