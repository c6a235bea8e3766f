"""`migration_history`: rows in, facts out. Rows are only ever inserted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from dbmigrations.api.step import Direction
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.tables import Tables
from dbmigrations.release.history import (
    AppliedMigration,
    AppliedOutcome,
    ApprovedChange,
    UndoneMigration,
)
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

    @classmethod
    def of(cls, migration: Migration, description: str = "") -> Self:
        """As an up records it."""
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
        )


@dataclass(frozen=True)
class HistoryRow:
    """One row, for people and for comparisons."""

    id: int
    release: str
    kind: Kind
    name: str
    description: str
    direction: Direction
    outcome: str
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


def applied(session: Session, tables: Tables) -> tuple[AppliedMigration, ...]:
    """What is applied now, in the order of application."""
    raise NotImplementedError


def undone(session: Session, tables: Tables) -> tuple[UndoneMigration, ...]:
    """What was applied once and is undone now."""
    raise NotImplementedError


def approved_changes(session: Session, tables: Tables, approved_plan: str) -> tuple[ApprovedChange, ...]:
    """The changes made under an approval, in order."""
    raise NotImplementedError


def recorded(session: Session, tables: Tables, kind: Kind, name: str) -> RecordedMigration | None:
    """What the newest Applied or Baselined row says of a migration; None: there is none."""
    raise NotImplementedError


def rows(session: Session, tables: Tables, limit: int = 100) -> tuple[HistoryRow, ...]:
    """The newest rows, newest first."""
    raise NotImplementedError


def record_baseline(
    session: Session, tables: Tables, migrations: tuple[RecordedMigration, ...], provenance: Provenance
) -> None:
    """Record migrations that were never run here, all or nothing; those already applied are left alone."""
    raise NotImplementedError


def broken_link(session: Session, tables: Tables) -> int | None:
    """The id of the first row whose chain does not follow from the row before; None: the chain holds."""
    raise NotImplementedError


AppliedOutcome  # noqa: B018  placeholder until the queries stand here
