"""What changed between two statuses, for metrics, logs and events: read from the difference, and so told once."""

from collections.abc import Iterator
from datetime import datetime

from dbmigrations.api.status import Condition, DatabaseMigrationStatus, RunState, StepState
from dbmigrations.controller.actions import (
    EmitEvent,
    EventType,
    ReadyChanged,
    RunEnded,
    RunStarted,
    StepEnded,
    StepStarted,
    Transition,
)
from dbmigrations.controller.conditions import READY
from dbmigrations.controller.texts import EVENT_MESSAGE, clip

_ENDED = frozenset({StepState.SUCCEEDED, StepState.FAILED, StepState.WAITING, StepState.STOPPED})


def transitions_between(
    before: DatabaseMigrationStatus, after: DatabaseMigrationStatus, now: datetime
) -> tuple[Transition, ...]:
    """In the order in which they happened."""
    return (
        *_steps_ended(before, after, now),
        *_run_ended(before, after, now),
        *_run_started(before, after),
        *_step_started(before, after),
        *_ready_changed(before, after),
    )


def events_of(transitions: tuple[Transition, ...]) -> tuple[EmitEvent, ...]:
    """The transitions that a person who describes the resource wants to read. Attempts are not among them."""
    return tuple(event for one in transitions if (event := _event(one)) is not None)


def _event(transition: Transition) -> EmitEvent | None:
    match transition:
        case RunStarted(run=run, trigger=trigger, target_version=version):
            text = f"run {run} to version {version}" if version else f"run {run}"
            return _told(EventType.NORMAL, "RunStarted", f"{text} ({trigger.value})")
        case StepEnded(step=step, release=release, state=StepState.SUCCEEDED, message=message):
            return _told(EventType.NORMAL, "StepSucceeded", f"{step.value} {release}".rstrip(), message)
        case StepEnded(step=step, release=release, state=StepState.FAILED, message=message):
            return _told(EventType.WARNING, "StepFailed", f"{step.value} {release}".rstrip(), message)
        case ReadyChanged(status=status, reason=reason, message=message):
            ordinary = status == "True" or reason in {"Progressing", "AwaitingApproval", "Suspended", "Deleting"}
            return _told(EventType.NORMAL if ordinary else EventType.WARNING, reason, message)
        case StepStarted() | StepEnded() | RunEnded():
            return None


def _told(kind: EventType, reason: str, *parts: str) -> EmitEvent:
    return EmitEvent(kind, reason, clip(": ".join(part for part in parts if part), EVENT_MESSAGE))


def _steps_ended(before: DatabaseMigrationStatus, after: DatabaseMigrationStatus, now: datetime) -> Iterator[StepEnded]:
    run = after.run
    if run is None:
        return
    known = {(one.job, one.state) for one in before.run.steps} if before.run is not None else set()
    for one in run.steps:
        if one.state in _ENDED and (one.job, one.state) not in known:
            yield StepEnded(
                run=run.id,
                step=one.name,
                release=one.release,
                attempt=one.attempts,
                state=one.state,
                reason=one.reason,
                message=one.message,
                seconds=_seconds(one.started_at, now),
            )


def _run_ended(before: DatabaseMigrationStatus, after: DatabaseMigrationStatus, now: datetime) -> Iterator[RunEnded]:
    was = before.run
    if was is None or was.state is not RunState.RUNNING:
        return
    if after.run is not None and after.run.id == was.id and after.run.state is RunState.RUNNING:
        return
    for one in after.runs:
        if one.id == was.id:
            message = after.run.message if after.run is not None and after.run.id == was.id else ""
            yield RunEnded(was.id, one.trigger, one.state, one.reason, message, _seconds(was.started_at, now))


def _run_started(before: DatabaseMigrationStatus, after: DatabaseMigrationStatus) -> Iterator[RunStarted]:
    run = after.run
    if run is not None and (before.run is None or before.run.id != run.id):
        yield RunStarted(run.id, run.trigger, run.target_version)


def _step_started(before: DatabaseMigrationStatus, after: DatabaseMigrationStatus) -> Iterator[StepStarted]:
    run = after.run
    if run is None or not run.steps:
        return
    step = run.steps[-1]
    known = {one.job for one in before.run.steps} if before.run is not None else set()
    if step.state is StepState.STARTING and step.job not in known:
        yield StepStarted(run.id, step.name, step.release, step.attempts, step.job)


def _ready_changed(before: DatabaseMigrationStatus, after: DatabaseMigrationStatus) -> Iterator[ReadyChanged]:
    was, now = _ready(before), _ready(after)
    if now is not None and (was is None or (was.status, was.reason) != (now.status, now.reason)):
        yield ReadyChanged(now.status, now.reason, now.message)


def _ready(status: DatabaseMigrationStatus) -> Condition | None:
    return next((one for one in status.conditions if one.type == READY), None)


def _seconds(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0
