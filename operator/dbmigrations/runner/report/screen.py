"""Where a command's lines go: a terminal that shows colours and moves, or plain lines for a file, a pipe or CI.

Only a terminal loads rich, which takes a command longer to import than most commands take.
"""

from __future__ import annotations

import os
import unicodedata
from itertools import zip_longest
from typing import TYPE_CHECKING, Protocol

from dbmigrations.runner.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

Part = tuple[str, str]
"""A text and its style, as rich names styles; an empty style is none."""


class Screen(Protocol):
    """One stream of lines."""

    @property
    def is_terminal(self) -> bool:
        """Whether lines may move and be coloured."""

    def line(self, *parts: Part) -> None:
        """A line, never broken by us; it may hold line ends."""

    def ask(self, question: str) -> None:
        """A line that is not ended: the answer follows."""

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A head and rows, in columns."""

    def move(self, text: str) -> None:
        """Show what is under way below the lines, in place of what was shown so before."""

    def advance(self, text: str, fraction: float | None) -> None:
        """The same, with a bar; `fraction`: how much is done, from 0 to 1, None: not known."""

    def stop(self) -> None:
        """Show nothing of that kind any more."""


class PlainScreen:
    """Lines as they are, each flushed; what moves is not shown."""

    is_terminal = False

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def line(self, *parts: Part) -> None:
        """A line."""
        self._write("".join(text for text, _ in parts) + "\n")

    def ask(self, question: str) -> None:
        """A line that is not ended."""
        self._write(question)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """As wide as it needs to be: a row of a table in a file is never broken."""
        cells = [[[column] for column in columns], *([cell.splitlines() or [""] for cell in row] for row in rows)]
        widths = [max(_width(text) for row in cells for text in row[column]) for column in range(len(columns))]
        for row in cells:
            for texts in zip_longest(*row, fillvalue=""):
                padded = (text + " " * (width - _width(text)) for text, width in zip(texts, widths, strict=True))
                self._write("  ".join(padded).rstrip() + "\n")

    def move(self, text: str) -> None:
        """Nothing."""

    def advance(self, text: str, fraction: float | None) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""

    def _write(self, text: str) -> None:
        # A file's name need not be text: its bytes are shown as what they are.
        shown = visible(text).encode(errors="backslashreplace").decode()
        self._stream.write(shown)
        self._stream.flush()


def screen(stream: TextIO) -> Screen:
    """The screen for a stream: rich's where it is a terminal, or FORCE_COLOR or TTY_COMPATIBLE says so."""
    if stream.isatty() or os.environ.get("FORCE_COLOR") or os.environ.get("TTY_COMPATIBLE") == "1":
        from dbmigrations.runner.report.rich_screen import RichScreen

        return RichScreen(stream)
    return PlainScreen(stream)


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)
