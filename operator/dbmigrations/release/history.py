"""What a database tells about its own history, as facts. The engine reads them; plans are made of them.

*Applied* = the newest row of a (kind, name) with outcome Applied, Baselined or Undone is not Undone. Failed rows count
nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbmigrations.api.words import Direction
    from dbmigrations.release.kind import Key, Kind


class AppliedOutcome(StrEnum):
    """How a migration came to be applied."""

    APPLIED = "Applied"
    BASELINED = "Baselined"  # recorded, never run; never undone


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    """A migration that is applied now."""

    kind: Kind
    name: str
    release: str
    """The release under which it was recorded."""
    up_checksum: str
    """Canonical."""
    down_checksum: str
    """Canonical, of the stored down script; empty where none was stored."""
    outcome: AppliedOutcome
    uid: str
    """Of the resource that applied it; empty: a laptop."""
    run: str
    times_applied: int
    """How often it has been applied by now, this time included; at least 1."""
    history_id: int
    approved_plan: str = ""
    """The approval under which it was applied; empty: none was needed."""

    @property
    def key(self) -> Key:
        """Kind and name."""
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class UndoneMigration:
    """A migration that was applied once and is undone now (its newest counting row is Undone)."""

    kind: Kind
    name: str
    times_applied: int
    history_id: int
    """Of the row that says Undone."""

    @property
    def key(self) -> Key:
        """Kind and name."""
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class BegunStatement:
    """A statement of a half-done migration."""

    ordinal: int
    """Which of its script's, from 0."""
    checksum: str
    """Of its text, as it was sent."""
    applied: bool
    """False: it was refused, or nobody wrote how it ended."""


@dataclass(frozen=True, slots=True)
class PartialMigration:
    """A migration of which some journalled statements ran, and then it ended.

    Up: it is not applied. Down: it is still applied by the history, yet half undone.
    """

    kind: Kind
    name: str
    release: str
    direction: Direction
    up_checksum: str
    down_checksum: str
    """Of the stored down; empty where none was stored."""
    down_partial_safe: bool
    """The stored down says `-- migrate: down=partial-safe`."""
    times_applied: int
    """How often it was applied as a whole before."""
    uid: str
    run: str
    statements: tuple[BegunStatement, ...] = ()
    """In order."""

    @property
    def key(self) -> Key:
        """Kind and name."""
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class VerifiedVersion:
    """A row of the version log: a passed Verify."""

    version: str
    uid: str
    """Of the resource that verified; empty: a laptop."""
    history_id: int
    """The newest counting history row when it passed: everything up to it was seen."""


@dataclass(frozen=True, slots=True)
class ApprovedChange:
    """A history row (Applied or Undone) that was written under the approval that the request carries now."""

    direction: Direction
    kind: Kind
    name: str
    release: str
    up_checksum: str
    down_checksum: str
    nth: int
    """What the plan's hash calls nth: how often it was applied, with this time (up) or until then (down)."""
    history_id: int

    @property
    def key(self) -> Key:
        """Kind and name."""
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class DatabaseHistory:
    """Everything that plans and refusals ask of the history. Empty for a database without our tables."""

    applied: tuple[AppliedMigration, ...] = ()
    """In order of history_id."""
    undone: tuple[UndoneMigration, ...] = ()
    partial: tuple[PartialMigration, ...] = ()
    verified: tuple[VerifiedVersion, ...] = ()
    """The version log, oldest first."""
    newest_change: int = 0
    """history_id of the newest row with outcome Applied, Baselined or Undone; 0: there is none."""
    approved_changes: tuple[ApprovedChange, ...] = ()
    """The rows whose approved plan equals the request's approvedPlan, in order of history_id; empty without one."""

    @property
    def exists(self) -> bool:
        """Whether this database has ever seen a migration of ours, begun or done."""
        return self.newest_change > 0 or bool(self.partial) or bool(self.verified)

    @property
    def newest_verified(self) -> VerifiedVersion | None:
        """The last passed Verify; None: there was none."""
        return self.verified[-1] if self.verified else None

    @property
    def changed_since_verify(self) -> bool:
        """Whether migrations were applied or undone, or begun, after the last passed Verify."""
        newest = self.newest_verified
        return bool(self.partial) or self.newest_change > (newest.history_id if newest else 0)

    @property
    def current_version(self) -> str:
        """The database's version as people see it: `1.0.0`, `1.0.0*` when changed since, empty before any Verify."""
        newest = self.newest_verified
        if newest is None:
            return ""
        return f"{newest.version}*" if self.changed_since_verify else newest.version

    def counts(self) -> dict[Key, int]:
        """How often each migration has been applied by now; those never applied may be missing."""
        counts: dict[Key, int] = {}
        rows: tuple[AppliedMigration | UndoneMigration | PartialMigration, ...]
        rows = (*self.applied, *self.undone, *self.partial)
        for row in rows:
            counts[row.key] = max(counts.get(row.key, 0), row.times_applied)
        return counts
