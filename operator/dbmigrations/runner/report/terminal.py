"""A person's terminal: results on standard output, everything else on standard error.

Moving lines, and colours unless NO_COLOR is set, only where standard error is a terminal; else plain lines, as in the
log file. With `--json`, standard output holds one JSON document and nothing more.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from dbmigrations.runner.report.outlet import failure_of, outlet
from dbmigrations.runner.report.screen import screen
from dbmigrations.runner.report.visible import visible_in_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbmigrations.runner.report.events import Event
    from dbmigrations.runner.report.progress import Progress
    from dbmigrations.runner.report.redaction import Redactor


class Terminal:
    """What a command shows. Also a reporter of a step's events."""

    def __init__(self, redactor: Redactor, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._redactor = redactor
        self._answer, beside = outlet(sys.stdout), outlet(sys.stderr)
        self._out, self._err = screen(self._answer), screen(beside)
        self._hears = sys.stdin is not None and sys.stdin.isatty() and beside.isatty()
        self._progress: Progress | None = None

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked something."""
        return self._hears and not self.as_json

    @property
    def unwritten(self) -> str:
        """Why not all of the answer could be written; empty: it could, or nobody reads it."""
        return failure_of(self._answer)

    def say(self, text: str, style: str = "") -> None:
        """A line of the answer itself."""
        self._out.line((self._redactor.clean(text), style))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table of the answer."""
        self._out.table(columns, [[self._redactor.clean(cell) for cell in row] for row in rows])

    def document(self, answer: dict[str, Any]) -> None:
        """The answer as JSON."""
        text = self._redactor.clean(json.dumps(answer, indent=2, ensure_ascii=False))
        self._answer.write(visible_in_json(text) + "\n")
        self._answer.flush()

    def aside(self, text: str, style: str = "") -> None:
        """A line beside the answer."""
        self._err.line((self._redactor.clean(text), style))

    def moving(self, text: str) -> None:
        """Where something long is, on a terminal only; empty: it is there."""
        if not text:
            self._err.stop()
        elif self._err.is_terminal and not self.as_json:
            self._err.move(self._redactor.clean(text))

    def error(self, text: str) -> None:
        """Why it did not work."""
        self._err.stop()
        self._err.line(("error: ", "bold red"), (self._redactor.clean(text), ""))

    def confirm(self, question: str) -> bool:
        """Ask a person; only `y` or `yes` is yes."""
        self._err.ask(f"{self._redactor.clean(question)} [y/N] ")
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def __call__(self, event: Event) -> None:
        """Show an event as it happens."""
        if self._progress is None:
            from dbmigrations.runner.report.progress import Progress

            self._progress = Progress(self._err, self._redactor)
        if not self.as_json:
            self._progress.show(event)

    def close(self) -> None:
        """End what moves."""
        self._err.stop()
