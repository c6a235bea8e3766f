"""Waiting for something on a cluster, with the last thing seen in the error."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

POLL = 0.3
"""Seconds between two looks."""

PATIENCE = float(os.environ.get("DBMIGRATIONS_PATIENCE", "3"))
"""How many times longer than on free cores things may take: four scenarios share two cores."""


class NeverHappenedError(AssertionError):
    """What was awaited did not come in time; the message carries the last thing seen."""


def eventually(what: str, look: Callable[[], T | None], *, within: float, seen: Callable[[], object] = str) -> T:
    """The first truthy thing that `look` returns within so many seconds.

    Raises:
        NeverHappenedError: with what `seen` says, where nothing came.
    """
    deadline = time.monotonic() + within * PATIENCE
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise NeverHappenedError(f"{what}: not within {within:.0f} s. Last seen: {seen()}")
        time.sleep(POLL)
