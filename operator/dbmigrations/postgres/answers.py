"""What the server answers on one connection, as it comes: waited for, used for other work, or cancelled."""

from __future__ import annotations

import selectors
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg.pq.abc import PGconn, PGresult

_CANCEL_PATIENCE, _CANCEL_AGAIN, _CANCELS = 5.0, 0.2, 50
"""Seconds for one try to cancel what runs, and until the next, and how many: one may arrive between two statements."""

_TICK = 0.1
"""Seconds of one wait. A signal that comes just before a wait begins does not end it: it is heard behind it."""

_POLLED = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""Costs no file of its own, as epoll's does; Windows has only select."""


def does_nothing() -> bool:
    """The other work of those who have none."""
    return False


@dataclass
class Answers:
    """The results of what was sent, in order. `close` it."""

    connection: psycopg.Connection[Any]
    _selector: selectors.BaseSelector = field(default_factory=_POLLED)
    _writes: bool = False

    def __post_init__(self) -> None:
        """Watch the connection."""
        self._selector.register(self.pgconn.socket, selectors.EVENT_READ)

    @property
    def pgconn(self) -> PGconn:
        """The connection as libpq has it."""
        return self.connection.pgconn

    def next(self, meanwhile: Callable[[], bool] = does_nothing) -> PGresult | None:
        """What libpq has next, when it has come; None marks an end.

        Args:
            meanwhile: does a short piece of other work while there is nothing; whether it did any.

        Raises:
            psycopg.OperationalError: the connection was lost.
        """
        pgconn = self.pgconn
        while pgconn.is_busy():
            self._flush(pgconn)
            if self._readable(0 if meanwhile() else _TICK):
                pgconn.consume_input()
        return pgconn.get_result()

    def cancel(self, is_last: Callable[[PGresult | None], bool]) -> bool:
        """Have what runs cancelled until the last result is here; False: it did not come."""
        for _ in range(_CANCELS):
            with suppress(psycopg.Error):
                self.connection.cancel_safe(timeout=_CANCEL_PATIENCE)
            if self._comes(is_last, _CANCEL_AGAIN):
                return True
        return False

    def close(self) -> None:
        """Watch no longer."""
        self._selector.close()

    def _comes(self, is_last: Callable[[PGresult | None], bool], seconds: float) -> bool:
        pgconn = self.pgconn
        while True:
            while not pgconn.is_busy():
                if is_last(pgconn.get_result()):
                    return True
            self._flush(pgconn)
            if not self._selector.select(seconds):
                return False
            pgconn.consume_input()

    def _flush(self, pgconn: PGconn) -> None:
        unsent = pgconn.flush() == 1
        if unsent is not self._writes:
            events = selectors.EVENT_READ | selectors.EVENT_WRITE if unsent else selectors.EVENT_READ
            self._selector.modify(pgconn.socket, events)
            self._writes = unsent

    def _readable(self, seconds: float) -> bool:
        """Whether there is something to read; False also where something more can be written."""
        return any(events & selectors.EVENT_READ for _, events in self._selector.select(seconds))
