"""Desired and applied, compared: what goes up, what comes down, what stays, and what fits nowhere.

Direction follows from these sets alone, never from comparing two version numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction
from dbmigrations.release.plan import BaseEntry, Plan, PlannedMigration
from dbmigrations.release.versions import Version, VersionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.release.history import AppliedMigration, DatabaseHistory, PartialMigration
    from dbmigrations.release.migration import Key, Migration


@dataclass(frozen=True, slots=True)
class Sets:
    """What comparing gave. Every applied migration is in exactly one of kept, downs and strays."""

    kept: tuple[AppliedMigration, ...]
    """Desired and applied."""
    downs: tuple[AppliedMigration | PartialMigration, ...]
    """To be undone, in this order: the reverse of the order of application."""
    ups: tuple[Migration, ...]
    """To be applied, in the ledger's order."""
    strays: tuple[AppliedMigration, ...] = ()
    """Applied, but their ledger line was lost, renamed or moved: never undone by guess."""
    stuck: tuple[PartialMigration, ...] = ()
    """Half done, and the target leads away from finishing them."""
    gained: tuple[Migration, ...] = ()
    """Ups in a release that is already applied."""
    late: tuple[Migration, ...] = ()
    """Ups that belong before migrations already applied."""


def compare(directory: ReleaseDirectory, history: DatabaseHistory, target: Version) -> Sets:
    """The sets on the way to a version that the ledger lists."""
    desired = {migration.key: migration for migration in directory.up_to(target)}
    kept: list[AppliedMigration] = []
    downs: list[AppliedMigration | PartialMigration] = []
    strays: list[AppliedMigration] = []
    higher = {release for release in {row.release for row in history.applied} if _is_above(release, target)}
    for row in history.applied:
        above = row.release in higher
        if row.key in desired and not above:
            kept.append(row)
        elif above and row.key not in desired:
            downs.append(row)
        else:
            strays.append(row)
    applied = {row.key for row in history.applied}
    ups = tuple(migration for migration in desired.values() if migration.key not in applied)
    resumed = {m.key for m in ups}
    safe, stuck = _judge_partial(history.partial, target, resumed, {row.key for row in downs})
    return Sets(
        kept=tuple(kept),
        downs=(*safe, *reversed(downs)),
        ups=ups,
        strays=tuple(strays),
        stuck=stuck,
        gained=tuple(_gained(ups, history)),
        late=tuple(_late(ups, kept, directory)),
    )


def undo(history: DatabaseHistory, run: str) -> Sets:
    """The sets for undoing exactly what one run applied."""
    downs = [row for row in history.applied if row.run == run]
    partial = [row for row in history.partial if row.run == run and row.direction is Direction.UP]
    safe = tuple(row for row in partial if _can_be_undone(row))
    return Sets(
        kept=tuple(row for row in history.applied if row.run != run),
        downs=(*safe, *reversed(downs)),
        ups=(),
        stuck=tuple(row for row in partial if row not in safe),
    )


def plan_of(sets: Sets, history: DatabaseHistory, *, baselined: tuple[BaseEntry, ...] = ()) -> Plan:
    """The plan that the sets make: downs first."""
    counts = history.counts()
    downs = tuple(
        PlannedMigration(
            row.release,
            row.kind,
            row.name,
            Direction.DOWN,
            row.times_applied,
            row.up_checksum,
            row.down_checksum,
        )
        for row in sets.downs
    )
    ups = tuple(
        PlannedMigration(
            m.release.text,
            m.kind,
            m.name,
            Direction.UP,
            counts.get(m.key, 0) + 1,
            m.up.checksum,
            m.down_checksum,
        )
        for m in sets.ups
    )
    base = tuple(sorted((row.kind, row.name, row.up_checksum) for row in history.applied))
    return Plan(base, downs + ups, baselined)


def _is_above(release: str, target: Version) -> bool:
    """Whether a recorded release lies above the target; one that is no version lies nowhere."""
    try:
        return Version.parse(release) > target
    except VersionError:
        return False


def _can_be_undone(row: PartialMigration) -> bool:
    return row.down_partial_safe and bool(row.down_checksum)


def _judge_partial(
    partial: tuple[PartialMigration, ...], target: Version, ups: set[Key], downs: set[Key]
) -> tuple[tuple[PartialMigration, ...], tuple[PartialMigration, ...]]:
    """Half-done migrations that are undone as they are, and those that nothing in this plan finishes."""
    safe: list[PartialMigration] = []
    stuck: list[PartialMigration] = []
    for row in partial:
        match row.direction:
            case Direction.UP if row.key in ups:
                continue
            case Direction.DOWN if row.key in downs:
                continue
            case Direction.UP if _can_be_undone(row) and _is_above(row.release, target):
                safe.append(row)
            case _:
                stuck.append(row)
    return tuple(safe), tuple(stuck)


def _gained(ups: tuple[Migration, ...], history: DatabaseHistory) -> Iterator[Migration]:
    """Ups that were not there when their release was applied.

    A release counts as applied when a verified version reaches it, and it was verified itself or has applied
    migrations. What a rollback undid after that verify is on its way back, not new.
    """
    newest = history.newest_verified
    if newest is None:
        return
    verified = Version.parse(newest.version)
    present = {row.release for row in history.applied} | {row.version for row in history.verified}
    undone_since = {row.key for row in history.undone if row.history_id > newest.history_id}
    for migration in ups:
        is_applied = migration.release <= verified and migration.release.text in present
        if is_applied and migration.key not in undone_since:
            yield migration


def _late(ups: tuple[Migration, ...], kept: list[AppliedMigration], directory: ReleaseDirectory) -> Iterator[Migration]:
    newest = max((position for row in kept if (position := directory.position(row.key)) is not None), default=-1)
    for migration in ups:
        position = directory.position(migration.key)
        if position is not None and position < newest:
            yield migration
