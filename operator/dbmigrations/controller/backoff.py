"""How long a step waits before its next attempt: growing from 2 seconds to 5 minutes, with a jitter that is decided.

The jitter spreads many resources that wait for one database. It is derived from the attempt itself, so that the same
facts lead to the same plan.
"""

import hashlib

FIRST = 2.0
"""Seconds. No attempt follows another sooner."""
LAST = 300.0
"""Seconds. No attempt follows another later."""

_DOUBLINGS = 8  # 2 s doubled this often has passed LAST


def delay(run: str, ordinal: int, attempt: int) -> float:
    """Seconds from the end of this attempt (counted from 1) to the next: full jitter between FIRST and the ceiling."""
    ceiling = min(LAST, FIRST * 2.0 ** min(attempt, _DOUBLINGS))
    digest = hashlib.sha256(f"{run}/{ordinal}/{attempt}".encode()).digest()
    fraction = int.from_bytes(digest[:4], "big") / 2**32
    return FIRST + fraction * (ceiling - FIRST)
