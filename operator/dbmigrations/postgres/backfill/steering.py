"""How many rows the next batch has. Pure.

Towards a target time: what the last batches took decides, in damped steps, for a batch now and then is slow for reasons
of its own. Whoever waits behind a batch makes the next one smaller at once; growing again takes several.
"""

from dataclasses import dataclass, replace

_FASTEST_GROWTH, _SLOWEST_GROWTH, _SHRINKING = 2.0, 1.1, 0.25
"""Bounds of the factor between two batches: usual growth, growth after somebody had to wait, shrinking."""

_WARY = 20
"""Batches after a wait during which growth is slow."""


@dataclass(frozen=True, slots=True)
class Steering:
    """The size of the next batch, and what it depends on.

    Attributes:
        size: rows of the next batch.
        target: seconds that a batch should take.
        largest: rows that it never exceeds.
        seconds_per_row: as measured, damped; None before the first batch.
        wary: batches for which growth is still slow.
    """

    size: int
    target: float
    largest: int
    seconds_per_row: float | None = None
    wary: int = 0

    def after(self, rows: int, seconds: float, *, waiters: int = 0) -> "Steering":
        """The steering after a batch of so many rows took so long, and so many sessions waited for it."""
        if waiters:
            return self.smaller(max(1, rows or self.size))
        wary = max(0, self.wary - 1)
        if rows < self.size:  # the end of the table: a batch that was not full says little
            return replace(self, wary=wary)
        measured = seconds / rows
        per_row = measured if self.seconds_per_row is None else (self.seconds_per_row + measured) / 2
        growth = _SLOWEST_GROWTH if self.wary else _FASTEST_GROWTH
        wanted = self.target / max(per_row, 1e-9)
        size = min(max(wanted, self.size * _SHRINKING), self.size * growth + 1)
        return replace(self, size=self._within(int(size)), seconds_per_row=per_row, wary=wary)

    def smaller(self, rows: int) -> "Steering":
        """Half of a batch of so many rows, which was too much: it timed out, collided, or others waited for it."""
        return replace(self, size=self._within(rows // 2), wary=_WARY)

    def _within(self, size: int) -> int:
        return max(1, min(size, self.largest))
