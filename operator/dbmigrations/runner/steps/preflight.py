"""Preflight: look, decide, and unless it refuses write down what will be done. It changes nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from dbmigrations.api.step import StepRequest, StepResult
from dbmigrations.api.words import Outcome, Trigger
from dbmigrations.postgres import owner, runs
from dbmigrations.postgres.runs import RunOutcome
from dbmigrations.postgres.tables import install
from dbmigrations.postgres.verify import broken_objects
from dbmigrations.release.directory import ReleaseDirectory
from dbmigrations.runner.errors import ReportedError
from dbmigrations.runner.gather import gather
from dbmigrations.runner.preflight.adoption import found
from dbmigrations.runner.preflight.case import Refused
from dbmigrations.runner.preflight.decision import CancelReported, Planned, Reported, decide
from dbmigrations.runner.program import runner_version
from dbmigrations.runner.report.events import Noted, PlanMade
from dbmigrations.runner.report.plan_text import plan_lines, step_lines
from dbmigrations.runner.report.words import count
from dbmigrations.runner.steps.run_row import broken_before, new_run
from dbmigrations.runner.steps.session import Work, in_database
from dbmigrations.runner.steps.snapshots import remember_drift

if TYPE_CHECKING:
    from dbmigrations.release.plan import Plan
    from dbmigrations.runner.context import StepContext
    from dbmigrations.runner.preflight.facts import PreflightFacts


def run(request: StepRequest, context: StepContext) -> StepResult:
    """Decide what the run does, and store it."""
    return in_database(request, context, _preflight, row_security=False)


def _preflight(work: Work) -> StepResult:
    facts = gather(work, _directory(work))
    decision = decide(facts)
    match decision:
        case Planned():
            return _planned(work, facts, decision)
        case Refused():
            return _refused(work, facts, decision)
        case CancelReported():
            return _cancelled(work)
        case Reported():
            raise ReportedError(decision.reason, decision.message)
        case _:
            assert_never(decision)


def _directory(work: Work) -> ReleaseDirectory:
    request = work.request
    if request.trigger is Trigger.CANCEL_REPORT:  # only the version is asked for: a cancel needs no valid directory
        return ReleaseDirectory(Path(request.source), ())
    return work.context.sources.load(request.source)


def _planned(work: Work, facts: PreflightFacts, decision: Planned) -> StepResult:
    request = work.request
    _tell(work, facts, decision)
    if request.gates is not None:
        from dbmigrations.runner.steps.at_gates import check_gates

        check_gates(work)
    install(work.session, work.tables, application_schema=request.schema_name, runner_version=runner_version())
    if request.requester.uid:
        _claim(work)
    _record(work, facts, decision)
    remember_drift(work, facts.drift)
    return StepResult(
        step=request.step,
        run=request.run,
        outcome=Outcome.SUCCEEDED,
        message=_summary(decision, facts),
        current_version=facts.history.current_version,
        plan=decision.summary,
        next=decision.next,
        last_run=work.last_run(),
    )


def _record(work: Work, facts: PreflightFacts, decision: Planned) -> None:
    """Write the run row. A run without steps ends here; one that did so before, and was lost, is left as it is."""
    run = work.request.run
    before = runs.read_run(work.session, work.tables, run)
    if decision.next is None and before is not None and before.outcome is RunOutcome.SUCCEEDED:
        return
    broken = broken_objects(work.session)
    if facts.history.changed_since_verify:  # perhaps by a run that failed
        broken = broken_before(work.session, work.tables, run, broken)
    row = new_run(work.request, decision.plan, decision.steps, approval=decision.approval, broken=broken)
    runs.start(work.session, work.tables, row)
    if decision.next is None:
        runs.finish(work.session, work.tables, run, RunOutcome.SUCCEEDED)


def _claim(work: Work) -> None:
    """Own the database: nobody did, or a resource of this name that was deleted and created again."""
    requester = work.request.requester
    before = owner.read_owner(work.session, work.tables)
    whose = f"{before.owner} (uid {before.uid or 'none'})" if before and before.owner else "nobody"
    owner.take(
        work.session,
        work.tables,
        requester.owner,
        requester.uid,
        taken_by=work.request.requested_by,
        reason=f"first run of this resource; it was of {whose}",
    )


def _refused(work: Work, facts: PreflightFacts, decision: Refused) -> StepResult:
    if decision.plan and decision.summary:
        _tell_plan(work, facts, decision.plan, decision)
    return StepResult(
        step=work.request.step,
        run=work.request.run,
        outcome=Outcome.REFUSED,
        reason=decision.reason,
        message=decision.message,
        current_version=facts.history.current_version,
        plan=decision.summary,
    )


def _cancelled(work: Work) -> StepResult:
    runs.cancel_running(work.session, work.tables, work.request.requester.uid)
    return StepResult(
        step=work.request.step,
        run=work.request.run,
        outcome=Outcome.SUCCEEDED,
        message="the cancelled run is recorded as such",
        current_version=work.current_version(),
    )


def _tell(work: Work, facts: PreflightFacts, decision: Planned) -> None:
    _tell_plan(work, facts, decision.plan, decision)
    work.context.report(PlanMade(tuple(step_lines(decision.steps))))
    for note in decision.notes:
        work.context.report(Noted(note, warning=True))


def _tell_plan(work: Work, facts: PreflightFacts, plan: Plan, decision: Planned | Refused) -> None:
    if decision.summary is None:
        return
    lines = plan_lines(
        plan,
        decision.summary,
        facts.analyses,
        current=facts.history.current_version,
        target=work.request.version,
    )
    work.context.report(PlanMade(tuple(lines)))


def _summary(decision: Planned, facts: PreflightFacts) -> str:
    if decision.next is None and facts.trigger is Trigger.ON_FAILURE_ROLLBACK:
        at = facts.history.current_version or "no version"
        return f"the failed run had applied nothing: nothing to undo, the database is at {at}"
    if decision.next is None:
        return f"the database is verified at {facts.version}: nothing to do"
    figures = f"{count(len(decision.steps) - 1, 'step')}"
    if decision.plan.migrations:
        said = f"{count(len(decision.plan.migrations), 'migration')} planned, {figures}"
    else:
        said = f"no migration to apply or undo; {figures} to do for {facts.version}"
    tools = found(facts) if decision.plan.baselined else ()
    return f"{said}; adopted from {' and '.join(each.words for each in tools)}" if tools else said
