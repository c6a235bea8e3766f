"""Snapshots as the database keeps them, to be compared later."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from psycopg import sql

from dbmigrations.postgres.catalog.snapshot import Snapshot, SnapshotInvalidError

if TYPE_CHECKING:
    from datetime import datetime

    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.tables import Tables

KEPT = 10
"""Rows whose contents are kept."""


class Cause(StrEnum):
    """Why a snapshot was taken."""

    VERIFIED = "Verified"  # a passed verify
    ENDED = "Ended"  # a step that failed after it had changed something
    ACCEPTED = "Accepted"  # somebody said that what is there is right
    BEFORE = "Before"  # what a run found where there was drift: it is not what the database should be


@dataclass(frozen=True)
class Taken:
    """A stored snapshot."""

    id: int
    cause: Cause
    version: str
    history_id: int
    taken_by: str
    taken_at: datetime
    snapshot: Snapshot


def store(  # noqa: PLR0913  one for each column
    session: Session,
    tables: Tables,
    snapshot: Snapshot,
    cause: Cause,
    *,
    version: str,
    run: str,
    by: str,
    reason: str = "",
) -> None:
    """Keep a snapshot as what is there now, with all of the history as it is now."""
    session.execute(
        tables.query("INSERT INTO {schema}.catalog_content VALUES (%s, %s) ON CONFLICT DO NOTHING"),
        (snapshot.fingerprint, snapshot.encode()),
    )
    session.execute(
        tables.query(
            "INSERT INTO {schema}.catalog_snapshot (fingerprint, cause, version, history_id, run_id, taken_by, reason)"
            " SELECT %s, %s, %s, coalesce(max(id), 0), %s, %s, %s FROM {schema}.migration_history"
            " WHERE outcome IN ('Applied', 'Baselined', 'Undone')"
        ),
        (snapshot.fingerprint, cause.value, version, run, by, reason),
    )
    session.execute(
        tables.query(
            "DELETE FROM {schema}.catalog_content WHERE fingerprint NOT IN"
            " (SELECT fingerprint FROM {schema}.catalog_snapshot ORDER BY id DESC LIMIT %s)"
        ),
        (KEPT,),
    )


def expected(session: Session, tables: Tables, *, before: int | None = None) -> Taken | None:
    """What the database should be: the newest snapshot but those of cause Before; None: none is there, or readable.

    Args:
        session: any.
        tables: the history schema.
        before: only look at rows older than this one.
    """
    return _newest(session, tables, sql.SQL("cause <> 'Before' AND ({0}::bigint IS NULL OR id < {0})").format(before))


def found_by(session: Session, tables: Tables, run: str) -> Taken | None:
    """What a run found before it began, where that was not what the database should be."""
    return _newest(session, tables, sql.SQL("cause = 'Before' AND run_id = {}").format(run))


def found_since(session: Session, tables: Tables, known: Taken) -> Taken | None:
    """What the newest run that found drift found, where that is newer than what the database should be."""
    return _newest(session, tables, sql.SQL("cause = 'Before' AND id > {}").format(known.id))


def _newest(session: Session, tables: Tables, condition: sql.Composed) -> Taken | None:
    name = sql.Identifier(tables.schema, "catalog_snapshot").as_string(None)
    (there,) = session.one("SELECT to_regclass(%s) IS NOT NULL", (name,))
    if not there:
        return None
    row = session.execute(
        tables.query(
            "SELECT s.id, s.cause, s.version, s.history_id, s.taken_by, s.taken_at, c.content"
            " FROM (SELECT * FROM {schema}.catalog_snapshot WHERE {condition} ORDER BY id DESC LIMIT 1) s"
            " JOIN {schema}.catalog_content c ON c.fingerprint = s.fingerprint",
            condition=condition,
        )
    ).fetchone()
    if row is None:
        return None
    try:
        snapshot = Snapshot.decode(bytes(row[6]))
    except SnapshotInvalidError:
        return None
    return Taken(row[0], Cause(row[1]), row[2], row[3], row[4], row[5], snapshot)
