"""Two runs of one database at once: the one whose place another took waits until that one is over, and plans anew.

The lock keeps two steps apart, not two runs: between two steps of one the other may plan, and what was planned first is
void. Nothing is lost by it: what took effect stays, and the new plan is about the rest.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Failure
from dbmigrations.postgres import runs
from dbmigrations.postgres.blockers import is_connected
from dbmigrations.postgres.errors import LockHeldError
from dbmigrations.postgres.runs import RunOutcome
from dbmigrations.runner.report.events import Waited
from dbmigrations.runner.steps.session import open_work, run_mark

if TYPE_CHECKING:
    from dbmigrations.api.step import StepRequest, StepResult
    from dbmigrations.postgres.runs import Run
    from dbmigrations.runner.context import StepContext
    from dbmigrations.runner.steps.session import Work

_PAUSE = 0.2
_GONE = 2.0
"""Seconds without a session of a run after which it is taken for dead: between two steps it has none for a moment."""


def was_displaced(request: StepRequest, context: StepContext, last: StepResult) -> bool:
    """Whether a run ended because another took its place.

    Raises:
        EngineError: the database cannot be asked.
    """
    if last.reason is not Failure.PLAN_CHANGED:
        return False
    with open_work(request, context, row_security=True) as work:
        mine = runs.read_run(work.session, work.tables, request.run)
    return mine is not None and mine.outcome is RunOutcome.SUPERSEDED


def await_turn(request: StepRequest, context: StepContext, deadline: float) -> None:
    """Wait until no other run of this requester is under way.

    Args:
        request: of the run that was displaced.
        context: whom to tell.
        deadline: on the monotonic clock.

    Raises:
        LockHeldError: one still is at the deadline.
        EngineError: the database cannot be asked.
    """
    with open_work(request, context, row_security=True) as work:
        seen, told = time.monotonic(), ""
        while (other := _running(work)) is not None:
            now = time.monotonic()
            if is_connected(work.session, run_mark(other.id)):
                seen = now
            elif now - seen >= _GONE:
                return
            if now >= deadline:
                raise LockHeldError(f"another run of this database is under way: {_described(other)}")
            if other.id != told:
                context.report(Waited(f"{_described(other)} goes first; this one is planned anew after it"))
                told = other.id
            time.sleep(_PAUSE)


def _running(work: Work) -> Run | None:
    requester = work.request.requester
    newest = runs.newest_run(work.session, work.tables, requester.uid, requester.generation)
    return newest if newest is not None and newest.outcome is RunOutcome.RUNNING else None


def _described(run: Run) -> str:
    return f"the run to {run.target_version} that began at {run.started_at:%H:%M:%S}"
