"""Whether anything in the database is so large that a statement about it may last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session

_PAGES = 1_000
"""Of 8 kB: read or written in some hundredths of a second."""


def nothing_is_large(session: Session) -> bool:
    """Whether no table is, as PostgreSQL's statistics have it: they follow what happens within a minute or so."""
    (found,) = session.one(
        "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relkind IN ('r', 'm', 't') AND relpages > %s)",
        (_PAGES,),
    )
    return bool(found)
