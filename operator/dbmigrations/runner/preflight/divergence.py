"""Refusals where the database and the release directory tell different stories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.words import ChangePolicy, Direction, DriftPolicy
from dbmigrations.release.document import did_you_mean
from dbmigrations.release.migration import Kind
from dbmigrations.runner.preflight import wording
from dbmigrations.runner.preflight.drafting import records_baseline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.release.history import PartialMigration
    from dbmigrations.runner.preflight.case import Case, Refused
    from dbmigrations.runner.preflight.facts import PreflightFacts


def version_not_found(case: Case) -> Refused | None:
    """The ledger does not list the desired version, or the baseline."""
    facts = case.facts
    if case.undoes:
        return None
    known = facts.directory.versions
    for version, field in ((facts.version, "spec.version"), (_recorded_baseline(facts), "spec.baseline.version")):
        if version and version not in known:
            verb = "is" if len(known) == 1 else "are"
            newest = f"the newest that it lists {verb} {', '.join(known[-3:])}"
            hint = " ".join(part for part in (did_you_mean(version, known), newest) if part)
            asked = version if facts.is_laptop else f"{version} ({field})"
            return case.refuse(
                Refusal.VERSION_NOT_FOUND,
                f"the ledger of the release directory does not list {asked}: {hint}; or use a source that has it",
            )
    return None


def history_diverged(case: Case) -> Refused | None:
    """An applied file was edited, or somebody else's Prisma was here."""
    facts = case.facts
    if case.undoes or case.draft is None:
        return None
    edited = [
        f"{known.up.path} ({known.file}:{known.line})"
        for row in case.draft.sets.kept
        if (known := facts.directory.migration(row.kind, row.name)) and known.up.checksum != row.up_checksum
    ]
    if edited:
        return case.refuse(
            Refusal.HISTORY_DIVERGED,
            f"edited after it was applied: {wording.listed(edited)}. Restore the file as it was applied and put the "
            f"change into a new migration, then {wording.look_again(facts)}",
        )
    began = [each for m in case.draft.plan.migrations if (half := case.analysis(m).half) for each in half.edited]
    if began:
        return case.refuse(
            Refusal.HISTORY_DIVERGED,
            f"half-done, and edited where it has run: {wording.listed(began)}. Put it back as it was and make the "
            f"change in a migration of its own, then {wording.look_again(facts)}",
        )
    foreign = [] if case.draft.baseline else list(_foreign_prisma_rows(facts))
    if foreign:
        return case.refuse(
            Refusal.HISTORY_DIVERGED,
            f"_prisma_migrations holds what the history does not: {wording.listed(foreign)}. Somebody ran "
            "`prisma migrate` here: `prisma migrate resolve --rolled-back <name>` takes back what did not take "
            f"effect, then {wording.look_again(facts)}",
        )
    return None


def partially_applied(case: Case) -> Refused | None:
    """A migration stopped half-way, and the target leads away from finishing it."""
    facts = case.facts
    if case.draft is None or not case.draft.sets.stuck:
        return None
    row = case.draft.sets.stuck[0]
    return case.refuse(
        Refusal.PARTIALLY_APPLIED,
        f"{wording.place(facts.directory, row.key)} of {row.release} {_how_it_stopped(row)}",
    )


def release_changed(case: Case) -> Refused | None:
    """Applied lines left the ledger, or an applied release gained lines."""
    facts = case.facts
    if case.undoes or case.draft is None:
        return None
    sets = case.draft.sets
    if sets.strays:
        lines = [wording.recorded(row.kind, row.name, row.release) for row in sets.strays]
        return case.refuse(
            Refusal.RELEASE_CHANGED,
            f"applied, but the ledger does not list it at or below {facts.version} in its release any more: "
            f"{wording.listed(lines)}. Put each line back under its release, or use the source that has it",
        )
    if sets.gained and facts.policy.changed_release is ChangePolicy.REFUSE:
        field = wording.setting(facts, "spec.policy.changedRelease: Apply", "--changed-release Apply")
        return case.refuse(
            Refusal.RELEASE_CHANGED,
            f"listed in a release that is already applied: {wording.listed(map(wording.migration, sets.gained))}. "
            f"Move it to a new release, or allow it with {field}",
        )
    return None


def out_of_order(case: Case) -> Refused | None:
    """A migration belongs before ones that are already applied."""
    facts = case.facts
    if case.draft is None or not case.draft.sets.late or facts.policy.out_of_order is ChangePolicy.APPLY:
        return None
    field = wording.setting(facts, "spec.policy.outOfOrder: Apply", "--out-of-order Apply")
    return case.refuse(
        Refusal.OUT_OF_ORDER,
        "belongs before migrations that are already applied: "
        f"{wording.listed(map(wording.migration, case.draft.sets.late))}. Move it to a new release above them, or "
        f"allow it with {field}",
    )


def drifted(case: Case) -> Refused | None:
    """Somebody changed the database since it was last verified, and policy wants to know before anything is added."""
    facts = case.facts
    if case.undoes or facts.policy.drift is DriftPolicy.REPORT or not facts.drift.differences:
        return None
    field = wording.setting(facts, "spec.policy.drift: Report", "--drift Report")
    return case.refuse(
        Refusal.DRIFTED,
        f"changed by somebody since {facts.drift.since}: {wording.listed(facts.drift.headlines)}. `dbmigrate check` "
        "shows each; put it back, or accept it (`dbmigrate check --accept drift --reason …`), then "
        f"{wording.look_again(facts)}; or allow it with {field}",
    )


def _recorded_baseline(facts: PreflightFacts) -> str:
    return facts.baseline if records_baseline(facts) else ""


def _foreign_prisma_rows(facts: PreflightFacts) -> Iterator[str]:
    ours = {row.name for row in facts.history.applied if row.kind is Kind.SCHEMA}
    halves = {row.name for row in facts.history.partial if row.kind is Kind.SCHEMA}
    for row in facts.prisma:
        if row.rolled_back or row.name in ours or row.name in halves:
            continue
        yield row.name if row.finished else f"{row.name} (unfinished)"


def _how_it_stopped(row: PartialMigration) -> str:
    match row.direction:
        case Direction.UP:
            return (
                "was applied half-way. Finish it (set the version back to one that contains it, with its file mended), "
                "and lower the version then; or, where its down can undo a half, let the down say "
                "`-- migrate: down=partial-safe`"
            )
        case Direction.DOWN:
            return (
                "was undone half-way. Finish undoing it (set the version back to one below it), and raise the version "
                "then"
            )
