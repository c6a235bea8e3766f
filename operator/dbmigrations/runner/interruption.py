"""SIGTERM and Ctrl-C: a step ends cleanly, or at once where nothing is under way.

The handler raises in the main thread. `Interrupted` is a KeyboardInterrupt on purpose: psycopg cancels the statement
in the server when one passes through it, and transactions roll back on the way up. Later signals are ignored, so
that the clean-up itself is not interrupted; whoever wants more sends SIGKILL, which the database survives as well.

An exception that a handler raises appears in whatever code runs just then, and some of it keeps exceptions to itself
(what the interpreter calls when an object goes, as it does behind every import) or makes others of them. So it is
raised again, a little later, unless it is on its way; and what was made of it counts as what it was:
`interruption_behind`.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_REMINDER = getattr(signal, "SIGALRM", None)
"""Windows has none."""

_Handler = Callable[[int, FrameType | None], object] | int | None


class Interrupted(KeyboardInterrupt):
    """The step was asked to end. `signal_name` says how: SIGTERM or SIGINT."""

    def __init__(self, signal_name: str) -> None:
        super().__init__(signal_name)
        self.signal_name = signal_name


class Interruption:
    """Whether this process was asked to end; `deferred` keeps a stretch of work whole.

    Args:
        patience: seconds until an interruption that nobody has answered is raised again.
    """

    def __init__(self, *, patience: float = 1.0) -> None:
        self._asked = ""
        self._deferrals = 0
        self._answered = False
        self._patience = patience
        self._before: tuple[_Handler, tuple[float, float]] | None = None

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen for SIGTERM and SIGINT within."""
        before = {number: signal.signal(number, self._hear) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            self._stop_reminding()
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
        self._answered = True
        self._deferrals += 1
        try:
            yield
        finally:
            self._deferrals -= 1

    def answer(self) -> None:
        """Whoever calls it has caught the interruption and ends in his own way: it is not raised again."""
        self._answered = True

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
        self._remind()
        if not self._deferrals:
            raise Interrupted(self._asked)

    def _remind(self) -> None:
        if _REMINDER is not None:
            handler = signal.signal(_REMINDER, self._again)
            self._before = handler, signal.setitimer(signal.ITIMER_REAL, self._patience, self._patience)

    def _stop_reminding(self) -> None:
        if _REMINDER is not None and self._before is not None:
            handler, timer = self._before
            self._before = None
            signal.setitimer(signal.ITIMER_REAL, *timer)
            signal.signal(_REMINDER, handler)

    def _again(self, _number: int, _frame: FrameType | None) -> None:
        if not (self._answered or self._deferrals or interruption_behind(sys.exc_info()[1])):
            raise Interrupted(self._asked)


def interruption_behind(error: BaseException | None) -> Interrupted | None:
    """The interruption that an error is, or was raised in the middle of: by a clean-up, or in its place."""
    while error is not None and not isinstance(error, Interrupted):
        error = error.__context__
    return error
