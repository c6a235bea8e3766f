"""Questions to the catalog."""

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.tables import Tables


def is_empty(session: Session, tables: Tables) -> bool:
    """Whether there is no relation, routine or type outside system, extension and our schemas."""
    raise NotImplementedError


def database_size(session: Session) -> int:
    """Bytes on disk."""
    raise NotImplementedError
