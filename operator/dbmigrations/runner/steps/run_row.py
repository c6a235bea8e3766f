"""The run row as the runner means it: the plan, its steps, what was already broken, as JSON and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pydantic import JsonValue, TypeAdapter, ValidationError

from dbmigrations.api.step import BackupReport, StepRequest
from dbmigrations.postgres import runs
from dbmigrations.postgres.runs import NewRun, Run, RunOutcome
from dbmigrations.release.stored import StoredPlanError, dump_plan, dump_steps, load_plan, load_steps

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.tables import Tables
    from dbmigrations.release.plan import Plan
    from dbmigrations.release.steps import Steps

_BROKEN = "broken"
_Names = TypeAdapter(tuple[str, ...])


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as its row has it."""

    plan: Plan
    steps: Steps
    plan_hash: str
    approved_plan: str
    broken: tuple[str, ...]
    """INVALID indexes and NOT VALID constraints that preflight saw: no fault of this run."""
    backup: BackupReport | None
    outcome: RunOutcome
    reason: str
    message: str
    finished_step: int


def new_run(request: StepRequest, plan: Plan, steps: Steps, *, approval: str, broken: tuple[str, ...]) -> NewRun:
    """The row that preflight writes."""
    requester = request.requester
    return NewRun(
        id=request.run,
        owner=requester.owner if requester.uid else "",
        uid=requester.uid,
        generation=requester.generation,
        trigger=request.trigger.value,
        target_version=request.version,
        direction=plan.direction.value,
        base=[list(entry) for entry in plan.base],
        plan={**dump_plan(plan), _BROKEN: list(broken)},
        steps=cast("JsonValue", dump_steps(steps)),
        plan_hash=plan.hash,
        approved_plan=approval,
        changing=bool(plan.migrations or plan.baselined),
    )


def broken_before(session: Session, tables: Tables, run: str, broken: tuple[str, ...]) -> tuple[str, ...]:
    """Of what is broken, what was so before any run that failed since the newest passed Verify.

    Trying again excuses nothing that the first try broke.

    Raises:
        StoredPlanError: as of `read_stored`.
    """
    first = runs.first_unverified(session, tables, other_than=run)
    if first is None:
        return broken
    known = frozenset(_stored(first).broken)
    return tuple(each for each in broken if each in known)


def read_stored(session: Session, tables: Tables, run: str) -> StoredRun | None:
    """The run that preflight stored; None: the database does not know it.

    Raises:
        StoredPlanError: written by a newer runner, or by hand.
    """
    row = runs.read_run(session, tables, run)
    return None if row is None else _stored(row)


def _stored(row: Run) -> StoredRun:
    if not isinstance(row.plan, dict) or not isinstance(row.steps, list):
        raise StoredPlanError("the stored plan cannot be read")
    try:
        broken = _Names.validate_python(row.plan.get(_BROKEN, []))
        backup = BackupReport.model_validate(row.backup) if row.backup else None
    except ValidationError:
        raise StoredPlanError("the stored run cannot be read") from None
    return StoredRun(
        plan=load_plan(row.plan),
        steps=load_steps([step for step in row.steps if isinstance(step, dict)]),
        plan_hash=row.plan_hash,
        approved_plan=row.approved_plan,
        broken=broken,
        backup=backup,
        outcome=row.outcome,
        reason=row.reason,
        message=row.message,
        finished_step=row.finished_step,
    )
