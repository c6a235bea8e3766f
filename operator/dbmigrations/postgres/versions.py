"""The version log: one row for each passed Verify."""

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.history import Provenance
from dbmigrations.postgres.tables import Tables
from dbmigrations.release.history import VerifiedVersion


def log_version(session: Session, tables: Tables, version: str, provenance: Provenance) -> None:
    """Say that the database was verified at `version`, having seen all of the history as it is now.

    Call it within the transaction that also ends the run, where it is the last step.
    """
    raise NotImplementedError


def verified_versions(session: Session, tables: Tables) -> tuple[VerifiedVersion, ...]:
    """The log, oldest first."""
    raise NotImplementedError
