"""A database and its runner as the operator knows them: requests in, results out, as the step contract says.

It holds what is applied, a verified version and the runs' plans, and performs nothing. What one step does is done
once, however often it is asked for. A test may put another answer in front of any step.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dbmigrations.api.spec import BackupWhen
from dbmigrations.api.step import (
    BackupReport,
    Outcome,
    PlanDirection,
    PlanSummary,
    StepName,
    StepRef,
    StepRequest,
    StepResult,
    Trigger,
)

if TYPE_CHECKING:
    from collections.abc import Callable

from datetime import UTC, datetime

GROUPS = (StepName.SCHEMA, StepName.SQL, StepName.DATA)
TAKEN_AT = datetime(2026, 1, 1, tzinfo=UTC)

Answer = "Callable[[StepRequest], StepResult | None]"


def plan_hash(base: str, target: str) -> str:
    return f"sha256:{hashlib.sha256(f'{base}>{target}'.encode()).hexdigest()}"


@dataclass
class FakeDatabase:
    releases: tuple[str, ...] = ("1.0.0", "1.1.0", "1.2.0")
    version: str = ""
    applied: list[tuple[StepName, str]] = field(default_factory=list)
    groups: tuple[StepName, ...] = GROUPS
    plans: dict[str, list[StepRef]] = field(default_factory=dict)
    changing: set[str] = field(default_factory=set)
    last_run: str = ""
    done: list[tuple[str, StepRef]] = field(default_factory=list)
    asked: list[StepRequest] = field(default_factory=list)
    overrides: list[Callable[[StepRequest], StepResult | None]] = field(default_factory=list)

    def answer(self, request: StepRequest) -> StepResult:
        self.asked.append(request)
        for override in self.overrides:
            result = override(request)
            if result is not None:
                return result
        return self.perform(request)

    def perform(self, request: StepRequest) -> StepResult:
        if request.step.name is StepName.PREFLIGHT:
            return self._preflight(request)
        steps = self.plans[request.run]
        following = next((step for step in steps if step.ordinal == request.step.ordinal + 1), None)
        if (request.run, request.step) not in self.done:
            self.done.append((request.run, request.step))
        self._apply(request)
        if following is None and request.run in self.changing:
            self.last_run = request.run
        backup = None
        if request.step.name is StepName.BACKUP:
            backup = BackupReport(
                location=f"{request.backup.directory}/{request.run}", taken_at=TAKEN_AT, size_bytes=7, sha256="0" * 64
            )
        return self.result(request, Outcome.SUCCEEDED, next=following, backup=backup)

    def result(self, request: StepRequest, outcome: Outcome, **fields: object) -> StepResult:
        return StepResult.model_validate(
            {
                "step": request.step,
                "run": request.run,
                "outcome": outcome,
                "current_version": self.version,
                "last_run": self.last_run,
                **fields,
            }
        )

    def effects(self) -> list[tuple[str, str]]:
        """What was done to the database, in order, by step and release."""
        return [(step.name.value, step.release) for _, step in self.done]

    def at(self, version: str) -> None:
        """Begins life at a version, all of whose releases were applied."""
        self.version = version
        self.applied = [(group, release) for release in self._up_to(version) for group in self.groups]

    def _apply(self, request: StepRequest) -> None:
        group = (request.step.name, request.step.release)
        if request.step.name is StepName.VERIFY:
            self.version = request.step.release
        elif request.step.name not in self.groups:
            return
        elif group[1] in self._up_to(request.version):
            self.applied = [*dict.fromkeys([*self.applied, group])]
        else:
            self.applied = [each for each in self.applied if each != group]

    def _preflight(self, request: StepRequest) -> StepResult:
        if request.trigger is Trigger.CANCEL_REPORT:
            return self.result(request, Outcome.SUCCEEDED)
        steps = self.plans.setdefault(request.run, self._steps(request))
        if steps:
            self.changing.add(request.run)
        groups = [step for step in steps if step.name in self.groups]
        downs = [step for step in groups if step.release not in self._up_to(request.version)]
        direction = PlanDirection.DOWN if downs else PlanDirection.UP if groups else PlanDirection.NONE
        summary = PlanSummary(
            hash=plan_hash(self.version, request.version),
            direction=direction,
            releases=tuple(dict.fromkeys(step.release for step in steps if step.release)),
            migrations=len(groups),
        )
        return self.result(request, Outcome.SUCCEEDED, plan=summary, next=steps[0] if steps else None)

    def _up_to(self, version: str) -> tuple[str, ...]:
        return self.releases[: self.releases.index(version) + 1] if version in self.releases else ()

    def _steps(self, request: StepRequest) -> list[StepRef]:
        desired = [(group, release) for release in self._up_to(request.version) for group in self.groups]
        downs = [each for each in reversed(self.applied) if each not in desired]
        ups = [each for each in desired if each not in self.applied]
        wanted: list[tuple[StepName, str]] = list(downs)
        for release in self.releases:
            of_release = [each for each in ups if each[1] == release]
            wanted += [*of_release, (StepName.VERIFY, release)] if of_release else []
        if self.version != request.version and (StepName.VERIFY, request.version) not in wanted:
            wanted.append((StepName.VERIFY, request.version))
        if (downs or ups) and request.backup.when is not BackupWhen.NEVER:
            wanted.insert(0, (StepName.BACKUP, ""))
        return [
            StepRef(name=name, release=release, ordinal=number)
            for number, (name, release) in enumerate(wanted, start=1)
        ]
