"""What it costs to start `dbmigrate`, beside an interpreter that imports psycopg and pydantic and asks one query.

Processes of both kinds in turns, so that a busy machine is as busy for each.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from uuid import uuid4

from bench.engine.processes import Shell, Spent
from bench.figures import Figure
from dbmigrations.api.spec import BackupWhen
from dbmigrations.api.step import Outcome, RequestedBackup, Requester, StepName, StepRef, StepRequest, StepResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.harness.console import Console
    from tests.harness.postgres import Server

ROUNDS = int(os.environ.get("ROUNDS", "31"))
PROGRAM = Path(sys.executable).with_name("dbmigrate")
SHOP = Path(__file__).parents[2] / "manifests" / "shop" / "database"
GOAL = 1.3

REFERENCE = """
import os, psycopg, pydantic
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    print(connection.execute("SELECT version()").fetchone()[0])
"""


@dataclass(frozen=True)
class Jobs:
    """The steps of a run as an operator's Jobs call them."""

    shell: Shell
    credentials: Path

    def preflight(self, version: str) -> StepRequest:
        """The first request of a run."""
        return StepRequest(
            step=StepRef(name=StepName.PREFLIGHT),
            run=str(uuid4()),
            requester=Requester(cluster="bench", namespace="bench", name="shop", uid="bench", generation=1),
            version=version,
            source=str(SHOP),
            credentials=str(self.credentials),
            backup=RequestedBackup(when=BackupWhen.NEVER),
        )

    def run(self, request: StepRequest, spent: Spent) -> StepResult:
        """One step.

        Raises:
            RuntimeError: it did not succeed.
        """
        path = self.shell.folder / "result"
        path.unlink(missing_ok=True)
        text = request.model_dump_json(by_alias=True)
        words = [str(PROGRAM), "step", request.step.name.lower(), "--request", text, "--result", str(path)]
        self.shell.run(words, spent)
        result = StepResult.decode(path.read_text())
        if result.outcome is not Outcome.SUCCEEDED:
            raise RuntimeError(f"{request.step.name}: {result.message}")
        return result


def measure(server: Server, folder: Path, console: Console) -> tuple[list[Figure], dict[str, object]]:
    """`version`, and each step of a run when it has nothing (more) to do."""
    database = server.create_database()
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": server.url(database)}
    empty = folder / "empty"  # anything that lies in its folder `version` would take for a release directory
    empty.mkdir()
    shell = Shell(empty, environment)
    jobs = Jobs(Shell(folder, environment), _secret(server, database, folder))
    commands: dict[str, Sequence[str]] = {
        "reference": [sys.executable, "-c", REFERENCE],
        "dbmigrate version": [str(PROGRAM), "version"],
        "dbmigrate version, with a release directory": [str(PROGRAM), "version", "--dir", str(SHOP)],
    }
    steps = _migrate(jobs)
    spent = {name: Spent() for name in (*commands, *steps)}
    for _ in range(ROUNDS):
        for name, words in commands.items():
            shell.run(words, spent[name])
        for name, request in steps.items():
            jobs.run(request, spent[name])
    server.drop_database(database)
    console.say(f"{ROUNDS} rounds of {len(spent)} commands")
    figures = []
    for kind in ("wall", "processor"):
        reference = median(getattr(spent["reference"], kind))
        for name in (*commands, *steps):
            if name != "reference":
                value = median(getattr(spent[name], kind))
                bound = GOAL if (name, kind) == ("dbmigrate version", "wall") else None
                what = "" if kind == "wall" else ", processor time"
                figures.append(Figure(f"{name}{what}", value, "ms", reference, bound, bounds_ratio=bound is not None))
    return figures, {"rounds": ROUNDS, "figure": "median", "reference": "python -c: " + " ".join(REFERENCE.split())}


def _secret(server: Server, database: str, folder: Path) -> Path:
    keys = {
        "host": "127.0.0.1",
        "port": str(server.port),
        "dbname": database,
        "username": server.SUPERUSER,
        "password": server.PASSWORD,
    }
    secret = folder / "credentials"
    secret.mkdir()
    for key, value in keys.items():
        (secret / key).write_text(value)
    return secret


def _migrate(jobs: Jobs) -> dict[str, StepRequest]:
    """Migrates the database; the requests of one step of each kind, all of which find their work done."""
    requests: dict[str, StepRequest] = {}
    request = jobs.preflight("1.1.0")
    while True:
        requests[f"dbmigrate step {request.step.name.lower()}, again"] = request
        result = jobs.run(request, Spent())
        if result.next is None:
            break
        plan_hash = result.plan.hash if result.plan else request.plan_hash
        request = request.model_copy(update={"step": result.next, "plan_hash": plan_hash})
    return requests
