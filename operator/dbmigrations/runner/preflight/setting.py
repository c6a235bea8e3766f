"""May a database be recorded as being at a version, with nothing run? What would be a lie is refused. Pure.

The record says what a person knows and the history does not: that a migration took effect in another way (by hand, by
another tool), or was taken back in another way. It never covers an edit, a lost line or a half-done migration: those
are questions about files, and have remedies of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.spec import ChangePolicy
from dbmigrations.release.history import AppliedMigration
from dbmigrations.release.migration import Kind, Migration
from dbmigrations.runner.preflight import divergence, going_down, identity, wording
from dbmigrations.runner.preflight.case import Case, Refused
from dbmigrations.runner.preflight.facts import PreflightFacts, PrismaRow


@dataclass(frozen=True, slots=True)
class Setting:
    """What is recorded."""

    taken_as_applied: tuple[Migration, ...]
    """In the ledger's order: each gets a Baselined row, which no rollback goes below."""
    taken_as_undone: tuple[AppliedMigration, ...]
    """The newest first: each gets an Undone row."""
    known_to_prisma: frozenset[str]
    """Those of them that Prisma's table holds already."""


_REFUSALS: tuple[Callable[[Case], Refused | None], ...] = (
    identity.owned_by_other,
    divergence.version_not_found,
    divergence.history_diverged,
    divergence.release_changed,
    going_down.below_baseline,
)


def decide_setting(facts: PreflightFacts) -> Setting | Refused:
    """What would be recorded to be at `facts.version`, or why it may not be."""
    allowing = {"changed_release": ChangePolicy.APPLY, "out_of_order": ChangePolicy.APPLY}
    facts = replace(facts, policy=facts.policy.model_copy(update=allowing))
    case = Case(facts)
    if not facts.history.exists:
        return case.refuse(
            Refusal.BASELINE_REQUIRED,
            f"the database has no history that could be corrected: `dbmigrate baseline {facts.version}` begins one",
        )
    missing = case.draft.sets.ups if case.draft else ()
    known = _known_to_prisma(facts, missing)
    case = Case(replace(facts, prisma=tuple(row for row in facts.prisma if row.name not in known)))
    for refusal in _REFUSALS:
        refused = refusal(case)
        if refused is not None:
            return refused
    if facts.history.partial:
        half = facts.history.partial[0]
        return case.refuse(
            Refusal.PARTIALLY_APPLIED,
            f"{wording.place(facts.directory, half.key)} of {half.release} is half done, and nobody can say that it is "
            "done or undone: let `dbmigrate migrate` or `dbmigrate rollback` finish it first",
        )
    if case.draft is None:
        raise AssertionError("no refusal matched, so the sets are known")
    undone = tuple(row for row in case.draft.sets.downs if isinstance(row, AppliedMigration))
    return Setting(missing, undone, known)


def _known_to_prisma(facts: PreflightFacts, missing: tuple[Migration, ...]) -> frozenset[str]:
    """Missing migrations that Prisma itself applied, from the very file."""
    files = {migration.name: migration.up.accepted_checksums for migration in missing if migration.kind is Kind.SCHEMA}
    return frozenset(row.name for row in facts.prisma if _is_done(row) and row.checksum in files.get(row.name, ()))


def _is_done(row: PrismaRow) -> bool:
    return row.finished and not row.rolled_back
