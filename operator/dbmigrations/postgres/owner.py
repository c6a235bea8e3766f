"""Who owns the database: the newest row of `migration_owner`."""

from dataclasses import dataclass
from datetime import datetime

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.tables import Tables


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
    raise NotImplementedError


def take(session: Session, tables: Tables, owner: str, uid: str, *, taken_by: str, reason: str) -> None:
    """Make `owner` the owner; nothing is written where it already is."""
    raise NotImplementedError
