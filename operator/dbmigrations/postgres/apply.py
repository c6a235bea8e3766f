"""Applying and undoing one migration, exactly once whatever is killed when.

In one transaction: the script's statements and the history row. Where a statement cannot run in a transaction: unit by
unit, with a journal row between, so that an interrupted migration is taken up where it stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dbmigrations.postgres.assertions import AssertionScript
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.events import Listener, silent
from dbmigrations.postgres.history import Provenance
from dbmigrations.postgres.tables import Tables
from dbmigrations.release.migration import Kind, Migration


@dataclass(frozen=True)
class Applier:
    """Applies migrations in a session that holds the migration lock.

    Attributes:
        session: set up for the step; after each migration it is put back.
        tables: the history schema.
        provenance: written into each history row; its run must be Running in the database.
        application_schema: where `_prisma_migrations` is kept.
        wait: seconds during which lock timeouts, deadlocks and serialization failures are retried, per migration.
        listener: is told what goes on.
    """

    session: Session
    tables: Tables
    provenance: Provenance
    application_schema: str = "public"
    wait: float = 600.0
    listener: Listener = silent

    def up(self, migration: Migration, *, description: str = "", assertions: Sequence[AssertionScript] = ()) -> int:
        """Apply a migration and return the id of its history row. Its release's assertions are stored with it.

        Raises:
            StatementError: file:line:column; nothing of a transaction took effect; a Failed row is recorded.
            ContentionError: the wait is over and something still holds what is needed.
            NotResumableError: a half-done attempt that this script does not continue.
            PlanChangedError: the run was superseded, or the migration is applied already.
            UnavailableError: the session was lost; only the database knows how far it came.
        """
        raise NotImplementedError

    def down(self, kind: Kind, name: str) -> int:
        """Undo a migration by its stored down script and return the id of its history row.

        A half-applied migration is undone only if its stored down says `-- migrate: down=partial-safe`.

        Raises:
            PlanChangedError: it is not applied, or has no stored down.
            StatementError, ContentionError, NotResumableError, UnavailableError: as `up`.
        """
        raise NotImplementedError
