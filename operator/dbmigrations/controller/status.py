"""Changes of the status, one function for each thing that can happen to a run or a step. Pure; nothing is mutated.

The current step is always the last of `run.steps`. What a person must not lose (results, the version, the backup) is
in here before the Job that said it may go.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dbmigrations.api.reasons import Failure, Waiting
from dbmigrations.api.status import (
    DatabaseMigrationStatus,
    RunState,
    RunStatus,
    RunSummary,
    StepState,
    StepStatus,
)
from dbmigrations.api.step import Outcome, StepName, StepRef, StepResult, Trigger
from dbmigrations.controller.backoff import delay
from dbmigrations.controller.skipping import with_skipped
from dbmigrations.controller.texts import STEP_MESSAGE, clip

MAX_STEPS = 50
MAX_RUNS = 10
MAX_LOST = 6
"""Attempts in a row that may end without a result before a person is asked."""

HELD = "; the rollback is held: "
"""Stands in the message of a rollback that was refused, behind why it was to be."""

FIRST_STEP = StepRef(name=StepName.PREFLIGHT)

_CHANGING = frozenset({StepName.BASELINE, StepName.SCHEMA, StepName.SQL, StepName.DATA})


@dataclass(frozen=True)
class RunOf:
    """A status that has a run: what the functions below change."""

    status: DatabaseMigrationStatus
    run: RunStatus

    @property
    def step(self) -> StepStatus:
        """The current step."""
        return self.run.steps[-1]

    def with_run(self, **changes: object) -> "RunOf":
        """With other fields of the run."""
        run = self.run.model_copy(update=changes)
        return RunOf(self.status.model_copy(update={"run": run}), run)

    def with_step(self, **changes: object) -> "RunOf":
        """With other fields of the current step."""
        return self.with_run(steps=(*self.run.steps[:-1], self.step.model_copy(update=changes)))


def begin_run(status: DatabaseMigrationStatus, run: RunStatus, now: datetime) -> DatabaseMigrationStatus:
    """A new run, with preflight as its next step. An unfinished one before it is superseded."""
    before = status.run
    if before is not None and before.state is RunState.RUNNING:
        state = RunState.CANCELLED if before.trigger is Trigger.CANCEL_REPORT else RunState.SUPERSEDED
        ended = before.model_copy(update={"state": state, "finished_at": now})
        status = status.model_copy(update={"runs": _summarised(status, ended)})
    fresh = run.model_copy(update={"state": RunState.RUNNING, "next": FIRST_STEP, "steps": (), "started_at": now})
    return status.model_copy(update={"run": fresh, "plan": None, "target_version": fresh.target_version})


def begin_step(it: RunOf, step: StepRef, job: str, now: datetime) -> RunOf:
    """The next step's first attempt, recorded before its Job is created; steps left out before it are shown."""
    entry = StepStatus(
        name=step.name,
        release=step.release,
        ordinal=step.ordinal,
        state=StepState.STARTING,
        job=job,
        attempts=1,
        started_at=now,
    )
    steps = (*with_skipped(it.run.steps, step, it.status.plan), entry)
    return it.with_run(next=None, steps=steps[-MAX_STEPS:])


def begin_attempt(it: RunOf, job: str) -> RunOf:
    """The next attempt of the current step. Why the one before came to nothing is still shown."""
    return it.with_step(
        state=StepState.STARTING,
        job=job,
        attempts=it.step.attempts + 1,
        running_since=None,
        finished_at=None,
        retry_at=None,
    )


def report(it: RunOf, result: StepResult, now: datetime) -> RunOf:
    """What the runner says about the database, whatever the outcome. The status repeats it, it never invents it."""
    facts: dict[str, object] = {}
    if result.current_version is not None:
        facts |= {"current_version": clip(result.current_version, 65), "checked_at": now}
    if result.backup is not None:
        facts["backup"] = result.backup
    if result.last_run is not None:
        facts["last_changing_run"] = result.last_run
    changes: dict[str, object] = {}
    if result.plan is not None:
        facts["plan"] = result.plan
        changes["plan_hash"] = result.plan.hash
    done = result.outcome is Outcome.SUCCEEDED and result.step.name in _CHANGING
    if done or result.applied > 0:
        changes["changed"] = True
    return RunOf(it.status.model_copy(update=facts), it.run).with_run(**changes)


