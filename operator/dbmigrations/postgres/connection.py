"""A session with a database: opened, checked, set up, put back between files, closed.

One session does everything of a step: it holds the lock, so that if it dies, both die. It is in autocommit, and every
transaction has an explicit BEGIN: a client killed inside an implicit one leaves a server that goes on and commits.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Self

import psycopg
from psycopg import pq, sql

from dbmigrations.postgres.errors import PrivilegesMissingError, StatementError
from dbmigrations.postgres.login import open_connection
from dbmigrations.postgres.own_statements import OwnStatements
from dbmigrations.postgres.session_settings import (
    ALWAYS_CATALOG_ONLY,
    CATALOG_ONLY,
    DEALLOCATED,
    SessionSettings,
    application_path,
    emptied,
    lock_timeout_query,
    own_role,
    set_up,
)
from dbmigrations.postgres.suitability import ServerFacts, check_suitable
from dbmigrations.postgres.wire import Cursor, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from psycopg.rows import TupleRow

    from dbmigrations.postgres.settings import ConnectionSettings

__all__ = ["Cursor", "Session", "SessionSettings"]


class Session(Wire):
    """An open session. Not thread-safe. Errors that leave it are the engine's own."""

    def __init__(self, connection: psycopg.Connection[TupleRow], settings: SessionSettings, facts: ServerFacts) -> None:
        super().__init__(connection)
        self.settings = settings
        self.facts = facts
        self._means_the_catalog = False
        self.own = OwnStatements(connection)

    @classmethod
    def open(cls, where: ConnectionSettings, settings: SessionSettings) -> Self:
        """Connect, check that the connection can carry a migration, and set the session up.

        Raises:
            UnavailableError: not now; AuthenticationError where the login is refused.
            ConnectionUnsuitableError: a transaction pooler, a read-only database.
            PrivilegesMissingError: SET ROLE is not allowed.
        """
        connection = open_connection(where, settings.application_name)
        try:
            session = cls(connection, settings, check_suitable(connection, where))
            session.reset()
        except BaseException:
            connection.close()
            raise
        return session

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close it; the server rolls back what was open and releases the locks."""
        self.connection.close()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction block is open (or failed and not yet ended)."""
        return self.connection.info.transaction_status is not pq.TransactionStatus.IDLE

    @contextmanager
    def transaction(self, begin: str = "BEGIN") -> Iterator[None]:
        """An explicit transaction: COMMIT at the end, ROLLBACK on any exception.

        Raises:
            ConnectionLostError: also in COMMIT; then only the database knows whether it was committed.
        """
        self.send(begin)
        try:
            yield
        except BaseException:
            self.roll_back()
            raise
        self.execute("COMMIT")

    def give_up_own(self) -> None:
        """End what is open, after statements of our own that were not all done."""
        self.own.forget()
        self.roll_back()

    def deallocate(self) -> None:
        """Have no prepared statement left: a script made one, or an exchange that was given up."""
        self.own.forget()
        self.execute("DEALLOCATE ALL")

    def roll_back(self) -> None:
        """End whatever is open. A lost connection has already rolled back."""
        if not self.connection.closed and self.in_transaction:
            try:
                self.connection.execute("ROLLBACK")
            except psycopg.Error:
                self.connection.close()

    def bound_lock_waits(self, *, bounded: bool) -> None:
        """Let statements wait for locks as long as the settings say, or as long as it takes."""
        self.send(lock_timeout_query(self.settings, bounded=bounded))

    def be_ourselves(self) -> None:
        """Be the migrating role again, whatever a script made of the session; all else stays as the script left it."""
        self.execute(sql.SQL(";\n").join(own_role(self.settings)))

    def mean_the_catalog(self) -> None:
        """Until the transaction ends, names without a schema are PostgreSQL's own, for rows of ours.

        Else a function of the application's schema whose arguments fit better, or a temporary table of the script's,
        would take part in what we write (CVE-2018-1058).
        """
        self.execute(CATALOG_ONLY)

    def mean_the_catalog_alone(self) -> None:
        """The same from now on, for whoever only looks, until scripts are run: see `as_the_application`."""
        self.execute(ALWAYS_CATALOG_ONLY)
        self._means_the_catalog = True

    @contextmanager
    def as_the_application(self) -> Iterator[None]:
        """Within, names mean what they mean in scripts; behind it what they meant before."""
        if self._means_the_catalog:
            self.execute(sql.SQL("SELECT {}").format(application_path(self.settings.schema)))
        try:
            yield
        finally:
            if self._means_the_catalog and not self.connection.closed and not self.in_transaction:
                self.execute(ALWAYS_CATALOG_ONLY)

    @contextmanager
    def bookkeeping(self) -> Iterator[None]:
        """A transaction of its own for rows of ours, after a script: as ourselves, and meaning the catalog."""
        self.be_ourselves()
        with self.transaction():
            self.mean_the_catalog()
            yield

    def reset(self, *, for_our_rows: bool = False) -> None:
        """Put the session back: what a script set, prepared, listened to or made temporarily is gone.

        May be called within a transaction. Advisory locks stay: ours is among them.

        Args:
            for_our_rows: and `mean_the_catalog`, in the same round trip.

        Raises:
            PrivilegesMissingError: SET ROLE is not allowed.
        """
        self.own.forget()
        try:
            query = self._reset_query
            self.execute(sql.SQL(";\n").join((query, CATALOG_ONLY)) if for_our_rows else query)
        except StatementError as error:
            if self.settings.role and error.details.sqlstate in {"42501", "22023"}:
                raise PrivilegesMissingError(
                    f"login {self.facts.login} cannot SET ROLE {self.settings.role}: {error.details.primary}. "
                    f'Create the role, or GRANT "{self.settings.role}" TO "{self.facts.login}";'
                ) from None
            raise

    @cached_property
    def _reset_query(self) -> sql.SQL:
        """Composed once: it is sent after each script."""
        query = sql.SQL(";\n").join((*emptied(self.settings), DEALLOCATED, set_up(self.settings, self.facts)))
        return sql.SQL(query.as_string(self.connection))

    def reset_statements(self) -> list[bytes]:
        """The same for a `simple_query`, for our rows; what is prepared stays."""
        own = self.own.statements("settings", lambda: set_up(self.settings, self.facts), {})
        return [*self._emptied, *own, CATALOG_ONLY.as_bytes(None), b"SET LOCAL plan_cache_mode = force_generic_plan"]

    @cached_property
    def _emptied(self) -> list[bytes]:
        return [query.as_bytes(self.connection) for query in emptied(self.settings)]
