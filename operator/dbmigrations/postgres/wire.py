"""What is said over one connection: our own queries, and the statements of scripts as they are.

Errors that leave it are the engine's own. What a session is and how it is put back stands in `connection`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import TupleRow, dict_row

from dbmigrations.postgres.answers import does_nothing
from dbmigrations.postgres.bulk_data import stream
from dbmigrations.postgres.errors import (
    ConnectionLostError,
    EngineError,
    StatementDetails,
    StatementError,
    UnavailableError,
)
from dbmigrations.postgres.exchange import Request, exchange
from dbmigrations.postgres.queries import Query, ready
from dbmigrations.postgres.simple_query import simple_query
from dbmigrations.postgres.sql.redact import redact
from dbmigrations.postgres.translation import details_of, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from psycopg.abc import Params
    from psycopg.errors import Diagnostic
    from psycopg.pq.abc import PGresult

    from dbmigrations.postgres.events import Listener
    from dbmigrations.release.migration import BulkData

Cursor = psycopg.Cursor[TupleRow]


class Wire:
    """A connection in autocommit, and the ways to say something over it. Not thread-safe."""

    def __init__(self, connection: psycopg.Connection[TupleRow]) -> None:
        self.connection = connection

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
        meanwhile: Callable[[], bool] = does_nothing,
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

    def simple_query(
        self, statements: Sequence[bytes], *, meanwhile: Callable[[], bool] = does_nothing
    ) -> list[PGresult]:
        """Have several statements done as one message; arguments and results as `simple_query`.

        Raises:
            RefusedError: one was refused; the transaction is the caller's to roll back.
            EngineError: the session was lost.
        """
        try:
            return simple_query(self.connection, statements, translate=self._translated, meanwhile=meanwhile)
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
