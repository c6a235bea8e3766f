"""How fast a backfill may go, as asked for from outside, and what follows from it. Pure."""

from dataclasses import dataclass

DEFAULT_TARGET = 0.1
"""Seconds that a batch should take, where neither the script nor anybody else says."""

_SHORTEST_TIMEOUT, _TIMEOUT_IN_TARGETS = 5.0, 20.0


@dataclass(frozen=True, slots=True)
class Pace:
    """What the platform or a person asks for.

    Attributes:
        max_rate: rows in a second, 0 for no limit.
        target: seconds that a batch should take; 0: as the script says, else 100 ms.
    """

    max_rate: float = 0.0
    target: float = 0.0

    def target_of(self, script: float | None) -> float:
        """Seconds that a batch should take, given what its script says."""
        return self.target or script or DEFAULT_TARGET

    def largest(self, most: int, target: float) -> int:
        """Rows that a batch never exceeds: with a limit, no more than it allows in the target time."""
        return max(1, min(most, int(self.max_rate * target))) if self.max_rate else most

    def pause(self, rows: int, seconds: float) -> float:
        """Seconds to rest after a batch of so many rows that took so long."""
        return max(0.0, rows / self.max_rate - seconds) if self.max_rate else 0.0


ORDINARY_PACE = Pace()
"""What nobody has asked to be changed."""


def batch_timeout(target: float, script: float | None, *, lock: float, session: float) -> float:
    """Seconds after which a batch is cancelled and split.

    Args:
        target: seconds that a batch should take.
        script: what the script says; None: nothing.
        lock: the session's lock_timeout: who only waits for a lock is to be told so by that.
        session: the session's own statement_timeout; 0: none. The shorter one counts.
    """
    own = script or max(_SHORTEST_TIMEOUT, _TIMEOUT_IN_TARGETS * target, 2 * lock)
    return min(own, session) if session else own
