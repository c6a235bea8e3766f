"""The phase and the step as people read them. No decision, ours or another's, depends on either."""

from typing import assert_never

from dbmigrations.api.status import DatabaseMigrationStatus, Phase, RunState, StepState
from dbmigrations.api.step import PlanDirection, StepName, StepRef
from dbmigrations.controller.conditions import (
    AwaitingApproval,
    Deleting,
    Outlook,
    Progressing,
    Ready,
    Retrying,
    Stalled,
    Suspended,
    Waiting,
)

_PHASES = {
    StepName.PREFLIGHT: Phase.PREFLIGHT,
    StepName.BASELINE: Phase.BASELINING,
    StepName.BACKUP: Phase.BACKING_UP,
    StepName.SCHEMA: Phase.MIGRATING_SCHEMA,
    StepName.SQL: Phase.MIGRATING_SQL,
    StepName.DATA: Phase.MIGRATING_DATA,
    StepName.VERIFY: Phase.VERIFYING,
}
_MIGRATING = frozenset({StepName.SCHEMA, StepName.SQL, StepName.DATA})


def title(step: StepRef) -> str:
    """`Schema 1.1.0`, or `Preflight` where the step works on the whole run."""
    return f"{step.name.value} {step.release}".rstrip()


def step_under_way(status: DatabaseMigrationStatus) -> str:
    """The title of the step under way; empty: none."""
    run = status.run
    if run is None or run.state is not RunState.RUNNING or not run.steps or run.steps[-1].state is StepState.STOPPED:
        return ""
    return title(run.steps[-1].ref)


def phase_of(outlook: Outlook, status: DatabaseMigrationStatus) -> Phase:
    """The one word for people."""
    match outlook:
        case Ready():
            phase = Phase.READY
        case Progressing() | Retrying():
            phase = _phase_of_step(status)
        case Waiting():
            phase = Phase.WAITING
        case AwaitingApproval():
            phase = Phase.AWAITING_APPROVAL
        case Stalled():
            phase = Phase.STALLED
        case Suspended():
            phase = Phase.SUSPENDED
        case Deleting():
            phase = Phase.DELETING
        case _:
            assert_never(outlook)
    return phase


def _phase_of_step(status: DatabaseMigrationStatus) -> Phase:
    if not step_under_way(status) or status.run is None:
        return Phase.PENDING
    step = status.run.steps[-1].name
    if step in _MIGRATING and status.plan is not None and status.plan.direction is PlanDirection.DOWN:
        return Phase.ROLLING_BACK
    return _PHASES[step]
