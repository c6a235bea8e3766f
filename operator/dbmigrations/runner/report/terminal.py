"""A person's terminal: results on standard output, everything else on standard error.

Colours and moving lines only where standard error is a terminal (and NO_COLOR is not set); else plain lines, as in the
log file. With `--json`, standard output holds one JSON document and nothing more.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from dbmigrations.api.words import Outcome
from dbmigrations.runner.report import words
from dbmigrations.runner.report.events import (
    AssertionPassed,
    BackupTaken,
    Event,
    MigrationBegan,
    MigrationEnded,
    Noted,
    PlanMade,
    StatementBegan,
    StepBegan,
    StepEnded,
    Waited,
)
from dbmigrations.runner.report.lines import describe
from dbmigrations.runner.report.screen import screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbmigrations.runner.report.redaction import Redactor


class Terminal:
    """What a command shows. Also a reporter of a step's events."""

    def __init__(self, redactor: Redactor, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._redactor = redactor
        self._out = screen(sys.stdout)
        self._err = screen(sys.stderr)
        self._step = ""

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked something."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not self.as_json

    def say(self, text: str, style: str = "") -> None:
        """A line of the answer itself."""
        self._out.line((self._redactor.clean(text), style))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table of the answer."""
        self._out.table(columns, [[self._redactor.clean(cell) for cell in row] for row in rows])

    def document(self, answer: dict[str, Any]) -> None:
        """The answer as JSON."""
        sys.stdout.write(self._redactor.clean(json.dumps(answer, indent=2, ensure_ascii=False)) + "\n")

    def aside(self, text: str, style: str = "") -> None:
        """A line beside the answer."""
        self._err.line((self._redactor.clean(text), style))

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
        if self.as_json:
            return
        if self._err.is_terminal:
            self._show(event)
        elif not isinstance(event, StatementBegan):  # the log file has each statement
            for line in describe(event):
                self.aside(line)

    def close(self) -> None:
        """End what moves."""
        self._err.stop()

    def _show(self, event: Event) -> None:  # noqa: C901 - one answer for each event
        match event:
            case StepBegan(step):
                self._step = words.step_title(step)
                self._move("")
            case StepEnded(result, seconds):
                self._err.stop()
                good = result.outcome is Outcome.SUCCEEDED
                mark, style = ("✓", "green") if good else ("✗", "red")
                head = (f"{mark} {words.step_title(result.step)}", f"bold {style}")
                tail = f"  {result.message if good else result.reason}  ({words.seconds(seconds)})"
                self._err.line(head, (self._redactor.clean(tail), ""))
            case PlanMade(lines):
                for line in lines:
                    self.aside(f"  {line}")
            case MigrationBegan(migration, place, count):
                self._move(f"{place}/{count} {words.migration_title(migration)}")
            case StatementBegan(where, place, count):
                self._move(f"{where} (statement {place} of {count})")
            case MigrationEnded(migration, place, count, seconds, before):
                how = "done before" if before else words.seconds(seconds)
                self.aside(f"  {place}/{count} {words.migration_title(migration)}  {how}")
            case Waited(what):
                self.aside(f"  waiting: {what}", "yellow")
            case AssertionPassed() | BackupTaken():
                for line in describe(event):
                    self.aside(f"  {line}")
            case Noted(_, _, warning):
                for line in describe(event):
                    self.aside(f"  {line}", "yellow" if warning else "")

    def _move(self, what: str) -> None:
        self._err.move(self._redactor.clean(f"{self._step} {what}".rstrip()))
