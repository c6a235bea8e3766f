"""An interruption as the runner's own: an exception raised by a signal's handler, wherever the main thread is."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Interruption(KeyboardInterrupt):
    """What the runner raises from its signal handler."""


@contextmanager
def heard(number: signal.Signals) -> Iterator[None]:
    """Within, this signal raises an Interruption."""

    def interrupt(*_: object) -> None:
        raise Interruption

    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)
