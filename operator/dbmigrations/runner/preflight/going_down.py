"""Refusals about undoing what was applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.words import RollbackPolicy
from dbmigrations.release.history import AppliedMigration, AppliedOutcome, PartialMigration
from dbmigrations.release.versions import Version, VersionError
from dbmigrations.runner.preflight import wording

if TYPE_CHECKING:
    from dbmigrations.runner.preflight.case import Case, Refused
    from dbmigrations.runner.preflight.facts import PreflightFacts

_Down = AppliedMigration | PartialMigration


def below_baseline(case: Case) -> Refused | None:
    """What existed before us is never undone."""
    below = [row for row in _downs(case) if _is_baseline(case.facts, row)]
    if not below:
        return None
    return case.refuse(
        Refusal.BELOW_BASELINE,
        f"there is no way back below the baseline: {_named(below)} existed before the history. Set a version at or "
        f"above {max((row.release for row in below), key=Version.parse)}",
    )


def down_missing(case: Case) -> Refused | None:
    """A down is wanted and none was stored; or policy asks each up for one and there is none."""
    facts = case.facts
    missing = [row for row in _downs(case) if not row.down_checksum]
    if missing:
        reasons = [f"{wording.recorded(row.kind, row.name, row.release)}{_declared(facts, row)}" for row in missing]
        return case.refuse(
            Refusal.DOWN_MISSING,
            f"nothing is undone, since no down script was stored with {wording.listed(reasons)}. Set the version back "
            "up, write a migration that leads on from here, or restore a backup",
        )
    if case.draft is None or not facts.policy.require_down:
        return None
    bare = [
        migration
        for migration in case.draft.sets.ups
        if migration.down is None
        and migration.irreversible is None
        and not _is_baseline_release(facts, migration.release)
    ]
    if not bare:
        return None
    policy = wording.policy(facts, "requireDown")
    lift = f"leave {policy} out" if facts.is_laptop else "set requireDown to false"
    return case.refuse(
        Refusal.DOWN_MISSING,
        f"{policy}: no down for {wording.listed(map(wording.migration, bare))}. Add the down script, declare "
        f"it (`irreversible: {{{bare[0].name}: why}}`), or {lift}",
    )


def rollback_denied(case: Case) -> Refused | None:
    """Policy denies going down."""
    downs = _downs(case)
    if not downs or case.facts.policy.rollback is not RollbackPolicy.DENY:
        return None
    return case.refuse(
        Refusal.ROLLBACK_DENIED,
        f"{wording.policy(case.facts, 'rollback')} is Deny, and {_named(downs)} would be undone. Set the version back "
        f"up, or change {wording.setting(case.facts, 'spec.policy.rollback', '--rollback')}",
    )


def version_ahead(case: Case) -> Refused | None:
    """Going down would undo what is not our own: never unasked."""
    facts = case.facts
    foreign = [row for row in _downs(case) if not _is_own(facts, row)]
    if not foreign or case.plan is None or facts.down_is_asked or case.is_approved:
        return None
    newest = max((row.release for row in foreign), key=Version.parse)
    by = "" if facts.is_laptop else ", and not by the doing of this resource"
    if facts.is_laptop:
        remedy = f"`dbmigrate rollback --to-version {facts.version}` asks for it"
    else:
        remedy = f"set `spec.version: {newest}` to keep it, or {wording.approve(facts, case.plan.hash)} to undo it"
    return case.refuse(
        Refusal.VERSION_AHEAD,
        f"the database is ahead of {facts.version}{by}: {_named(foreign)}. Going down never happens unasked: {remedy}",
    )


def _downs(case: Case) -> tuple[_Down, ...]:
    return case.draft.sets.downs if case.draft else ()


def _named(rows: list[_Down] | tuple[_Down, ...]) -> str:
    return wording.listed(wording.recorded(row.kind, row.name, row.release) for row in rows)


def _is_baseline(facts: PreflightFacts, row: _Down) -> bool:
    baselined = isinstance(row, AppliedMigration) and row.outcome is AppliedOutcome.BASELINED
    try:
        return baselined or _is_baseline_release(facts, Version.parse(row.release))
    except VersionError:
        return baselined


def _is_baseline_release(facts: PreflightFacts, version: Version) -> bool:
    release = facts.directory.release(version.text)
    return release is not None and release.baseline


def _declared(facts: PreflightFacts, row: _Down) -> str:
    known = facts.directory.migration(row.kind, row.name)
    return f" (irreversible: {known.irreversible})" if known and known.irreversible else ""


def _is_own(facts: PreflightFacts, row: _Down) -> bool:
    """Applied under this uid, or before a Verify that passed under this uid at a version containing it."""
    uid = facts.requester.uid
    if not uid:
        return False
    if row.uid == uid:
        return True
    if isinstance(row, PartialMigration):
        return False
    release = Version.parse(row.release)
    return any(
        seen.uid == uid and seen.history_id >= row.history_id and Version.parse(seen.version) >= release
        for seen in facts.history.verified
    )
