"""How far a backfill is and how fast it goes. Pure: it is given the time."""

from collections import deque
from dataclasses import dataclass, field

_RECENT = 30.0
"""Seconds over which the rate is taken."""

_TOLD_EVERY = 10.0
"""Seconds between two lines of a log."""

_NOT_YET = 0.999


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a backfill stands.

    Attributes:
        rows: of the table, that batches have covered so far, those of earlier attempts included.
        estimate: rows of the table when it began, as the planner guesses; None: it cannot be known.
        rate: rows in a second, lately.
        fraction: of the whole, from 0 to 1; None: not known. 1 only at the end.
    """

    rows: int
    estimate: int | None
    rate: float
    fraction: float | None

    @property
    def seconds_left(self) -> float | None:
        """About how long it will go on; None: not known."""
        if self.estimate is None or not self.rate:
            return None
        return max(0.0, (self.estimate - self.rows) / self.rate)


@dataclass
class Progress:
    """Follows one attempt at a backfill.

    Attributes:
        began: the clock at its start, seconds.
        before: rows that earlier attempts covered.
        estimate: as in Standing.
    """

    began: float
    before: int = 0
    estimate: int | None = None
    _samples: deque[tuple[float, int]] = field(default_factory=deque)
    _told: float | None = None

    def at(self, now: float, rows: int, *, done: bool = False) -> Standing:
        """Where it stands when so many rows are covered in all."""
        self._samples.append((now, rows))
        while len(self._samples) > 1 and now - self._samples[1][0] >= _RECENT:
            self._samples.popleft()
        return Standing(rows, self.estimate, self._rate(now, rows), self._fraction(rows, done=done))

    def is_due(self, now: float, *, done: bool = False) -> bool:
        """Whether a line of a log is due; asking makes it so that it was told."""
        since = self.began if self._told is None else self._told
        if not done and now - since < _TOLD_EVERY:
            return False
        self._told = now
        return True

    def _rate(self, now: float, rows: int) -> float:
        then, had = self._samples[0] if now - self.began >= _RECENT else (self.began, self.before)
        return (rows - had) / (now - then) if now > then else 0.0

    def _fraction(self, rows: int, *, done: bool) -> float | None:
        if done:
            return 1.0
        if self.estimate is None:
            return None
        return min(rows / max(1, self.estimate), _NOT_YET)
