"""Whether the history is what was written, and what somebody accepted of it since it was not.

The chain shows that a row was changed, and never ceases to. So an acceptance holds how many rows it is about and their
digest: it covers exactly these rows as they then were, with who and why in the row of its run. Changed again, they show
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from dbmigrations.postgres import history
from dbmigrations.postgres.history_row import link_after

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import JsonValue

    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.tables import Tables
    from dbmigrations.release.history import DatabaseHistory

ACCEPTED = "accepted_history"
"""The key in the plan of the run row of an acceptance."""


@dataclass(frozen=True)
class Tampering:
    """What is not as it was written."""

    broken_row: int | None = None
    """The first row of the history whose chain does not follow; None: there is none."""
    again: bool = False
    """Whether rows were changed that had been accepted before."""
    cut_off: bool = False
    """Whether a verify has seen rows that are not there."""

    @property
    def found(self) -> bool:
        """Whether there is anything."""
        return self.broken_row is not None or self.cut_off


@dataclass(frozen=True)
class _Acceptance:
    up_to: int
    digest: str
    verified: int
    """The newest row of the version log that it is about."""


@dataclass(frozen=True)
class AcceptedRows:
    """One time that the rows of the history were accepted as they were."""

    up_to: int
    """The id of the newest of them."""
    accepted_by: str
    reason: str
    accepted_at: datetime


def accepted_rows(session: Session, tables: Tables, limit: int) -> tuple[AcceptedRows, ...]:
    """The newest of them first."""
    found = session.execute(
        tables.query(
            "SELECT (plan -> %s ->> 'up_to')::bigint, plan -> 'accepted' ->> 'by', message, finished_at"
            " FROM {schema}.migration_run WHERE outcome = 'Succeeded' AND plan ? %s ORDER BY ordinal DESC LIMIT %s"
        ),
        (ACCEPTED, ACCEPTED, limit),
    )
    return tuple(AcceptedRows(*row) for row in found)


def look_for_tampering(session: Session, tables: Tables, found: DatabaseHistory) -> Tampering:
    """Compare the history with its chain and with the version log, but for what was accepted."""
    accepted = _accepted(session, tables)
    covered = accepted is not None and accepted.digest == _digest(session, tables, accepted.up_to)
    newest = found.newest_verified
    cut_off = newest is not None and newest.history_id > found.newest_change
    if accepted is None:
        return Tampering(history.broken_link(session, tables), cut_off=cut_off)
    if not covered:
        return Tampering(accepted.up_to, again=True, cut_off=cut_off)
    cut_off = cut_off and _newest_verify(session, tables) > accepted.verified
    return Tampering(history.broken_link(session, tables, after=accepted.up_to), cut_off=cut_off)


def acceptance(session: Session, tables: Tables) -> dict[str, JsonValue]:
    """What an acceptance of the history as it is now has to say: for the plan of its run row."""
    (up_to,) = session.one(tables.query("SELECT coalesce(max(id), 0) FROM {schema}.migration_history"))
    return {
        ACCEPTED: {
            "up_to": up_to,
            "digest": _digest(session, tables, up_to),
            "verified": _newest_verify(session, tables),
        }
    }


def _accepted(session: Session, tables: Tables) -> _Acceptance | None:
    row = session.execute(
        tables.query(
            "SELECT plan -> %s FROM {schema}.migration_run WHERE outcome = 'Succeeded' AND plan ? %s"
            " ORDER BY ordinal DESC LIMIT 1"
        ),
        (ACCEPTED, ACCEPTED),
    ).fetchone()
    return None if row is None else _Acceptance(**row[0])


def _newest_verify(session: Session, tables: Tables) -> int:
    (newest,) = session.one(tables.query("SELECT coalesce(max(id), 0) FROM {schema}.migration_version"))
    return int(newest)


def _digest(session: Session, tables: Tables, up_to: int) -> str:
    (digest,) = session.one(
        tables.query(
            "SELECT coalesce(encode(sha256(convert_to(string_agg(concat_ws(' ', id, chain, {link}), ',' ORDER BY id),"
            " 'UTF8')), 'hex'), '') FROM {schema}.migration_history r WHERE id <= {up_to}",
            link=link_after(sql.SQL("''::text")),
            up_to=sql.Literal(up_to),
        )
    )
    return str(digest)
