"""Tells a person what is being done, how long it will take, and how long it took.

Steps may run side by side. On a terminal the steps under way are one line that counts; elsewhere (CI) a line says
when a long step begins, one a minute says that it goes on, and one that it is done.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONG = 5.0  # seconds from which a step is announced before it is done


def duration(seconds: float) -> str:
    """Seconds as a person says them: `0.4 s`, `42 s`, `6 min 55 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{whole} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


class Console:
    """Where progress is printed; safe to use from several threads."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out if out is not None else sys.stderr
        self._live = self._out.isatty()
        self._lock = threading.Lock()
        self._active: dict[str, float] = {}

    def say(self, text: str) -> None:
        """One line."""
        with self._lock:
            self._erase()
            print(text, file=self._out, flush=True)

    @contextlib.contextmanager
    def step(self, text: str, *, expected: float = 0.0, note: str = "") -> Iterator[None]:
        """One thing that is done.

        Args:
            text: what is done, as a noun: `Kubernetes v1.36.2, from source`.
            expected: how long it takes, in seconds; 0 where it is a moment.
            note: why it takes that long, or that it is done once only.
        """
        began = time.monotonic()
        about = ", ".join(part for part in (f"about {duration(expected)}" if expected else "", note) if part)
        if expected >= _LONG:
            self.say(f"  … {text}" + (f" ({about})" if about else ""))
        self._active[text] = began
        stop = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(text, began, about, stop), daemon=True)
        ticker.start()
        try:
            yield
        except BaseException:
            self._end(text, stop, ticker)
            self.say(f"  ✗ {text} (after {duration(time.monotonic() - began)})")
            raise
        self._end(text, stop, ticker)
        self.say(f"  ✓ {text} ({duration(time.monotonic() - began)})")

    def _end(self, text: str, stop: threading.Event, ticker: threading.Thread) -> None:
        stop.set()
        ticker.join()
        self._active.pop(text, None)

    def _tick(self, text: str, began: float, about: str, stop: threading.Event) -> None:
        period = 1.0 if self._live else 60.0
        while not stop.wait(period):
            elapsed = duration(time.monotonic() - began)
            if not self._live:
                self.say(f"  … {text}: {elapsed} so far" + (f" of {about}" if about else ""))
            elif next(iter(self._active), None) == text:  # the oldest step speaks for all
                with self._lock:
                    waiting = ", ".join(self._active)
                    self._out.write(f"\r\033[K  {elapsed} · {waiting}"[:118])
                    self._out.flush()

    def _erase(self) -> None:
        if self._live:
            self._out.write("\r\033[K")


class Silent(Console):
    """For tests, which have nobody to tell."""

    def say(self, text: str) -> None:
        """Says nothing."""
