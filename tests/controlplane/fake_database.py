"""A database and its runner as the operator knows them: requests in, results out, as the step contract says.

It holds a version and the runs' plans, and performs nothing. What one step does is done once, however often it is
asked for. A test may put a wrong answer in front of any step.
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
        if request.step.name is StepName.VERIFY:
            self.version = request.step.release
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

    def _preflight(self, request: StepRequest) -> StepResult:
        if request.trigger is Trigger.CANCEL_REPORT:
            return self.result(request, Outcome.SUCCEEDED)
        steps = self.plans.setdefault(request.run, self._steps(request))
        first = steps[0] if steps else None
        if steps:
            self.changing.add(request.run)
        summary = PlanSummary(
            hash=plan_hash(self.version, request.version),
            direction=self._direction(request.version) if steps else PlanDirection.NONE,
            releases=tuple(dict.fromkeys(step.release for step in steps if step.release)),
            migrations=sum(step.name in self.groups for step in steps),
        )
        return self.result(request, Outcome.SUCCEEDED, plan=summary, next=first)

    def _direction(self, target: str) -> PlanDirection:
        return PlanDirection.UP if self._place(target) > self._place(self.version) else PlanDirection.DOWN

    def _place(self, version: str) -> int:
        return self.releases.index(version) if version else -1

    def _steps(self, request: StepRequest) -> list[StepRef]:
        here, there = self._place(self.version), self._place(request.version)
        if here == there:
            return []
        wanted: list[tuple[StepName, str]] = []
        if request.backup.when is not BackupWhen.NEVER:
            wanted.append((StepName.BACKUP, ""))
        if here < there:
            for release in self.releases[here + 1 : there + 1]:
                wanted += [*((group, release) for group in self.groups), (StepName.VERIFY, release)]
        else:
            for release in reversed(self.releases[there + 1 : here + 1]):
                wanted += [(group, release) for group in reversed(self.groups)]
            wanted.append((StepName.VERIFY, request.version))
        return [
            StepRef(name=name, release=release, ordinal=number)
            for number, (name, release) in enumerate(wanted, start=1)
        ]
