"""A terminal: colours (unless NO_COLOR is set), tables that fit, one line that moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dbmigrations.runner.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from rich.progress import Progress
    from rich.status import Status

    from dbmigrations.runner.report.screen import Part

WIDE = 100_000
"""Columns where colours are forced and nobody looks: a row of a table is never broken there."""


_READABLE = 10
"""Letters of a cell in a line: with fewer nobody reads it."""

_GAP = 2


class RichScreen:
    """rich's console."""

    def __init__(self, stream: TextIO) -> None:
        width = None if stream.isatty() else WIDE
        self._console = Console(file=stream, highlight=False, markup=False, width=width)
        self._status: Status | None = None
        self._bar: Progress | None = None

    @property
    def is_terminal(self) -> bool:
        """As rich sees it."""
        return self._console.is_terminal

    def line(self, *parts: Part) -> None:
        """A line; the terminal wraps it."""
        self._console.print(Text.assemble(*((visible(text), style) for text, style in parts)), soft_wrap=True)

    def ask(self, question: str) -> None:
        """A line that is not ended."""
        self._console.print(Text(visible(question)), end="", soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """As wide as the terminal, with folded cells; on a narrow one row by row, a line for each cell."""
        rows = [[visible(cell) for cell in row] for row in rows]
        if _least_width(columns, rows) > self._console.width:
            self._stack(columns, rows)
            return
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        self._console.print(table)

    def _stack(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        for number, row in enumerate(rows):
            if number:
                self._console.print()
            for column, cell in zip(columns, row, strict=True):
                if cell:
                    self._console.print(Text.assemble((f"{column} ", "bold"), cell))

    def move(self, text: str) -> None:
        """A spinner with the text."""
        self._stop_bar()
        shown = Text(visible(text))
        if self._status is None:
            self._status = self._console.status(shown)
            self._status.start()
        else:
            self._status.update(shown)

    def advance(self, text: str, fraction: float | None) -> None:
        """A bar with the text; it pulses where nobody knows how much there is."""
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        if self._bar is None:
            self.stop()
            columns = SpinnerColumn(), BarColumn(), TextColumn("{task.description}", markup=False)
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.add_task("")
            self._bar.start()
        (task,) = self._bar.task_ids
        total = None if fraction is None else 1.0
        self._bar.update(task, description=visible(text), total=total, completed=fraction or 0.0)

    def _stop_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def stop(self) -> None:
        """No spinner, no bar."""
        self._stop_bar()
        if self._status is not None:
            self._status.stop()
            self._status = None


def _least_width(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """The width below which the cells of a table cannot be read any more: each column has some letters."""
    widest = (max(map(len, (column, *(row[place] for row in rows)))) for place, column in enumerate(columns))
    return sum(min(width, _READABLE) + _GAP for width in widest)
