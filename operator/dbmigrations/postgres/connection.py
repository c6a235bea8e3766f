"""A session with a database: opened, checked, set up, put back between files, closed.

One session does everything of a step: it holds the lock, so that if it dies, both die. It is in autocommit, and every
transaction has an explicit BEGIN: a client killed inside an implicit one leaves a server that goes on and commits.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import psycopg
from psycopg import pq, sql
from psycopg.rows import TupleRow, dict_row

from dbmigrations.postgres.bulk_data import stream
from dbmigrations.postgres.errors import (
    ConnectionLostError,
    EngineError,
    PrivilegesMissingError,
    StatementDetails,
    StatementError,
    UnavailableError,
)
from dbmigrations.postgres.exchange import RefusedError, Request, exchange
from dbmigrations.postgres.login import open_connection
from dbmigrations.postgres.own_statements import OwnStatements
from dbmigrations.postgres.queries import Query, ready
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
from dbmigrations.postgres.sql.redact import redact
from dbmigrations.postgres.suitability import ServerFacts, check_suitable
from dbmigrations.postgres.translation import details_of, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from psycopg.abc import Params
    from psycopg.errors import Diagnostic
    from psycopg.pq.abc import PGresult

    from dbmigrations.postgres.events import Listener
    from dbmigrations.postgres.settings import ConnectionSettings
    from dbmigrations.release.migration import BulkData

__all__ = ["Cursor", "Session", "SessionSettings"]

Cursor = psycopg.Cursor[TupleRow]


class Session:
    """An open session. Not thread-safe. Errors that leave it are the engine's own."""

    def __init__(self, connection: psycopg.Connection[TupleRow], settings: SessionSettings, facts: ServerFacts) -> None:
        self.connection = connection
        self.settings = settings
        self.facts = facts
        self._means_the_catalog = False
        self.own = OwnStatements()

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

    def execute(self, query: Query, params: Params | None = None) -> Cursor:
        """Run one query of our own.

        Raises:
            EngineError: what the server or the connection said, as one of ours.
        """
        try:
            return self.connection.execute(ready(query, params), params)
        except psycopg.Error as error:
            raise translate(error) from None

    def one(self, query: Query, params: Params | None = None) -> tuple[Any, ...]:
        """The only row of a query that always has one."""
        row = self.execute(query, params).fetchone()
        if row is None:
            raise ConnectionLostError("the server answered with nothing")
        return row

    def records(self, query: Query, params: Params | None = None) -> list[dict[str, Any]]:
        """The rows of a query of our own, by column name. Raises as `execute`."""
        try:
            with self.connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(ready(query, params), params).fetchall()
        except psycopg.Error as error:
            raise translate(error) from None

    def record(self, query: Query, params: Params | None = None) -> dict[str, Any] | None:
        """The first row of a query of our own, by column name; None: it has none. Raises as `execute`."""
        found = self.records(query, params)
        return found[0] if found else None

    def send(self, statement: str) -> Cursor:
        """Run text of a script as it is: no parameters, no prepared statement, `%` means itself.

        Raises:
            EngineError: as `execute`; a StatementError carries the position in `statement`.
        """
        try:
            return self.connection.execute(self.encoded(statement))
        except psycopg.ProgrammingError as error:
            if error.sqlstate:
                raise self._translated(error) from None
            self._drain()
            details = StatementDetails(sqlstate="0A000", primary="COPY to the client has no place in a migration")
            raise StatementError(details) from None
        except psycopg.Error as error:
            raise self._translated(error) from None

    def exchange(
        self,
        requests: Sequence[Request],
        *,
        begins: Callable[[int], None] = lambda _: None,
        meanwhile: Callable[[], bool] = lambda: False,
    ) -> list[PGresult]:
        """Have several statements done in one go; arguments and results as `exchange.exchange`.

        Raises:
            RefusedError: one was refused; the transaction is the caller's to roll back.
            EngineError: the session was lost.
        """
        try:
            return exchange(self.connection, requests, translate=self._translated, begins=begins, meanwhile=meanwhile)
        except psycopg.Error as error:
            raise self._translated(error) from None

    def copy_in(self, statement: str, data: str | BulkData) -> None:
        """COPY … FROM STDIN with the lines that stood below it; those in a file are streamed.

        Raises:
            EngineError: as `send`; a StatementError where the file was changed since it was read.
        """
        pieces = iter((data,)) if isinstance(data, str) else stream(data)
        try:
            with self.connection.cursor().copy(self.encoded(statement)) as copy:
                for piece in pieces:
                    copy.write(self.encoded(piece, is_statement=False))
        except psycopg.Error as error:
            raise self._translated(error) from None

    def _drain(self) -> None:
        # What psycopg does not read would make the connection unusable.
        connection = self.connection.pgconn
        while connection.get_copy_data(0)[0] > 0:
            pass
        while connection.get_result() is not None:
            pass

    def encoded(self, text: str, *, is_statement: bool = True) -> bytes:
        """The text as it is sent: a script may have set another client_encoding, and was read as what it says.

        Raises:
            StatementError: a character does not exist there; carries its position in a statement.
        """
        encoding = self.connection.info.encoding
        try:
            return text.encode(encoding)
        except UnicodeEncodeError as error:
            what = f"character {text[error.start]!r} does not exist in client_encoding {encoding}"
            details = StatementDetails(sqlstate="22P05", primary=what, position=error.start + 1 if is_statement else 0)
            raise StatementError(details) from None

    def _translated(self, error: psycopg.Error) -> EngineError:
        translated = translate(error)
        if isinstance(translated, UnavailableError) and error.sqlstate and not self.connection.closed:
            # Another server was out of reach, or a login of another one refused: dblink, foreign tables.
            return StatementError(details_of(error))
        return translated

    @contextmanager
    def notices_to(self, listener: Listener) -> Iterator[None]:
        """Tell what the server says beside (NOTICE, WARNING) within; its DETAIL stays out, passwords are redacted."""
        from dbmigrations.postgres.events import ServerNotice

        def tell(said: Diagnostic) -> None:
            listener(ServerNotice(said.severity_nonlocalized or "NOTICE", redact(said.message_primary or "")))

        self.connection.add_notice_handler(tell)
        try:
            yield
        finally:
            self.connection.remove_notice_handler(tell)

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

    def commit(self, meanwhile: Callable[[], bool] = lambda: False) -> None:
        """Commit what is open; `meanwhile` as of `exchange`.

        Raises:
            ConnectionLostError: only the database knows whether it was committed.
            EngineError: it was not.
        """
        try:
            (done,) = self.exchange([Request(b"COMMIT")], meanwhile=meanwhile)
        except RefusedError as refused:
            raise refused.error from None
        if done.command_status != b"COMMIT":
            raise StatementError(StatementDetails(sqlstate="25P02", primary="the transaction had failed before"))

    def give_up_own(self) -> None:
        """End what is open, after an exchange with statements of our own that was not completed."""
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

    def reset_requests(self) -> list[Request]:
        """The same as part of an exchange, for our rows; what is prepared stays."""
        requests = [Request(query.as_string(self.connection).encode()) for query in emptied(self.settings)]
        requests += self.own.requests("settings", lambda: set_up(self.settings, self.facts), {})
        return [*requests, Request(CATALOG_ONLY.as_string(None).encode())]
