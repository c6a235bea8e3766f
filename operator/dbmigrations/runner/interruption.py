"""SIGTERM and Ctrl-C: a step ends cleanly, or at once where nothing is under way.

The handler raises in the main thread. `Interrupted` is a KeyboardInterrupt on purpose: psycopg cancels the statement
in the server when one passes through it, and transactions roll back on the way up. Later signals are ignored, so
that the clean-up itself is not interrupted; whoever wants more sends SIGKILL, which the database survives as well.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(KeyboardInterrupt):
    """The step was asked to end. `signal_name` says how: SIGTERM or SIGINT."""

    def __init__(self, signal_name: str) -> None:
        super().__init__(signal_name)
        self.signal_name = signal_name


class Interruption:
    """Whether this process was asked to end; `deferred` keeps a stretch of work whole."""

    def __init__(self) -> None:
        self._asked = ""
        self._deferrals = 0

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen for SIGTERM and SIGINT within."""
        before = {number: signal.signal(number, self._hear) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Within, an interruption only waits: for work that is dearer to repeat than to finish."""
        self._deferrals += 1
        try:
            yield
        finally:
            self._deferrals -= 1
        if self._asked and not self._deferrals:
            raise Interrupted(self._asked)

    @contextmanager
    def ignored(self) -> Iterator[None]:
        """Within, an interruption is too late: what was begun is done, and only said."""
        self._deferrals += 1
        try:
            yield
        finally:
            self._deferrals -= 1

    @property
    def asked(self) -> bool:
        """Whether somebody asked this process to end."""
        return bool(self._asked)

    @property
    def signal_name(self) -> str:
        """How: SIGTERM or SIGINT; empty: nobody did."""
        return self._asked

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self._asked:
            return
        self._asked = signal.Signals(number).name
        if not self._deferrals:
            raise Interrupted(self._asked)
