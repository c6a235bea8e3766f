"""The version log: one row for each passed Verify."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.release.history import VerifiedVersion

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.records import Provenance
    from dbmigrations.postgres.tables import Tables


def log_version(session: Session, tables: Tables, version: str, provenance: Provenance) -> None:
    """Say that the database was verified at `version`, having seen all of the history as it is now.

    Call it within the transaction that also ends the run, where it is the last step.
    """
    session.execute(
        tables.query(
            "INSERT INTO {schema}.migration_version (version, run_id, owner, uid, history_id)"
            " SELECT %s, %s, %s, %s, coalesce(max(id), 0) FROM {schema}.migration_history"
            " WHERE outcome IN ('Applied', 'Baselined', 'Undone')"
        ),
        (version, provenance.run, provenance.owner, provenance.uid),
    )


def verified_versions(session: Session, tables: Tables) -> tuple[VerifiedVersion, ...]:
    """The log, oldest first."""
    found = session.execute(tables.query("SELECT version, uid, history_id FROM {schema}.migration_version ORDER BY id"))
    return tuple(VerifiedVersion(version, uid, history_id) for version, uid, history_id in found)
