"""A stream that lines go to, which never raises: that nobody reads, or that a disk is full, stops no work.

What could not be written is remembered. A reader that went away, or a stream that was closed from the beginning, is
somebody's wish and no error; a device that takes no more is one.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_UNREAD = frozenset({errno.EPIPE, errno.EBADF, errno.ECONNRESET})
"""Nobody is at the other end."""

_STANDARD = 3
"""Descriptors that a program is started with."""


class Outlet:
    """A text stream around another one; None: there is none."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._over = stream is None
        self.failure = ""
        """Why not everything was written, in the system's words; empty: it was, or nobody reads."""

    def write(self, text: str) -> int:
        """Write, or do nothing."""
        self._try(lambda stream: stream.write(_encodable(text, stream)))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Send what was written."""
        self._try(lambda stream: stream.flush())

    def isatty(self) -> bool:
        """Whether it is a terminal that still takes lines."""
        return self._stream is not None and not self._over and self._stream.isatty()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else a stream has: its encoding, its buffer
        """Anything else is the stream's own."""
        if self._stream is None:
            raise AttributeError(name)
        return getattr(self._stream, name)

    def _try(self, act: Callable[[TextIO], object]) -> None:
        if self._over or self._stream is None:
            return
        try:
            act(self._stream)
        except (OSError, ValueError) as error:  # ValueError: closed by somebody else
            self._over = True
            if isinstance(error, OSError) and error.errno not in _UNREAD:
                self.failure = error.strerror or type(error).__name__
            _forget(self._stream)


def _encodable(text: str, stream: TextIO) -> str:
    encoding = stream.encoding
    return text if not encoding else text.encode(encoding, "backslashreplace").decode(encoding)


def outlet(stream: TextIO | None) -> TextIO:
    """The outlet around a stream: the stream itself where it is one."""
    return cast("TextIO", stream if isinstance(stream, Outlet) else Outlet(stream))


def failure_of(stream: TextIO) -> str:
    """Why not everything was written to an outlet; empty: it was, or nobody reads, or it is none."""
    return stream.failure if isinstance(stream, Outlet) else ""


def keep_standard_streams() -> None:
    """Make the standard streams outlets, and keep their numbers from being given to a socket where one was closed."""
    if None in {sys.stdin, sys.stdout, sys.stderr}:
        while os.open(os.devnull, os.O_RDWR) < _STANDARD:
            continue
    sys.stdout, sys.stderr = outlet(sys.stdout), outlet(sys.stderr)


def _forget(stream: TextIO) -> None:
    """Let what is still in the buffer go nowhere: the interpreter would complain of it at its end."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
