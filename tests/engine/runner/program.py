"""The real `dbmigrate`, as a person calls it on a laptop, and as the Job of an operator calls it.

`run` and `job` call the command line in this process, for a process of its own takes a second to start; `start` makes
one, for what only a process shows: signals, its environment, everything that it says.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from click.testing import CliRunner

from dbmigrations.api.spec import BackupWhen
from dbmigrations.api.step import Outcome, RequestedBackup, Requester, StepName, StepRef, StepRequest, StepResult
from dbmigrations.runner.documents import DOCUMENTS
from dbmigrations.runner.documents.parts import ErrorDocument
from dbmigrations.runner.main import cli
from tests.engine.databases import CANARY, Database

if TYPE_CHECKING:
    from collections.abc import Iterator

EXECUTABLE = Path(sys.executable).with_name("dbmigrate")
PATIENCE = 180
"""Seconds within which every command of these tests has ended."""


@contextmanager
def _process(words: list[str], folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document of its standard output."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def all(self) -> str:
        """Everything that it said."""
        return self.out + self.err


def check_document(words: tuple[str, ...], ran: Ran) -> None:
    """Hold what a command said to the model of its document; `error` is what any command may answer."""
    document = ran.document
    if "error" in document:
        said = ErrorDocument.model_validate(document, strict=False)
        assert said.error.exit == ran.code
        return
    command = next(name for name in sorted(DOCUMENTS, key=len, reverse=True) if " ".join(words).startswith(name))
    assert document["command"] == command
    DOCUMENTS[command].model_validate(document)
    assert document.get("exit", ran.code) == ran.code


@dataclass(frozen=True)
class Laptop:
    """A person's shell in a folder, with DATABASE_URL set."""

    folder: Path
    url: str
    environment: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """A command in a process of its own; it does not outlive the block."""
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": self.url, **self.environment}
        with _process([str(EXECUTABLE), *words], self.folder, environment) as process:
            yield process

    def run(self, *words: str, typed: str = "") -> Ran:
        """Run a command to its end."""
        runner = CliRunner(env={"DATABASE_URL": self.url, **self.environment})
        with chdir(self.folder):
            ended = runner.invoke(cli, words, input=typed, prog_name="dbmigrate")
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        ran = Ran(ended.exit_code, ended.stdout, ended.stderr)
        if "--json" in words:
            check_document(words, ran)
        return ran

    def end(self, process: subprocess.Popen[str]) -> Ran:
        """Wait for a started command."""
        out, err = process.communicate(timeout=PATIENCE)
        return Ran(process.returncode, out, err)

    def changed(self, *words: str) -> Ran:
        """Run a command that must succeed, without a backup: not every tested server has a client here."""
        ran = self.run(*words, "--no-backup")
        assert ran.code == 0, ran.all
        return ran


@dataclass
class Operator:
    """What an operator does with a database, step by step: Jobs, and the results that it reads from them."""

    folder: Path
    database: Database
    source: Path
    uid: str = "uid-1"
    name: str = "shop"
    generation: int = 1
    last_run: str = ""
    log: str = ""
    """The logs of all Jobs so far."""

    def secret(self, password: str = CANARY) -> Path:
        """The mounted Secret."""
        folder = self.folder / "credentials"
        folder.mkdir(exist_ok=True)
        keys = {
            "host": "127.0.0.1",
            "port": str(self.database.server.port),
            "dbname": self.database.name,
            "username": self.database.owner,
            "password": password,
        }
        for key, value in keys.items():
            (folder / key).write_text(value)
        return folder

    def request(self, version: str, **fields: object) -> StepRequest:
        """The request of a new run's preflight."""
        given: dict[str, object] = {
            "step": StepRef(name=StepName.PREFLIGHT),
            "run": str(uuid4()),
            "requester": Requester(
                cluster="c", namespace="prod", name=self.name, uid=self.uid, generation=self.generation
            ),
            "version": version,
            "source": str(self.source),
            "credentials": str(self.folder / "credentials"),
            "backup": RequestedBackup(when=BackupWhen.NEVER),
            "last_run": self.last_run,
        }
        return StepRequest.model_validate(given | fields)

    @contextmanager
    def started(self, request: StepRequest) -> Iterator[tuple[subprocess.Popen[str], Path]]:
        """A Job in a process of its own, and the file that its result will be in; it does not outlive the block."""
        result = self.folder / f"result-{uuid4()}"
        text = request.model_dump_json(by_alias=True)
        words = [str(EXECUTABLE), "step", request.step.name.lower(), "--request", text, "--result", str(result)]
        with _process(words, self.folder, {"PATH": os.environ["PATH"]}) as process:
            yield process, result

    def job(self, request: StepRequest) -> StepResult:
        """Run one Job to its end and read its result; the exit code says the same."""
        path = self.folder / f"result-{uuid4()}"
        text = request.model_dump_json(by_alias=True)
        words = ["step", request.step.name.lower(), "--request", text, "--result", str(path)]
        ended = CliRunner().invoke(cli, words, prog_name="dbmigrate")
        self.log += ended.stdout + ended.stderr
        return self.read(request, path, ended.exit_code)

    def end(self, request: StepRequest, process: subprocess.Popen[str], path: Path) -> StepResult:
        """Wait for a started Job and read its result."""
        out, err = process.communicate(timeout=PATIENCE)
        self.log += out + err
        return self.read(request, path, process.returncode)

    def read(self, request: StepRequest, path: Path, code: int) -> StepResult:
        """The result of a Job that ended with this code."""
        result = StepResult.decode(path.read_text())
        assert (result.run, result.step) == (request.run, request.step), self.log
        assert (code == 0) == (result.outcome is Outcome.SUCCEEDED), self.log
        return result

    def preflight(self, version: str, **fields: object) -> tuple[StepRequest, StepResult]:
        """The first step of a new run, with what its next ones need."""
        request = self.request(version, **fields)
        return request, self.job(request)

    def follow(self, request: StepRequest, result: StepResult) -> list[StepResult]:
        """The rest of a run, step by step, until one does not succeed or none follows."""
        results = [result]
        plan_hash = result.plan.hash if result.plan else ""
        while results[-1].outcome is Outcome.SUCCEEDED and results[-1].next is not None:
            follower = request.model_copy(update={"step": results[-1].next, "plan_hash": plan_hash})
            results.append(self.job(follower))
        if results[-1].last_run is not None:
            self.last_run = results[-1].last_run
        return results

    def migrate(self, version: str, **fields: object) -> list[StepResult]:
        """A whole run."""
        return self.follow(*self.preflight(version, **fields))

    def approve(self, version: str, **fields: object) -> list[StepResult]:
        """A whole run of a plan that waits for its approval, and gets it."""
        _, waiting = self.preflight(version, **fields)
        assert waiting.outcome is Outcome.REFUSED, self.log
        assert waiting.plan is not None
        return self.migrate(version, approved_plan=waiting.plan.hash, **fields)
