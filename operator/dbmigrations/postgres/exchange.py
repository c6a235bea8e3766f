"""Several statements sent in one go, each answered as soon as it is done: libpq's pipeline mode.

The server runs them one after the other and skips all that follow one that it refuses. Between two of them it waits
for nobody, which is most of what a short migration would cost. A flush behind one makes it answer at once, so who
watches sees that the next one is running. Not for COPY, which pipeline mode does not know.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result

from dbmigrations.postgres.answers import Answers, does_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg.pq.abc import PGconn, PGresult

    from dbmigrations.postgres.errors import EngineError

REFUSED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE, pq.ExecStatus.NONFATAL_ERROR)
"""What a result says of a statement that was not done. No set: Python's enumerations are slow to hash."""


@dataclass(frozen=True, slots=True)
class Request:
    """One statement, in the connection's encoding.

    Attributes:
        text: of it.
        at_once: it is answered as soon as it is done, not with some that follow.
    """

    text: bytes
    at_once: bool = False

    def put(self, connection: PGconn) -> None:
        """Queue it."""
        connection.send_query_params(self.text, None)
        if self.at_once:
            connection.send_flush_request()


class RefusedError(Exception):
    """The server refused a request: which one, from 0, and what it said. Those before it were done, none behind it."""

    def __init__(self, request: int, error: EngineError) -> None:
        super().__init__(request, error)
        self.request = request
        self.error = error


def exchange(
    connection: psycopg.Connection[Any],
    requests: Sequence[Request],
    *,
    translate: Callable[[psycopg.Error], EngineError],
    begins: Callable[[int], None] = lambda _: None,
    meanwhile: Callable[[], bool] = does_nothing,
) -> list[PGresult]:
    """Have all requests done, in order, and return their results.

    Args:
        connection: in autocommit; without a transaction that is open or among the requests, all are one.
        requests: what is to be done.
        translate: makes an error of ours of one that the server sent.
        begins: is told which request is running now, or ran, where the one before it is not answered at once.
        meanwhile: does a short piece of other work while the server has not answered; whether it did any.

    Raises:
        RefusedError: nothing behind the refused request was done; the transaction is the caller's to roll back.
        psycopg.OperationalError: the connection was lost.
        BaseException: whatever `begins`, `meanwhile` or a signal raised; what ran was cancelled.
    """
    begins(0)
    pipe = _Pipe(connection, requests, translate)
    pipe.enter()
    try:
        return pipe.through(begins, meanwhile)
    except (psycopg.Error, RefusedError):
        raise  # the connection is gone, or at the end of the exchange
    except BaseException:
        pipe.abandon()
        raise
    finally:
        pipe.leave()


@dataclass
class _Pipe:
    """The state of one exchange."""

    connection: psycopg.Connection[Any]
    requests: Sequence[Request]
    translate: Callable[[psycopg.Error], EngineError]
    synced: bool = False
    done: bool = False
    results: list[PGresult] = field(default_factory=list)

    def enter(self) -> None:
        self.connection.pgconn.enter_pipeline_mode()
        self.answers = Answers(self.connection)

    def through(self, begins: Callable[[int], None], meanwhile: Callable[[], bool]) -> list[PGresult]:
        pgconn = self.connection.pgconn
        for request in self.requests:
            request.put(pgconn)
        self._sync()
        while True:
            result = self._next(meanwhile)
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                self.done = True
                return self.results
            if result.status in REFUSED:
                with suppress(psycopg.Error):  # the server may have ended the session with it
                    self._drain()
                error = error_from_result(result, self.connection.info.encoding)
                raise RefusedError(len(self.results), self.translate(error))
            self.results.append(result)
            if len(self.results) < len(self.requests):
                begins(len(self.results))

    def _sync(self) -> None:
        if not self.synced:
            self.connection.pgconn.pipeline_sync()
            self.synced = True

    def _next(self, meanwhile: Callable[[], bool] = does_nothing) -> PGresult:
        """The next result; each request has one, and the end of the exchange. Between two of them is a None."""
        while True:
            if (result := self.answers.next(meanwhile)) is not None:
                return result

    def _drain(self) -> None:
        """Past what the server skips, to the end of the exchange."""
        self._sync()
        while self._next().status != pq.ExecStatus.PIPELINE_SYNC:
            pass
        self.done = True

    def abandon(self) -> None:
        """Cancel what runs, until the server has come to the end; if it does not, the connection is given up."""
        with suppress(psycopg.Error):
            self._sync()
            self.done = self.answers.cancel(
                lambda result: result is not None and result.status == pq.ExecStatus.PIPELINE_SYNC
            )

    def leave(self) -> None:
        self.answers.close()
        if self.done:
            self.connection.pgconn.exit_pipeline_mode()
        else:
            self.connection.close()
