"""Everything that plans ask of the history, read in one go."""

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.tables import Tables
from dbmigrations.release.history import DatabaseHistory


def read_history(session: Session, tables: Tables, approved_plan: str = "") -> DatabaseHistory:
    """The history as facts; empty where our tables are not installed.

    Raises:
        FormatTooNewError: a newer runner wrote the tables.
    """
    raise NotImplementedError
