"""Waiting for what the control plane does in milliseconds; a miss says what was seen last."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

POLL = 0.03


def eventually(what: str, look: Callable[[], T | None], *, within: float = 60.0, seen: Callable[[], object] = str) -> T:
    """The first truthy answer of `look`."""
    deadline = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {within:.0f} s; last seen: {seen()}")
        time.sleep(POLL)


def never(what: str, look: Callable[[], object], *, within: float) -> None:
    """Fails as soon as `look` finds something."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found = look()
        assert not found, f"{what}: {found}"
        time.sleep(POLL)
