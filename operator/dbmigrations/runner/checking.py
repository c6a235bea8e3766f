"""What is not as it should be between a database, its history and the release directory, each with its place. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.api.words import ChangePolicy, Direction, DriftPolicy
from dbmigrations.runner.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.postgres.tampering import Tampering
    from dbmigrations.release.history import AppliedMigration
    from dbmigrations.release.migration import Migration
    from dbmigrations.release.sets import Sets
    from dbmigrations.runner.preflight.facts import PreflightFacts


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    what: str
    """edited, missing, moved, inserted, late, reordered, other down, half-done, drift, or tampered."""
    subject: str
    """`sql/20260123_1200_name`, or the object; what --accept takes, where it can be accepted."""
    where: str
    """`file:line`; empty: it is not in the directory."""
    version: str
    message: str
    remedy: str
    stands_in_the_way: bool
    """False: it is only told."""


def file_findings(facts: PreflightFacts, sets: Sets) -> Iterator[Finding]:
    """Files and ledger lines that are not what was applied."""
    yield from _kept(facts, sets)
    for row in sets.strays:
        yield _stray(facts, row)
    policy = facts.policy
    for migration in sets.gained:
        refused = policy.changed_release is ChangePolicy.REFUSE
        yield _added(migration, "inserted", "is new in a release that is applied already", stands_in_the_way=refused)
    for migration in (each for each in sets.late if each not in sets.gained):
        refused = policy.out_of_order is ChangePolicy.REFUSE
        yield _added(migration, "late", "belongs before migrations that are applied already", stands_in_the_way=refused)
    yield from _reordered(facts, sets)


def half_findings(facts: PreflightFacts, sets: Sets) -> Iterator[Finding]:
    """Migrations of which a part ran. A run goes on with them; whether it may, preflight says."""
    for row in facts.history.partial:
        known = facts.directory.migration(row.kind, row.name)
        half = facts.analysis(row.kind, row.name, row.direction).half
        verb = "applied" if row.direction is Direction.UP else "undone"
        ran = sum(each.applied for each in row.statements)
        goes_on = f"; it goes on with statement {half.next} (line {half.line})" if half and half.next else ""
        yield Finding(
            "half-done",
            f"{row.kind}/{row.name}",
            f"{known.up.path}:{half.line or 1}" if known and half and row.direction is Direction.UP else "",
            row.release,
            f"is {verb} in part: {count(ran, 'statement')} ran{goes_on}",
            "a run takes it up where it stopped" if row not in sets.stuck else "finish it first",
            stands_in_the_way=False,
        )


def drift_findings(facts: PreflightFacts) -> Iterator[Finding]:
    """What somebody changed in the database."""
    for difference, told in zip(facts.drift.differences, facts.drift.sentences, strict=True):
        yield Finding(
            "drift",
            f"{difference.subject.kind} {difference.subject.name}",
            "",
            facts.history.current_version,
            told,
            "put it back, or accept what is there: `dbmigrate check --accept drift --reason …`",
            facts.policy.drift is DriftPolicy.REFUSE,
        )


_AFTER_TAMPERING = (
    "see what became of them (`dbmigrate history`, a backup); where what is there is right, `dbmigrate check --accept "
    "history --reason …` records that, and `dbmigrate version set` what the rows do not say"
)


def tampered(found: Tampering) -> Iterator[Finding]:
    """Rows of the history that are not what was written."""
    broken_row = found.broken_row
    if broken_row is not None:
        again = ", again since it was accepted" if found.again else ""
        yield Finding(
            "tampered",
            f"row {broken_row} of migration_history",
            "",
            "",
            f"the history was changed by hand at or before row {broken_row}{again}: its chain does not follow",
            _AFTER_TAMPERING,
            stands_in_the_way=True,
        )
    if found.cut_off:
        yield Finding(
            "tampered",
            "the end of migration_history",
            "",
            "",
            "the newest rows of the history are gone: a verify has seen rows that are not there",
            _AFTER_TAMPERING,
            stands_in_the_way=True,
        )


def _kept(facts: PreflightFacts, sets: Sets) -> Iterator[Finding]:
    for row in sets.kept:
        known = facts.directory.migration(row.kind, row.name)
        if known is None:
            continue
        subject = f"{row.kind}/{row.name}"
        if known.up.checksum != row.up_checksum:
            yield Finding(
                "edited",
                subject,
                f"{known.up.path}:1",
                row.release,
                "was edited after it was applied",
                "restore the file and put the change into a new migration; or, where both do the same, "
                f"{_accepting(row)}",
                stands_in_the_way=True,
            )
        if known.release.text != row.release:
            yield Finding(
                "moved",
                subject,
                f"{known.file}:{known.line}",
                row.release,
                f"was applied in {row.release}, and is listed in {known.release} now",
                f"put its line back under {row.release}: a rollback goes by the release in which it was applied",
                stands_in_the_way=False,
            )
        if known.down is not None and known.down_checksum != row.down_checksum:
            yield Finding(
                "other down",
                subject,
                f"{known.down.path}:1",
                row.release,
                "is not the down that is stored: a rollback runs the stored one",
                f"`dbmigrate history replace-down {subject} --file {known.down.path} --reason …` stores this one",
                stands_in_the_way=False,
            )


def _accepting(row: AppliedMigration) -> str:
    return f"`dbmigrate check --accept {row.kind}/{row.name} --reason …`"


def _stray(facts: PreflightFacts, row: AppliedMigration) -> Finding:
    known = facts.directory.migration(row.kind, row.name)
    lost = known is None
    if known is None:
        message, where = "is applied, and no release lists it any more", ""
    else:
        message, where = (
            f"was applied in {row.release}, and is listed in {known.release} now",
            f"{known.file}:{known.line}",
        )
    return Finding(
        "missing" if known is None else "moved",
        f"{row.kind}/{row.name}",
        where,
        row.release,
        message,
        f"put its line back under {row.release}, or use the source that has it"
        + (
            f"; where its file is lost, a stand-in of comments is accepted like an edited one: {_accepting(row)}" * lost
        ),
        stands_in_the_way=True,
    )


def _added(migration: Migration, what: str, message: str, *, stands_in_the_way: bool) -> Finding:
    field = "--changed-release Apply" if what == "inserted" else "--out-of-order Apply"
    return Finding(
        what,
        f"{migration.kind}/{migration.name}",
        f"{migration.file}:{migration.line}",
        migration.release.text,
        message,
        f"move it to a new release, or allow it with {field}",
        stands_in_the_way,
    )


def _reordered(facts: PreflightFacts, sets: Sets) -> Iterator[Finding]:
    """Applied migrations that stand in the ledger before one that was applied before them."""
    highest = -1
    for row in sorted(sets.kept, key=lambda each: each.history_id):
        position = facts.directory.position(row.key)
        known = facts.directory.migration(row.kind, row.name)
        if position is None or known is None:
            continue
        if position < highest:
            yield Finding(
                "reordered",
                f"{row.kind}/{row.name}",
                f"{known.file}:{known.line}",
                row.release,
                "stands in the ledger before migrations that were applied before it",
                "restore the order of the ledger; where it was applied late on purpose, nothing is to be done",
                stands_in_the_way=False,
            )
        highest = max(highest, position)
