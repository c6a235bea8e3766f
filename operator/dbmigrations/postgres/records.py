"""What rows of `migration_history` say, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from dbmigrations.postgres.outcome import RowOutcome as RowOutcome

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from dbmigrations.api.words import Direction
    from dbmigrations.release.migration import Kind, Migration


@dataclass(frozen=True)
class Provenance:
    """On whose behalf something is done, and with what; every row carries it."""

    run: str
    owner: str = ""
    uid: str = ""
    """Empty: a laptop."""
    requested_by: str = ""
    git_revision: str = ""
    approved_plan: str = ""
    runner_version: str = ""
    image_digest: str = ""


@dataclass(frozen=True)
class RecordedMigration:
    """What a history row says of a migration itself: enough to undo it without any release directory."""

    kind: Kind
    name: str
    release: str
    description: str
    checksum: str
    raw_checksum: str
    down_path: str | None
    down_script: str | None
    down_checksum: str
    irreversible: str | None
    exceptions: str | None = None

    @classmethod
    def of(cls, migration: Migration, description: str = "") -> Self:
        """As an up records it."""
        from dbmigrations.postgres.sql.script import exceptions_of

        down = migration.down
        return cls(
            kind=migration.kind,
            name=migration.name,
            release=migration.release.text,
            description=description,
            checksum=migration.up.checksum,
            raw_checksum=migration.up.raw_checksum,
            down_path=down.path if down else None,
            down_script=down.text if down else None,
            down_checksum=migration.down_checksum,
            irreversible=migration.irreversible,
            exceptions=exceptions_of(migration.up.text),
        )


@dataclass(frozen=True)
class Happening:
    """What a new row says: that this happened to this migration, in so many seconds."""

    migration: RecordedMigration
    direction: Direction
    outcome: RowOutcome
    seconds: float = 0.0
    error: str | None = None
    sqlstate: str | None = None


@dataclass(frozen=True)
class HistoryRow:
    """One row, for people and for comparisons."""

    id: int
    release: str
    kind: Kind
    name: str
    description: str
    direction: Direction
    outcome: RowOutcome
    checksum: str
    down_checksum: str
    run: str
    owner: str
    uid: str
    database_user: str
    requested_by: str
    git_revision: str
    approved_plan: str
    runner_version: str
    image_digest: str
    applied_at: datetime
    duration: timedelta
    error: str | None
    sqlstate: str | None
    exceptions: str | None
    """What the script declares and excepts from the policy, one line each: `3:1 allow=destructive: nobody reads it`."""
    reason: str
    """Why a person recorded it without running anything; empty: something was run."""
