"""Who owns the database: the newest row of `migration_owner`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.postgres.tables import Tables, installed

if TYPE_CHECKING:
    from datetime import datetime

    from dbmigrations.postgres.connection import Session


@dataclass(frozen=True)
class Owner:
    """An owner row."""

    owner: str
    """`<cluster>/<namespace>/<name>`."""
    uid: str
    taken_by: str
    reason: str
    taken_at: datetime


def read_owner(session: Session, tables: Tables) -> Owner | None:
    """The owner; None: nobody claimed it yet, or our tables are not installed."""
    if not installed(session, tables):
        return None
    row = session.execute(
        tables.query(
            "SELECT owner, uid, taken_by, reason, taken_at FROM {schema}.migration_owner ORDER BY id DESC LIMIT 1"
        )
    ).fetchone()
    return None if row is None else Owner(*row)


def take(  # noqa: PLR0913  one for each column
    session: Session, tables: Tables, owner: str, uid: str, *, taken_by: str, reason: str
) -> bool:
    """Make `owner` the owner; False: it already is, and nothing is written."""
    now = read_owner(session, tables)
    if now is not None and (now.owner, now.uid) == (owner, uid):
        return False
    session.execute(
        tables.query("INSERT INTO {schema}.migration_owner (owner, uid, taken_by, reason) VALUES (%s, %s, %s, %s)"),
        (owner, uid, taken_by, reason),
    )
    return True
