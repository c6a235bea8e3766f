"""Several statements sent in one go, each answered as soon as it is done: libpq's pipeline mode.

The server runs them one after the other and skips all that follow one that it refuses. Between two of them it waits
for nobody, which is most of what a short migration would cost. A flush behind one makes it answer at once, so who
watches sees that the next one is running. Not for COPY, which pipeline mode does not know.
"""

from __future__ import annotations

import selectors
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg.pq.abc import PGconn, PGresult

    from dbmigrations.postgres.errors import EngineError

_CANCEL_PATIENCE, _CANCEL_AGAIN, _CANCELS = 5.0, 0.2, 50
"""Seconds for one try to cancel what runs, and until the next, and how many: one may arrive between two statements."""

_TICK = 0.1
"""Seconds of one wait. A signal that comes just before a wait begins does not end it: it is heard behind it."""

_POLLED = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""Costs no file of its own, as epoll's does; Windows has only select."""

_REFUSED = frozenset({pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE, pq.ExecStatus.NONFATAL_ERROR})


@dataclass(frozen=True, slots=True)
class Request:
    """One statement, in the connection's encoding.

    Attributes:
        text: of it; empty: it was prepared before, as `name`.
        name: of a prepared statement; with a text, it is prepared now and not run.
        values: its parameters, in text format.
        at_once: it is answered as soon as it is done, not with some that follow.
    """

    text: bytes
    name: bytes = b""
    values: tuple[bytes | None, ...] = ()
    at_once: bool = False

    def put(self, connection: PGconn) -> None:
        """Queue it."""
        if self.text and self.name:
            connection.send_prepare(self.name, self.text)
        elif self.name:
            connection.send_query_prepared(self.name, self.values)
        else:
            connection.send_query_params(self.text, self.values or None)
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
    meanwhile: Callable[[], bool] = lambda: False,
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
    selector: selectors.BaseSelector = field(default_factory=_POLLED)
    writes: bool = False

    def enter(self) -> None:
        self.pgconn.enter_pipeline_mode()
        self.selector.register(self.pgconn.socket, selectors.EVENT_READ)

    @property
    def pgconn(self) -> PGconn:
        return self.connection.pgconn

    def through(self, begins: Callable[[int], None], meanwhile: Callable[[], bool]) -> list[PGresult]:
        for request in self.requests:
            request.put(self.pgconn)
        self._sync()
        while True:
            result = self._next(meanwhile)
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                self.done = True
                return self.results
            if result.status in _REFUSED:
                with suppress(psycopg.Error):  # the server may have ended the session with it
                    self._drain()
                error = error_from_result(result, self.connection.info.encoding)
                raise RefusedError(len(self.results), self.translate(error))
            self.results.append(result)
            if len(self.results) < len(self.requests):
                begins(len(self.results))

    def _sync(self) -> None:
        if not self.synced:
            self.pgconn.pipeline_sync()
            self.synced = True

    def _next(self, meanwhile: Callable[[], bool] = lambda: False) -> PGresult:
        """The next result; each request has one, and the end of the exchange."""
        while True:
            self._flush()
            while self.pgconn.is_busy():
                if self._readable(0 if meanwhile() else _TICK):
                    self.pgconn.consume_input()
                self._flush()
            if (result := self.pgconn.get_result()) is not None:
                return result

    def _flush(self) -> None:
        unsent = self.pgconn.flush() == 1
        if unsent is not self.writes:
            events = selectors.EVENT_READ | selectors.EVENT_WRITE if unsent else selectors.EVENT_READ
            self.selector.modify(self.pgconn.socket, events)
            self.writes = unsent

    def _readable(self, seconds: float) -> bool:
        """Whether there is something to read; False also where something more can be written."""
        return any(events & selectors.EVENT_READ for _, events in self.selector.select(seconds))

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
            for _ in range(_CANCELS):
                with suppress(psycopg.Error):
                    self.connection.cancel_safe(timeout=_CANCEL_PATIENCE)
                if self._ended(_CANCEL_AGAIN):
                    return

    def _ended(self, seconds: float) -> bool:
        while True:
            self._flush()
            while not self.pgconn.is_busy():
                result = self.pgconn.get_result()
                if result is not None and result.status == pq.ExecStatus.PIPELINE_SYNC:
                    self.done = True
                    return True
            if not self.selector.select(seconds):
                return False
            self.pgconn.consume_input()

    def leave(self) -> None:
        self.selector.close()
        if self.done:
            self.pgconn.exit_pipeline_mode()
        else:
            self.connection.close()
