"""A step whose session was lost: a new session, and the step from its beginning, within bounds.

The beginning of every step reads run row, history and journal again, so what was committed unheard is found and
nothing is done twice. The lock of the lost session goes with it; until the server notices, the new one polls for it.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from dbmigrations.postgres.errors import AuthenticationError, ConnectionLostError, UnavailableError
from dbmigrations.runner.report.events import Reporter, Waited

_Result = TypeVar("_Result")

_LOSSES = 3
"""So many lost sessions does one attempt of a step survive: a statement that takes the server down is not repeated
for ever."""

_FIRST, _LONGEST = 0.2, 5.0
"""Seconds: the bounds of the jitter's range, which doubles from try to try."""


def through_losses(attempt: Callable[[], _Result], *, seconds: float, report: Reporter) -> _Result:
    """Call `attempt`, and again where it lost its session.

    Args:
        attempt: opens a session of its own each time.
        seconds: how long the server may be out of reach after a loss.
        report: is told of each try.

    Raises:
        UnavailableError: it was out of reach at the first try, or too long or too often after it.
    """
    losses, deadline, widest = 0, 0.0, _FIRST
    while True:
        try:
            return attempt()
        except ConnectionLostError as error:
            losses += 1
            if losses > _LOSSES:
                raise
            lost: UnavailableError = error
            deadline, widest = time.monotonic() + seconds, _FIRST
        except AuthenticationError:
            raise
        except UnavailableError as error:
            if not losses or time.monotonic() >= deadline:
                raise
            lost = error
        pause = random.uniform(0, widest)  # noqa: S311  not a secret
        report(Waited(f"{lost}: it is read anew what took effect, with a new connection in {pause:.1f} s"))
        time.sleep(pause)
        widest = min(_LONGEST, widest * 2)
