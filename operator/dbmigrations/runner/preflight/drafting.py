"""The plan that facts lead to, before anybody asks whether it may run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dbmigrations.api.words import Trigger
from dbmigrations.release.history import AppliedMigration, AppliedOutcome, DatabaseHistory
from dbmigrations.release.sets import Sets, compare, plan_of, undo

if TYPE_CHECKING:
    from dbmigrations.release.plan import Plan
    from dbmigrations.runner.preflight.facts import PreflightFacts


@dataclass(frozen=True, slots=True)
class Draft:
    """The sets and the plan, and the history that they were made of: with the baseline, where one is to be recorded."""

    sets: Sets
    plan: Plan
    history: DatabaseHistory
    baseline: str
    """The version that the Baseline step will record; empty: none."""


def draft(facts: PreflightFacts) -> Plan | None:
    """The plan, whatever policy says of it; None where none can be formed (`decide` then says why)."""
    made = make_draft(facts)
    return None if made is None else made.plan


def make_draft(facts: PreflightFacts) -> Draft | None:
    """The draft with everything that refusals look at; None as `draft` says."""
    if facts.trigger is Trigger.ON_FAILURE_ROLLBACK:
        sets = undo(facts.history, facts.undo_run)
        return Draft(sets, plan_of(sets, facts.history), facts.history, "")
    target = facts.directory.release(facts.version)
    if target is None or needs_baseline(facts):
        return None
    history = facts.history
    recorded: tuple[AppliedMigration, ...] = ()
    if records_baseline(facts):
        baseline = facts.directory.release(facts.baseline)
        if baseline is None:
            return None
        recorded = _as_baselined(facts)
        history = replace(history, applied=recorded, newest_change=len(recorded))
    sets = compare(facts.directory, history, target.version)
    plan = plan_of(sets, history, baselined=tuple((row.kind, row.name, row.up_checksum) for row in recorded))
    return Draft(sets, plan, history, facts.baseline if records_baseline(facts) else "")


def records_baseline(facts: PreflightFacts) -> bool:
    """A database that existed before, and a spec that says at which version: check, record, run nothing."""
    return bool(facts.baseline) and not facts.database_is_empty and not facts.history.exists


def needs_baseline(facts: PreflightFacts) -> bool:
    """A database that existed before, and nobody says what is in it."""
    return not facts.baseline and not facts.database_is_empty and not facts.history.exists


def _as_baselined(facts: PreflightFacts) -> tuple[AppliedMigration, ...]:
    """The rows that the Baseline step will write."""
    release = facts.directory.release(facts.baseline)
    migrations = facts.directory.up_to(release.version) if release else ()
    return tuple(
        AppliedMigration(
            kind=migration.kind,
            name=migration.name,
            release=migration.release.text,
            up_checksum=migration.up.checksum,
            down_checksum="",
            outcome=AppliedOutcome.BASELINED,
            uid=facts.requester.uid,
            run="",
            times_applied=1,
            history_id=number,
        )
        for number, migration in enumerate(migrations, start=1)
    )
