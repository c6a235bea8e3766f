"""How many bodies of routines one reading of a statement may look into.

Triggers that write to tables with triggers lead to each other in more ways than anybody can follow: as many as the
branches of a tree. What lies beyond is said to be unknown, as is all that cannot be read.
"""

from dataclasses import dataclass

LIMIT = 100
"""Bodies. What real applications run with one statement are some twenty, where it is not thousands."""


@dataclass(slots=True)
class Looks:
    """Shared by all batches that come of one: each look counts wherever it is made."""

    taken: int = 0

    def take(self) -> bool:
        """Whether one more may be made; then it counts."""
        self.taken += self.taken < LIMIT + 1
        return self.taken <= LIMIT
