"""A story of an operator: the steps of a run as its Jobs call them, one of them struck and run again as it would be.

A Job that ends without a result, or with one that says to wait, is run again with the same request. One that failed is
what a person must see: after what struck was made good, a new run is asked for, as with the annotation.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from dbmigrations.api.spec import BackupWhen
from dbmigrations.api.step import (
    Outcome,
    RequestedBackup,
    RequestedPolicy,
    RequestedTimeouts,
    Requester,
    ResultInvalidError,
    StepName,
    StepRef,
    StepRequest,
    StepResult,
    Trigger,
)
from dbmigrations.api.words import OperationsPolicy
from dbmigrations.postgres.client_programs import client_version
from tests.engine.kills.books import Books, books_of
from tests.engine.kills.faults import Fault
from tests.engine.kills.ground import Armed, Ground
from tests.engine.kills.program import start
from tests.engine.kills.shelf import RETAIN, Shelf
from tests.engine.kills.state import State, state_of
from tests.engine.kills.story import Ended

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.databases import Database
    from tests.engine.kills.full_disk import SmallDisk
    from tests.engine.kills.hostile import MigrationSet
    from tests.harness.postgres import Server

_REQUESTER = Requester(cluster="soak", namespace="soak", name="shop", uid="uid-1", generation=1)
_MAY_FAIL = frozenset({Fault.DISK_FULL})
"""What a person makes good; everything else only ever makes a step run again."""
_ATTEMPTS = 12
_BEFORE_AGAIN = 0.3
"""Seconds; an operator backs off longer."""


@dataclass(frozen=True)
class Course:
    """A run of a migration set in one direction: its first request, the database before it, and all after it."""

    request: StepRequest
    template: str
    expected: State
    books: Books
    queries: tuple[str, ...]
    """What its steps say to the server when nobody disturbs them, `pg_dump` too."""
    steps: tuple[tuple[StepName, range], ...]
    """Which of these, counting from 1, belong to which step."""

    def within(self, name: StepName) -> range:
        """The queries of the first step of this name; none where the run has no such step."""
        return next((queries for step, queries in self.steps if step is name), range(0))


@dataclass(frozen=True)
class _Place:
    """What is mounted into the Jobs of one story."""

    folder: Path
    shelf: Shelf

    def mounted(self, request: StepRequest, run: str) -> StepRequest:
        """The request with its files where they are."""
        backup = request.backup.model_copy(update={"directory": str(self.shelf.folder)})
        return request.model_copy(update={"run": run, "credentials": str(self.folder / "secret"), "backup": backup})


@dataclass
class _Followed:
    """What became of a run."""

    runs: list[str] = field(default_factory=list)
    backups: set[str] = field(default_factory=set)
    again: str = ""
    """Why the first step that was run again was; empty: none was."""
    wrong: list[str] = field(default_factory=list)
    steps: list[tuple[StepName, range]] = field(default_factory=list)
    last_run: str = ""


@dataclass(frozen=True)
class _Job:
    """How a Job ended."""

    code: int
    result: StepResult | None
    log: str

    @property
    def why_again(self) -> str:
        """Why the step is run again; empty: it is not."""
        if self.code < 0:
            return {-9: "killed"}.get(self.code, f"signal {-self.code}")
        if self.result is None:
            return "result lost"
        return f"exit {self.code}" if self.result.outcome is Outcome.WAITING else ""


class Operated:
    """One migration set on one server: both ways, undisturbed, and then any number of stories."""

    def __init__(self, server: Server, folder: Path, migrations: MigrationSet, disk: SmallDisk | None = None) -> None:
        self.ground = Ground(server, folder, disk)
        self._set = migrations
        client = client_version("pg_dump")
        self.can_dump = client is not None and client.major >= server.major
        migrations.write(folder / "database")
        self.up, self.down = self._undisturbed()

    @property
    def both(self) -> tuple[Course, Course]:
        """Up and down."""
        return self.up, self.down

    def close(self) -> None:
        """End the proxy."""
        self.ground.close()

    def play(self, course: Course, fault: Fault, at: int, *, pause: float = 0.0, forked: bool = True) -> Ended:
        """Strike a run at its `at`-th query, follow it to its end, and compare."""
        database = self.ground.copy(course.template, small=fault is Fault.DISK_FULL)
        place = self._place(database)
        try:
            armed = self.ground.arm(fault, at, pause=pause)
            followed = self._follow(course.request, place, armed, forked=forked)
            query = armed.over()
            wrong = [*followed.wrong, *course.expected.differences(state_of(database))]
            wrong += course.books.differences(books_of(database), another_run=len(followed.runs) > 1)
            if self.can_dump:
                wrong += place.shelf.faults_at_the_end(followed.backups)
            return Ended(fault, at, query, followed.again or "went on by itself", tuple(wrong))
        finally:
            self.ground.server.drop_database(database.name)

    def _undisturbed(self) -> tuple[Course, Course]:
        database = self.ground.copy("template0")
        bottom, top = f"{database.name}_bottom", f"{database.name}_top"
        first, last_run = self._course(database, self._set.bottom, "template0", "")
        self.ground.keep(database, bottom)
        up, last_run = self._course(database, self._set.top, bottom, last_run)
        self.ground.keep(database, top)
        down, _ = self._course(database, self._set.bottom, top, last_run)
        self.ground.server.drop_database(database.name)
        for course in (first, up, down):
            assert course.expected.left_over == ()
        return up, down

    def _course(self, database: Database, version: str, template: str, last_run: str) -> tuple[Course, str]:
        """Run it undisturbed: what it is then, and its id as the status would remember it."""
        place = self._place(database)
        request = StepRequest(
            step=StepRef(name=StepName.PREFLIGHT),
            run="",
            requester=_REQUESTER,
            version=version,
            source=str(self.ground.folder / "database"),
            policy=RequestedPolicy(operations=OperationsPolicy.ANY),
            timeouts=RequestedTimeouts(wait=60),
            backup=RequestedBackup(when=BackupWhen.ALWAYS if self.can_dump else BackupWhen.NEVER, retain=RETAIN),
            last_run=last_run,
        )
        asked = self._job(place.mounted(request, str(uuid4())), place).result
        if asked is not None and asked.outcome is Outcome.REFUSED and asked.plan is not None:
            request = request.model_copy(update={"approved_plan": asked.plan.hash})
        self.ground.listen()
        followed = self._follow(request, place)
        assert not followed.wrong, "\n".join(followed.wrong)
        assert not followed.again
        said, steps = tuple(self.ground.proxy.said), tuple(followed.steps)
        return Course(request, template, state_of(database), books_of(database), said, steps), followed.last_run

    def _follow(
        self, given: StepRequest, place: _Place, armed: Armed | None = None, *, forked: bool = True
    ) -> _Followed:
        """What an operator does until the run has ended."""
        followed = _Followed()
        request = first = self._new_run(given, place, followed)
        for _ in range(200):
            job = self._attempts(request, place, followed, armed, forked=forked)
            result = job.result
            if result is None or result.outcome is not Outcome.SUCCEEDED:
                if armed is None or armed.fault not in _MAY_FAIL or len(followed.runs) > 1:
                    followed.wrong.append(f"{request.step.name} did not succeed: {job.code} {job.log}")
                    return followed
                followed.again = followed.again or "failed, then a new run"
                request = first = self._new_run(given.model_copy(update={"trigger": Trigger.RETRY}), place, followed)
                continue
            if request.step.name is StepName.BACKUP:
                followed.backups.add(request.run)
            if result.next is None:
                followed.last_run = result.last_run or ""
                return followed
            plan_hash = result.plan.hash if result.plan else request.plan_hash
            request = first.model_copy(update={"step": result.next, "plan_hash": plan_hash})
        raise AssertionError("the run has no end")

    @staticmethod
    def _new_run(given: StepRequest, place: _Place, followed: _Followed) -> StepRequest:
        followed.runs.append(str(uuid4()))
        return place.mounted(given, followed.runs[-1])

    def _attempts(
        self,
        request: StepRequest,
        place: _Place,
        followed: _Followed,
        armed: Armed | None,
        *,
        forked: bool,
    ) -> _Job:
        """One step: Job after Job until one does not say to wait."""
        begin = len(self.ground.proxy.said) + 1
        for _ in range(_ATTEMPTS):
            job = self._job(request, place, armed, forked=forked)
            followed.wrong += place.shelf.faults() if self.can_dump else []
            if self.ground.disk and armed is not None and armed.has_struck:
                self.ground.disk.free()
            if not job.why_again:
                break
            followed.again = followed.again or f"{job.why_again}, then the step again"
            time.sleep(_BEFORE_AGAIN)
        followed.steps.append((request.step.name, range(begin, len(self.ground.proxy.said) + 1)))
        return job

    def _job(self, request: StepRequest, place: _Place, armed: Armed | None = None, *, forked: bool = True) -> _Job:
        path = place.folder / "result"
        path.unlink(missing_ok=True)
        if armed is not None:
            armed.aim(None)
        had_struck = armed is not None and armed.has_struck
        text = request.model_dump_json(by_alias=True)
        words = ["step", request.step.name.lower(), "--request", text, "--result", str(path)]
        program = start(words, place.folder, {}, forked=forked)
        if armed is not None:
            armed.aim(program)
        code = program.end()
        if armed is not None and armed.fault is Fault.RESULT_LOST and armed.has_struck and not had_struck:
            path.unlink()
        return _Job(code, _read(path, code), program.said())

    def _place(self, database: Database) -> _Place:
        folder = self.ground.folder / str(uuid4())
        (folder / "secret").mkdir(parents=True)
        login = f"{self.ground.owner}@127.0.0.1:{self.ground.proxy.port}"
        url = f"postgresql://{login}/{database.name}?sslmode=disable&gssencmode=disable"
        (folder / "secret" / "uri").write_text(url)
        shelf = Shelf(folder / "backups", f"{_REQUESTER.namespace}.{_REQUESTER.name}")
        shelf.seed()
        return _Place(folder, shelf)


def _read(path: Path, code: int) -> StepResult | None:
    """As the operator reads it: a failed Job is never a success, and what cannot be read is an error."""
    if not path.exists():
        return None
    try:
        result = StepResult.decode(path.read_text())
    except ResultInvalidError:
        return None
    return None if result.outcome is Outcome.SUCCEEDED and code != 0 else result
