"""Trying a transaction again after a lock timeout, a deadlock or a serialization failure.

Why so short a lock_timeout and so many tries: an ALTER that waits behind a long reader makes every later reader wait
too. Giving up after a second and coming back later lets them through, and ends no later.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from dbmigrations.postgres.blockers import relation_lock_holders
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.errors import ContentionError
from dbmigrations.postgres.events import Listener, Retrying, silent

_Result = TypeVar("_Result")

_FIRST, _LONGEST = 0.1, 5.0
"""Seconds: the bounds of the jitter's range, which doubles from try to try."""


@dataclass(frozen=True)
class Retry:
    """How long to try, and whom to tell.

    Attributes:
        seconds: from the first failure until giving up.
        listener: is told of each retry.
    """

    seconds: float = 600.0
    listener: Listener = silent

    def until_done(self, session: Session, attempt: Callable[[], _Result]) -> _Result:
        """Run `attempt`, which leaves no transaction open when it raises, until it succeeds.

        Raises:
            ContentionError: the time is over; its text names who holds what is needed.
        """
        deadline: float | None = None
        widest, tries = _FIRST, 1
        while True:
            try:
                return attempt()
            except ContentionError as error:
                now = time.monotonic()
                deadline = now + self.seconds if deadline is None else deadline
                blockers = lock_holders(session)
                if now >= deadline:
                    raise ContentionError(_given_up(error, self.seconds, blockers), sqlstate=error.sqlstate) from None
                # Full jitter: two that collided must not collide again.
                delay = min(deadline - now, random.uniform(0, widest))  # noqa: S311  not a secret
                self.listener(Retrying(str(error), tries, delay, blockers))
                time.sleep(delay)
                widest, tries = min(_LONGEST, widest * 2), tries + 1


def lock_holders(session: Session) -> tuple[str, ...]:
    """The oldest open transactions of others that hold locks on relations here, as far as this role may see them."""
    return tuple(f"{other.described('in a transaction')} on {held}" for other, held in relation_lock_holders(session))


def _given_up(error: ContentionError, seconds: float, blockers: tuple[str, ...]) -> str:
    held = f"; locks are held by {', '.join(blockers)}" if blockers else ""
    return f"{error} for {seconds:g} s{held}"