def succeed(it: RunOf, result: StepResult, now: datetime) -> RunOf:
    """The step succeeded: its `next` follows, or the run is over."""
    it = it.with_step(
        state=StepState.SUCCEEDED, reason="", message=clip(result.message, STEP_MESSAGE), lost=0, finished_at=now
    ).with_run(next=result.next)
    if result.next is not None:
        return it
    if it.run.trigger in {Trigger.CANCEL_REPORT, Trigger.ON_FAILURE_ROLLBACK}:
        return _end(it, RunState.SUCCEEDED, "", "", now)
    if it.status.current_version != it.run.target_version:
        said = it.status.current_version or "unknown"
        wrong = f"the run is over, but the database's version is {said}, not {it.run.target_version}"
        return _end(it, RunState.FAILED, Failure.INTERNAL, wrong, now)
    return _end(it, RunState.SUCCEEDED, "", "", now)


def fail(it: RunOf, state: RunState, reason: str, message: str, now: datetime) -> RunOf:
    """The step ended for good, and the run with it: `state` is Refused or Failed."""
    it = it.with_step(state=StepState.FAILED, reason=reason, message=clip(message, STEP_MESSAGE), finished_at=now)
    return _end(it, state, reason, message, now)


def wait(it: RunOf, reason: Waiting, message: str, now: datetime) -> RunOf:
    """The attempt ended and another follows, later and later. A cancelled run waits for nothing: it ends."""
    if it.run.trigger is Trigger.CANCEL_REPORT:
        return fail(it, RunState.FAILED, reason, message, now)
    return _retry(it.with_step(lost=0), reason, message, now)


def lose(it: RunOf, why: str, now: datetime) -> RunOf:
    """The attempt ended without a result. It runs again, but not for ever, and not for a run that was cancelled."""
    if it.run.trigger is Trigger.CANCEL_REPORT:
        return fail(it, RunState.FAILED, Waiting.STEP_LOST, why, now)
    lost = it.step.lost + 1
    it = it.with_step(lost=lost)
    if lost >= MAX_LOST:
        message = f"{lost} attempts in a row ended without a result; the last: {why}"
        return fail(it, RunState.FAILED, Failure.STEP_LOST, message, now)
    return _retry(it, Waiting.STEP_LOST, why, now)


def stop(it: RunOf, message: str, now: datetime) -> RunOf:
    """Nobody awaits the attempt any more; its Job is to go."""
    return it.with_step(state=StepState.STOPPED, message=clip(message, STEP_MESSAGE), retry_at=None, finished_at=now)


def _retry(it: RunOf, reason: Waiting, message: str, now: datetime) -> RunOf:
    pause = timedelta(seconds=delay(it.run.id, it.step.ordinal, it.step.attempts))
    return it.with_step(
        state=StepState.WAITING, reason=reason, message=clip(message, STEP_MESSAGE), retry_at=now + pause
    )


def _end(it: RunOf, state: RunState, reason: str, message: str, now: datetime) -> RunOf:
    """The run is over; what a cancel or a failure before it said is kept beside what is said now."""
    before = it.run
    if before.trigger is Trigger.CANCEL_REPORT:
        said = f"; its last report: {reason}: {message}" if reason else ""
        state, reason, message = RunState.CANCELLED, Failure.CANCELLED, f"{before.message}{said}"
    elif before.trigger is Trigger.ON_FAILURE_ROLLBACK:
        match state:
            case RunState.SUCCEEDED:
                nothing = it.status.plan is not None and not it.status.plan.migrations
                undone = "; it had applied nothing, so nothing was undone" if nothing else ""
                reason, message = Failure.ROLLED_BACK, f"{before.message}{undone}"
            case RunState.REFUSED:
                reason, message = before.reason, f"{before.message}{HELD}{reason}: {message}"
            case _:
                message = f"rolling back failed: {message}; before it, {before.message}"
    ended = it.with_run(state=state, reason=reason, message=clip(message, STEP_MESSAGE), next=None, finished_at=now)
    return RunOf(ended.status.model_copy(update={"runs": _summarised(ended.status, ended.run)}), ended.run)


def _summarised(status: DatabaseMigrationStatus, run: RunStatus) -> tuple[RunSummary, ...]:
    summary = RunSummary(
        id=run.id,
        target_version=run.target_version,
        trigger=run.trigger,
        state=run.state,
        reason=run.reason,
        plan_hash=run.plan_hash,
        changed=run.changed,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )
    return (summary, *(one for one in status.runs if one.id != run.id))[:MAX_RUNS]
