"""Refusals about whose database this is, and whether it is still the one that it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Refusal
from dbmigrations.runner.preflight import wording

if TYPE_CHECKING:
    from dbmigrations.runner.preflight.case import Case, Refused


def owned_by_other(case: Case) -> Refused | None:
    """Another resource owns the database.

    The same name with another uid is no other: the resource was deleted and created again, and takes over. A laptop
    never owns: its changing commands refuse an owned database unless forced.
    """
    facts = case.facts
    owner = facts.owner
    if owner is None or facts.force_owned:
        return None
    if facts.is_laptop:
        return case.refuse(
            Refusal.OWNED_BY_OTHER,
            f"the database belongs to DatabaseMigration {owner.owner}: change its spec.version instead, or pass "
            "`--force-owned` (audited)",
        )
    if facts.requester.uid == owner.uid or facts.requester.owner == owner.owner:
        return None
    return case.refuse(
        Refusal.OWNED_BY_OTHER,
        f"the database belongs to DatabaseMigration {owner.owner} (uid {owner.uid}): delete one of the two resources; "
        f"where the other one is gone for good, `dbmigrate owner take {facts.requester.owner} --reason …` moves the "
        f"ownership, then {wording.look_again(facts)}",
    )


def moved_back(case: Case) -> Refused | None:
    """The database does not know the newest run that the status holds as succeeded: restored, or failed over."""
    facts = case.facts
    if facts.last_run_known or case.is_approved:
        return None
    what = (
        f"the database does not know run {facts.last_run}, the newest that succeeded: it was restored to an earlier "
        "state, or failed over with loss"
    )
    if case.plan is None:
        return case.refuse(
            Refusal.DATABASE_MOVED_BACK,
            f"{what}; no plan can be made from what is there now. Restore the right state, then "
            f"{wording.look_again(facts)}",
        )
    version = facts.history.current_version or "no version"
    work = wording.counted(len(case.plan.migrations), "migration")
    return case.refuse(
        Refusal.DATABASE_MOVED_BACK,
        f"{what}. It is at {version} now, and {work} would lead to {facts.version}. If this state is right, "
        f"{wording.approve(facts, case.plan.hash)}; else restore the right one, then {wording.look_again(facts)}",
    )
