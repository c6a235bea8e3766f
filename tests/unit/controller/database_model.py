"""A small faithful model of the runner and its database: plans, run rows, locks, exactly-once, refusals.

It is asked by the requests that the operator puts into Jobs, and answers as the step contract says. What must never
happen is noted in `violations` when it does.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dbmigrations.api.reasons import Failure, Refusal, Waiting
from dbmigrations.api.spec import ApprovalMode, BackupWhen, RollbackPolicy
from dbmigrations.api.step import (
    BackupReport,
    DataLoss,
    Direction,
    Outcome,
    PlanDirection,
    PlanSummary,
    StepName,
    StepRequest,
    StepResult,
    Trigger,
)
from tests.unit.controller.plan_model import Migration, Work, arrival, direction, loses, sequence, sets

TAKEN_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class RunRow:
    run: str
    uid: str
    generation: int
    trigger: Trigger
    work: tuple[Work, ...] = ()
    direction: PlanDirection = PlanDirection.NONE
    approved: bool = False
    outcome: str = "Running"
    reason: Failure | None = None
    message: str = ""
    done: set[int] = field(default_factory=set)
    handled: set[tuple[str, Direction]] = field(default_factory=set)
    backed_up: bool = False


@dataclass
class Database:
    up: bool = True
    applied: list[Migration] = field(default_factory=list)
    applied_by: dict[str, str] = field(default_factory=dict)
    verified: str = ""
    dirty: bool = False
    rows: list[RunRow] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    """Names of migrations that fail."""
    false: set[str] = field(default_factory=set)
    """Releases whose assertions are not true."""
    violations: list[str] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    """Every version that was ever reported."""

    @property
    def version(self) -> str:
        return f"{self.verified}*" if self.dirty else self.verified

    def row(self, run: str) -> RunRow | None:
        return next((one for one in self.rows if one.run == run), None)

    def perform(self, request: StepRequest, units: int | None = None) -> StepResult | None:
        """Do the step. With `units`: the runner is killed after so many migrations, and nothing is said."""
        if not self.up:
            return self._say(request, Outcome.WAITING, reason=Waiting.DATABASE, message="connection refused")
        if request.step.name is not StepName.PREFLIGHT:
            return self._step(request, units)
        if units is not None:
            return None
        return self._report(request) if request.trigger is Trigger.CANCEL_REPORT else self._preflight(request)

    def summary(self, request: StepRequest) -> PlanSummary:
        """What the plan of this request would be."""
        return self._summary(self._plan(request))

    def answer(self, request: StepRequest, outcome: Outcome, **fields: object) -> str:
        """Some other answer, as the runner would say it."""
        return self._say(request, outcome, **fields).encode().decode()

    # preflight

    def _report(self, request: StepRequest) -> StepResult:
        row = self.row(request.run)
        if row is not None and row.outcome == "Running":
            row.outcome = "Cancelled"
        return self._say(request, Outcome.SUCCEEDED)

    def _preflight(self, request: StepRequest) -> StepResult:
        row = self.row(request.run)
        if row is not None and row.work and row.outcome != "Running":
            return self._say(request, Outcome.FAILED, reason=Failure.PLAN_CHANGED, message="the run is over")
        if request.last_run and not self._succeeded(request.last_run):
            return self._say(request, Outcome.REFUSED, reason=Refusal.DATABASE_MOVED_BACK, message="restored?")
        ended = self._ended_before(request)
        if ended is not None:
            return self._say(request, Outcome.FAILED, reason=ended.reason, message=ended.message)
        fresh = self._plan(request)
        summary = self._summary(fresh)
        fresh.approved = request.approved_plan == summary.hash
        refused = self._refusal(request, fresh)
        if refused is not None:
            return self._say(request, Outcome.REFUSED, reason=refused, message="as the policy says", plan=summary)
        self._record(fresh)
        following = fresh.work[0].step if fresh.work else None
        return self._say(request, Outcome.SUCCEEDED, plan=summary, next=following)

    def _record(self, fresh: RunRow) -> None:
        for one in self.rows:
            if one.outcome == "Running" and one.run != fresh.run:
                one.outcome = "Superseded"
        if not fresh.work:
            fresh.outcome = "Succeeded"
        self.rows = [*(one for one in self.rows if one.run != fresh.run), fresh]

    def _ended_before(self, request: StepRequest) -> RunRow | None:
        """After a lost status: an ended run of this generation is reported, not repeated."""
        if request.trigger is not Trigger.SPEC:
            return None
        same = [one for one in self.rows if (one.uid, one.generation) == self._who(request) and one.run != request.run]
        newest = same[-1] if same else None
        if newest is None or newest.outcome in {"Running", "Superseded"}:
            return None
        if newest.outcome == "Succeeded" and newest.trigger is not Trigger.ON_FAILURE_ROLLBACK:
            return None
        if newest.outcome == "Succeeded":
            newest.reason, newest.message = Failure.ROLLED_BACK, "rolled back before"
        if newest.outcome == "Cancelled":
            newest.reason, newest.message = Failure.CANCELLED, "cancelled before"
        return newest

    def _refusal(self, request: StepRequest, row: RunRow) -> Refusal | None:
        migrations = [one for work in row.work for one in work.migrations]
        downs = any(work.direction is Direction.DOWN and work.migrations for work in row.work)
        if downs and request.policy.rollback is RollbackPolicy.DENY:
            return Refusal.ROLLBACK_DENIED
        if migrations and request.policy.approval is ApprovalMode.ALWAYS and not row.approved:
            return Refusal.AWAITING_APPROVAL
        return None

    def _plan(self, request: StepRequest) -> RunRow:
        row = RunRow(request.run, request.requester.uid, request.requester.generation, request.trigger)
        if request.trigger is Trigger.ON_FAILURE_ROLLBACK:
            downs = [one for one in reversed(self.applied) if self.applied_by[one.name] == request.undo_run]
            ups: list[Migration] = []
        else:
            downs, ups = sets(self.applied, request.version)
        left = [one for one in self.applied if one not in downs] + ups
        row.direction = direction(downs, ups)
        row.work = sequence(
            downs,
            ups,
            backup=request.backup.when is BackupWhen.ALWAYS,
            arrival=arrival(left),
            verified="" if self.dirty else self.verified,
        )
        return row

    def _summary(self, row: RunRow) -> PlanSummary:
        migrations = [(one, work.direction) for work in row.work for one in work.migrations]
        canonical = repr((sorted(one.name for one in self.applied), [(one.name, way) for one, way in migrations]))
        releases = tuple(dict.fromkeys(work.step.release for work in row.work if work.migrations))
        return PlanSummary(
            hash=f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}",
            direction=row.direction,
            releases=releases,
            release_count=len(releases),
            migrations=len(migrations),
            data_loss=DataLoss(rows=sum(loses(one, way) for one, way in migrations)),
        )

    # the other steps

    def _step(self, request: StepRequest, units: int | None) -> StepResult | None:
        row = self.row(request.run)
        work = next((one for one in row.work if one.step == request.step), None) if row is not None else None
        if row is None or work is None:
            return self._say(request, Outcome.FAILED, reason=Failure.PLAN_CHANGED, message="no such step")
        if request.step.ordinal not in row.done:
            failed = self._do(request, row, work, units)
            if failed is not None:
                return failed
        if units is not None:
            return None
        following = next((one.step for one in row.work if one.step.ordinal == request.step.ordinal + 1), None)
        backup = None
        if request.step.name is StepName.BACKUP:
            where = f"{request.backup.directory}/{request.run}"
            backup = BackupReport(location=where, taken_at=TAKEN_AT, size_bytes=7, sha256="0" * 64)
        return self._say(request, Outcome.SUCCEEDED, next=following, backup=backup, applied=len(work.migrations))

    def _do(self, request: StepRequest, row: RunRow, work: Work, units: int | None) -> StepResult | None:
        ordinal = request.step.ordinal
        if row.outcome != "Running":
            return self._say(request, Outcome.FAILED, reason=Failure.PLAN_CHANGED, message=f"{row.outcome} by now")
        if any(one.step.ordinal < ordinal and one.step.ordinal not in row.done for one in row.work):
            self.violations.append(f"{request.step} was started before the step before it succeeded")
        failed = self._work(request, row, work, units)
        if failed is not None or (units is not None and units <= len(work.migrations)):
            return failed
        row.done.add(ordinal)
        row.backed_up = row.backed_up or request.step.name is StepName.BACKUP
        if ordinal == row.work[-1].step.ordinal:
            row.outcome = "Succeeded"
        return None

    def _work(self, request: StepRequest, row: RunRow, work: Work, units: int | None) -> StepResult | None:
        for number, one in enumerate(work.migrations):
            if units is not None and number >= units:
                return None
            if (one.name, work.direction) in row.handled:
                continue
            if one.name in self.broken:
                return self._fail(request, row, Failure.MIGRATION_FAILED, f"{one.name}.sql:3:1: 42601 syntax error")
            self._change(row, one, work.direction)
        if request.step.name is StepName.VERIFY and (units is None or units > 0):
            if request.step.release in self.false:
                return self._fail(
                    request, row, Failure.VERIFY_FAILED, f"an assertion of {request.step.release} is false"
                )
            self.verified, self.dirty = request.step.release, False
        return None

    def _change(self, row: RunRow, one: Migration, way: Direction) -> None:
        if loses(one, way) and not (row.backed_up or row.approved):
            self.violations.append(f"{one.name} lost data without a backup or an approval")
        if way is Direction.UP:
            if one in self.applied:
                self.violations.append(f"{one.name} was applied twice")
            self.applied.append(one)
            self.applied_by[one.name] = row.run
        else:
            if one not in self.applied:
                self.violations.append(f"{one.name} was undone twice")
            self.applied.remove(one)
        row.handled.add((one.name, way))
        self.dirty = bool(self.applied)
        if not self.applied:
            self.verified = ""

    def _fail(self, request: StepRequest, row: RunRow, reason: Failure, message: str) -> StepResult:
        row.outcome, row.reason, row.message = "Failed", reason, message
        return self._say(request, Outcome.FAILED, reason=reason, message=message)

    # answering

    def _say(self, request: StepRequest, outcome: Outcome, **fields: object) -> StepResult:
        self.said.add(self.version)
        known: dict[str, object] = {"current_version": self.version, "last_run": self._last_run()} if self.up else {}
        asked = {"step": request.step, "run": request.run, "outcome": outcome}
        return StepResult.model_validate(asked | known | fields)

    def _last_run(self) -> str:
        changing = (one for one in reversed(self.rows) if one.outcome == "Succeeded" and one.handled)
        return next((one.run for one in changing), "")

    def _succeeded(self, run: str) -> bool:
        row = self.row(run)
        return row is not None and row.outcome == "Succeeded"

    def _who(self, request: StepRequest) -> tuple[str, int]:
        return request.requester.uid, request.requester.generation
