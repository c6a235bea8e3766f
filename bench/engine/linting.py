"""What it costs to classify and lint 820 migrations in CI, beside squawk on the same files.

Whole processes, in turns, as a pull request's CI starts them. `dbmigrate validate` reads the directory, splits and
parses each script and judges whether a killed run of it could be resumed. `dbmigrate plan --offline` does that as
well, and classifies each statement in the light of all before it, tells locks, losses and the safer way to write it,
and holds the policy against it. squawk looks at each file by itself.
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
BIN = Path(sys.executable).parent


def measure(server: Server, folder: Path, console: Console) -> tuple[list[Figure], dict[str, object]]:  # noqa: ARG001 - as every part
    """The two commands and squawk; the classification alone, in a process that runs already."""
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
    return _figures(spent, alone), method | {"reference": version.stdout.strip()}


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
