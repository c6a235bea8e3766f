"""Preflight's decision: every refusal in its order, else the plan with its steps. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Failure, Refusal, Waiting
from dbmigrations.api.words import Trigger
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.release.history import AppliedMigration
from dbmigrations.release.steps import Journey, Steps, next_ref, sequence
from dbmigrations.runner.preflight import adoption, divergence, going_down, identity, permission, wording
from dbmigrations.runner.preflight.case import Case, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dbmigrations.api.step import PlanSummary, StepRef
    from dbmigrations.release.plan import Plan
    from dbmigrations.runner.preflight.drafting import Draft
    from dbmigrations.runner.preflight.facts import PreflightFacts


@dataclass(frozen=True, slots=True)
class Reported:
    """An earlier run of the same uid and generation ended badly and nobody asked for a retry (outcome Failed)."""

    reason: Failure | Refusal | Waiting
    message: str
    run: str


@dataclass(frozen=True, slots=True)
class CancelReported:
    """After a cancel: mark this uid's Running rows Cancelled, report the version, no next step (outcome Succeeded)."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The run may start. Create our tables, claim the database, write the run row, start `next` (outcome Succeeded)."""

    plan: Plan
    steps: Steps
    summary: PlanSummary
    next: StepRef | None
    """None: there is nothing to do, the database is verified at spec.version."""
    approval: str
    """What history rows of this run carry as approved plan: request.approvedPlan where it covers this plan, else ""."""
    takes_backup: bool
    notes: tuple[str, ...] = ()
    """For the log: what a reader of the plan should know (late migrations, differing stored downs, …)."""


Decision = Refused | Reported | CancelReported | Planned

REFUSALS: tuple[Callable[[Case], Refused | None], ...] = (
    identity.owned_by_other,
    identity.moved_back,
    adoption.baseline_required,
    adoption.baseline_mismatch,
    divergence.version_not_found,
    divergence.history_diverged,
    divergence.partially_applied,
    divergence.release_changed,
    divergence.out_of_order,
    divergence.drifted,
    going_down.below_baseline,
    going_down.down_missing,
    going_down.rollback_denied,
    permission.schema_unusable,
    permission.backup_impossible,
    going_down.version_ahead,
    permission.policy_violation,
    permission.awaiting_approval,
)
"""In the order of `Refusal`: the first match wins."""


def decide(facts: PreflightFacts) -> Decision:
    """The first refusal that matches, in the order of `Refusal`; else the plan.

    An ended run of the same uid and generation is reported before anything is planned anew, but only to its owner and
    only where the database still is the one that it was.
    """
    if facts.trigger is Trigger.CANCEL_REPORT:
        return CancelReported()
    case = Case(facts)
    ended = _ended_before(facts)
    for refusal in REFUSALS:
        refused = refusal(case)
        if refused is not None and (ended is None or refused.reason in _BEFORE_A_REPORT):
            return refused
    if ended is not None:
        return ended
    draft, summary = case.draft, case.summary
    if draft is None or summary is None:
        raise AssertionError("no refusal matched, so there is a plan")
    return _planned(case, draft, summary)


_BEFORE_A_REPORT = frozenset({Refusal.OWNED_BY_OTHER, Refusal.DATABASE_MOVED_BACK})


def _ended_before(facts: PreflightFacts) -> Reported | None:
    """The status was lost, and the database remembers how this generation ended: reported, not repeated."""
    previous = facts.previous
    if previous is None or facts.trigger is not Trigger.SPEC:
        return None
    match previous.outcome, previous.trigger:
        case "Failed", _:
            return Reported(_reason(previous.reason), previous.message, previous.run)
        case "Cancelled", _:
            message = previous.message or f"run {previous.run} was cancelled; to go on, {wording.look_again(facts)}"
            return Reported(Failure.CANCELLED, message, previous.run)
        case "Succeeded", Trigger.ON_FAILURE_ROLLBACK:
            message = f"run {previous.run} undid what the failed run had applied; to try again, "
            return Reported(Failure.ROLLED_BACK, message + wording.look_again(facts), previous.run)
        case _:
            return None


def _reason(word: str) -> Failure | Refusal | Waiting:
    for words in (Failure, Refusal, Waiting):
        if word in tuple(words):
            return words(word)
    return Failure.MIGRATION_FAILED


def _planned(case: Case, draft: Draft, summary: PlanSummary) -> Planned:
    facts = case.facts
    target = None if case.undoes else facts.directory.release(facts.version)
    steps = sequence(
        draft.plan,
        Journey(
            directory=facts.directory,
            history=facts.history,
            target=target.version if target else None,
            baseline=draft.baseline,
            takes_backup=case.takes_backup,
            verifies_anyway=_lacks_verify(facts),
        ),
    )
    return Planned(
        plan=draft.plan,
        steps=steps,
        summary=summary,
        next=next_ref(steps, 0),
        approval=facts.approved_plan if case.is_approved else "",
        takes_backup=case.takes_backup,
        notes=tuple(_notes(case, draft)),
    )


def _lacks_verify(facts: PreflightFacts) -> bool:
    """Whether the newest word of the version log is not that this very state is the target, said to this uid."""
    history = facts.history
    newest = history.newest_verified
    if newest is None or newest.version != facts.version or history.changed_since_verify:
        return True
    if facts.is_laptop:
        return False
    return not any(
        row.uid == facts.requester.uid and row.version == facts.version and row.history_id >= history.newest_change
        for row in history.verified
    )


def _notes(case: Case, draft: Draft) -> Iterator[str]:
    facts = case.facts
    if draft.baseline:
        yield from adoption.notes(facts)
    changed, unordered = wording.policy(facts, "changedRelease"), wording.policy(facts, "outOfOrder")
    for migration in draft.sets.gained:
        yield f"{wording.migration(migration)} is new in an applied release ({changed}: Apply)"
    for migration in draft.sets.late:
        yield f"{wording.migration(migration)} belongs before applied ones ({unordered}: Apply)"
    for row in draft.sets.downs:
        known = facts.directory.migration(row.kind, row.name)
        if isinstance(row, AppliedMigration) and known and known.down_checksum != row.down_checksum:
            yield f"{wording.recorded(row.kind, row.name, row.release)}: the stored down runs, not the directory's"
    for told in facts.drift.sentences:
        yield f"drift since {facts.drift.since}: {told}"
    yield from _unannounced(case, draft)


def _unannounced(case: Case, draft: Draft) -> Iterator[str]:
    """Releases with a destructive up that do not say whom it breaks, each once."""
    told: set[str] = set()
    for migration in draft.plan.ups:
        release = case.facts.directory.release(migration.release)
        classes = {operation.operation_class for operation in case.analysis(migration).operations}
        destroys = OperationClass.DESTRUCTIVE in classes
        if release and not release.breaking and destroys and migration.release not in told:
            told.add(migration.release)
            yield f"release {release.version} ({release.file}:{release.line}) destroys something: say so in `breaking:`"


__all__ = ["REFUSALS", "CancelReported", "Decision", "Planned", "Refused", "Reported", "decide"]
