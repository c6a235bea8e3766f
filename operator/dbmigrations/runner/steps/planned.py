"""A step after preflight: its place in the run that preflight stored, checked against what the database is now.

Nothing is taken from the Job: the run row holds the plan and the steps, the history says how far they have come. So a
step whose result was lost finds its work done and gives the same answer again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Failure, Refusal
from dbmigrations.api.resource import REQUESTED_AT
from dbmigrations.api.step import BackupReport, StepResult
from dbmigrations.api.words import Outcome, StepName
from dbmigrations.postgres import facts, owner, runs
from dbmigrations.postgres.errors import PlanChangedError
from dbmigrations.postgres.runs import RunOutcome
from dbmigrations.release.steps import PlannedStep, next_ref
from dbmigrations.runner.errors import ReportedError, StepRefusedError
from dbmigrations.runner.steps import progress
from dbmigrations.runner.steps.run_row import StoredRun, read_stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbmigrations.release.history import DatabaseHistory
    from dbmigrations.release.plan import Plan
    from dbmigrations.runner.steps.progress import Stretch
    from dbmigrations.runner.steps.session import Work


@dataclass(frozen=True)
class PlannedWork:
    """A step of a stored run, with the proof that it is this step's turn."""

    work: Work
    stored: StoredRun
    step: PlannedStep
    stretch: Stretch
    history: DatabaseHistory
    in_effect: int
    """How many of the plan's migrations are in effect."""

    @property
    def plan(self) -> Plan:
        """The whole plan of the run."""
        return self.stored.plan

    @property
    def is_finished(self) -> bool:
        """Whether this step succeeded before and only its result was lost."""
        return self.stored.finished_step >= self.step.ordinal

    @property
    def is_last(self) -> bool:
        """Whether the run ends with it."""
        return next_ref(self.stored.steps, self.step.ordinal) is None

    def succeed(
        self,
        message: str,
        *,
        applied: int = 0,
        backup: BackupReport | None = None,
        also: Callable[[], None] = lambda: None,
    ) -> StepResult:
        """Record that the step is done, and with the last step that the run is; `also` in the same transaction."""
        work = self.work
        if not self.is_finished:
            with work.session.transaction():
                also()
                runs.finish_step(work.session, work.tables, work.request.run, self.step.ordinal)
                if self.is_last:
                    runs.finish(work.session, work.tables, work.request.run, RunOutcome.SUCCEEDED)
        return StepResult(
            step=self.step.ref,
            run=work.request.run,
            outcome=Outcome.SUCCEEDED,
            message=message,
            current_version=work.current_version(),
            next=next_ref(self.stored.steps, self.step.ordinal),
            backup=backup,
            applied=applied,
            last_run=work.last_run(),
        )


def take_up(work: Work) -> PlannedWork:
    """Find this step in its run and check that it is its turn.

    Raises:
        StepRefusedError: DatabaseMovedBack, HistoryDiverged, OwnedByOther.
        PlanChangedError: the run was superseded or cancelled, or is not the one that the request means.
        ReportedError: the run has failed before.
    """
    try:
        return _take_up(work)
    except StepRefusedError as error:
        if error.reason is Refusal.OWNED_BY_OTHER:
            raise
        raise StepRefusedError(error.reason, f"{error} {_look_again(work)}", error.plan) from None
    except PlanChangedError as error:
        raise PlanChangedError(f"{error} {_look_again(work)}") from None


def _look_again(work: Work) -> str:
    """What helps where the run is not what it was."""
    if work.request.requester.uid:
        return f"Annotate the resource with {REQUESTED_AT} for a fresh preflight"
    return "The same command again plans anew"


def _take_up(work: Work) -> PlannedWork:
    request = work.request
    stored = read_stored(work.session, work.tables, request.run)
    if stored is None:
        raise StepRefusedError(
            Refusal.DATABASE_MOVED_BACK,
            "the database does not know this run: was it restored to an earlier state?",
        )
    step = _step_of(work, stored)
    finished = stored.finished_step >= step.ordinal
    if not finished:
        _check_running(stored)
        _check_owner(work)
    history = facts.read_history(work.session, work.tables)
    stretch = progress.stretch_of(stored.steps, step)
    in_effect = progress.in_effect(stored.plan, history, baseline_pending=_baseline_pending(stored, step))
    progress.check_place(in_effect, stretch, stored.plan, finished=finished)
    return PlannedWork(work, stored, step, stretch, history, in_effect)


def _step_of(work: Work, stored: StoredRun) -> PlannedStep:
    request = work.request
    if stored.plan_hash != request.plan_hash:
        raise PlanChangedError(f"the run was planned anew since (plan {stored.plan_hash}).")
    ordinal = request.step.ordinal
    if ordinal >= len(stored.steps) or stored.steps[ordinal].ref != request.step:
        raise PlanChangedError(f"the run has no such step {ordinal} ({request.step.name}).")
    return stored.steps[ordinal]


def _check_running(stored: StoredRun) -> None:
    match stored.outcome:
        case RunOutcome.RUNNING:
            return
        case RunOutcome.FAILED:
            raise ReportedError(_reason(stored.reason), stored.message)
        case RunOutcome.SUPERSEDED:
            raise PlanChangedError("another run took its place.")
        case RunOutcome.CANCELLED | RunOutcome.SUCCEEDED:
            raise PlanChangedError(f"this run has ended before: {stored.outcome}.")


def _reason(word: str) -> Failure | Refusal:
    for words in (Failure, Refusal):
        if word in {each.value for each in words}:
            return words(word)
    return Failure.INTERNAL


def _check_owner(work: Work) -> None:
    uid = work.request.requester.uid
    now = owner.read_owner(work.session, work.tables) if uid else None
    if now is not None and now.owner and now.uid != uid:
        raise StepRefusedError(
            Refusal.OWNED_BY_OTHER, f"{now.owner} took this database over while the run was under way: {now.reason}"
        )


def _baseline_pending(stored: StoredRun, step: PlannedStep) -> bool:
    """Whether the Baseline step is this one or still to come."""
    ordinals = [s.ordinal for s in stored.steps if s.name is StepName.BASELINE]
    return bool(ordinals) and step.ordinal <= ordinals[0] and stored.finished_step < ordinals[0]
