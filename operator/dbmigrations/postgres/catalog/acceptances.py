"""Who said that what the database had become is right, and why: the accepted drift, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from datetime import datetime

    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.tables import Tables


@dataclass(frozen=True)
class Acceptance:
    """One time that drift was accepted."""

    version: str
    """The database's version then; empty: none was verified."""
    taken_by: str
    reason: str
    taken_at: datetime


def acceptances(session: Session, tables: Tables, limit: int) -> tuple[Acceptance, ...]:
    """The newest of them; none where the tables are of a time before there was such a thing."""
    name = sql.Identifier(tables.schema, "catalog_snapshot").as_string(None)
    (there,) = session.one("SELECT to_regclass(%s) IS NOT NULL", (name,))
    if not there:
        return ()
    found = session.execute(
        tables.query(
            "SELECT version, taken_by, reason, taken_at FROM {schema}.catalog_snapshot WHERE cause = 'Accepted'"
            " ORDER BY id DESC LIMIT %s"
        ),
        (limit,),
    )
    return tuple(Acceptance(*row) for row in found)
