"""Everything that plans ask of the history, read in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.postgres import history, journal
from dbmigrations.postgres.tables import Tables, installed
from dbmigrations.postgres.versions import verified_versions
from dbmigrations.release.history import DatabaseHistory

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session


def read_history(session: Session, tables: Tables, approved_plan: str = "") -> DatabaseHistory:
    """The history as facts; empty where our tables are not installed.

    Raises:
        FormatTooNewError: a newer runner wrote the tables.
    """
    if not installed(session, tables):
        return DatabaseHistory()
    return DatabaseHistory(
        applied=history.applied(session, tables),
        undone=history.undone(session, tables),
        partial=journal.partial(session, tables),
        verified=verified_versions(session, tables),
        newest_change=history.newest_change(session, tables),
        approved_changes=history.approved_changes(session, tables, approved_plan),
    )


def read_version(session: Session, tables: Tables) -> str:
    """The database's version as `DatabaseHistory.current_version` has it, without what it does not depend on.

    Raises:
        FormatTooNewError: a newer runner wrote the tables.
    """
    if not installed(session, tables):
        return ""
    return DatabaseHistory(
        partial=journal.partial(session, tables),
        verified=verified_versions(session, tables),
        newest_change=history.newest_change(session, tables),
    ).current_version
