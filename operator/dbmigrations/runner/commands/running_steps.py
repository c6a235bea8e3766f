"""A run on a laptop: the requests that the operator would send, and the steps one after the other in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from dbmigrations.api.step import (
    RequestedBackup,
    RequestedPolicy,
    RequestedTimeouts,
    Requester,
    StepRef,
    StepRequest,
    StepResult,
)
from dbmigrations.api.words import BackupWhen, Outcome, StepName
from dbmigrations.runner.commands.laptop import who
from dbmigrations.runner.steps.run import run_step

if TYPE_CHECKING:
    from dbmigrations.runner.commands.laptop import Laptop
    from dbmigrations.runner.commands.options import Planning
    from dbmigrations.runner.context import StepContext

NOBODY = Requester(cluster="", namespace="", name="", uid="", generation=0)
"""A laptop: it never owns a database."""


def first_request(laptop: Laptop, version: str, planning: Planning | None, *, baseline: str) -> StepRequest:
    """The request of a new run's preflight."""
    place = laptop.place
    return StepRequest(
        step=StepRef(name=StepName.PREFLIGHT),
        run=str(uuid4()),
        requester=NOBODY,
        version=version,
        schema_name=laptop.schema,
        history_schema=place.history_schema,
        role=place.role,
        source=str(place.source.absolute()),
        policy=planning.policy if planning else RequestedPolicy(),
        backup=planning.backup if planning else RequestedBackup(when=BackupWhen.NEVER),
        timeouts=RequestedTimeouts(lock=place.lock_timeout, wait=place.wait, statement=place.statement_timeout, step=0),
        gates=place.gates,
        baseline=baseline,
        approved_plan=planning.approve if planning else "",
        requested_by=who(),
    )


def run_through(request: StepRequest, context: StepContext) -> tuple[StepResult, ...]:
    """A whole run, step by step, until one does not succeed or none follows."""
    results: list[StepResult] = []
    step: StepRef | None = request.step
    plan_hash = ""
    while step is not None:
        result = run_step(request.model_copy(update={"step": step, "plan_hash": plan_hash}), context)
        results.append(result)
        if result.outcome is not Outcome.SUCCEEDED:
            break
        if result.plan is not None:
            plan_hash = result.plan.hash
        step = result.next
    return tuple(results)
