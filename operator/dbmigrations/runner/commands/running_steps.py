"""A run on a laptop: the requests that the operator would send, and the steps one after the other in this process."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from dbmigrations.api.step import (
    RequestedBackfill,
    RequestedBackup,
    RequestedPolicy,
    RequestedTimeouts,
    Requester,
    StepRef,
    StepRequest,
    StepResult,
)
from dbmigrations.api.words import BackupWhen, Outcome, StepName
from dbmigrations.runner.commands.laptop import local_now, who
from dbmigrations.runner.report.events import Event, PlanMade, Reporter, to_all
from dbmigrations.runner.report.lines import log_lines, log_path, open_log
from dbmigrations.runner.report.outlet import failure_of, outlet
from dbmigrations.runner.steps.run import run_step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dbmigrations.runner.commands.laptop import Laptop
    from dbmigrations.runner.commands.options import Planning
    from dbmigrations.runner.context import StepContext

NOBODY = Requester(cluster="", namespace="", name="", uid="", generation=0)
"""A laptop: it never owns a database."""


def first_request(
    laptop: Laptop, version: str, planning: Planning | None, *, baseline: str, backfill: RequestedBackfill | None
) -> StepRequest:
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
        backfill=backfill,
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


@contextmanager
def logged(laptop: Laptop, context: StepContext, log_dir: Path | None) -> Iterator[StepContext]:
    """The context, with a log file beside the terminal. A log that cannot be written is said and does not stop us."""
    path = log_path(log_dir or laptop.place.source / "logs", local_now())
    terminal = laptop.desk.terminal
    try:
        stream = open_log(path)
    except OSError as error:
        terminal.aside(f"warning: no log is written: {path}: {error.strerror} (--log-dir names another folder)")
        yield context
        return
    with stream:
        log = outlet(stream)
        yield replace(context, report=to_all(context.report, log_lines(log, laptop.desk.redactor, local_now)))
    cut = failure_of(log)
    terminal.aside(f"warning: the log is not whole: {path}: {cut}" if cut else f"log: {path}")


def without_plan(report: Reporter) -> Reporter:
    """The same reporter, silent about the plan: it was shown before."""

    def tell(event: Event) -> None:
        if not isinstance(event, PlanMade):
            report(event)

    return tell
