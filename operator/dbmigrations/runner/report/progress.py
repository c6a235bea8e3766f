"""A step's events on a person's screen: lines as they happen, and one line that moves where the screen can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.words import Outcome
from dbmigrations.runner.report import words
from dbmigrations.runner.report.events import (
    AssertionPassed,
    BackfillProgressed,
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

if TYPE_CHECKING:
    from dbmigrations.runner.report.redaction import Redactor
    from dbmigrations.runner.report.screen import Screen


class Progress:
    """Knows the step under way."""

    def __init__(self, screen: Screen, redactor: Redactor) -> None:
        self._err = screen
        self._redactor = redactor
        self._step = ""

    def show(self, event: Event) -> None:
        """Show an event as it happens."""
        if self._err.is_terminal:
            self._show(event)
        else:
            for line in describe(event):
                self._line(line)

    def _line(self, text: str, style: str = "") -> None:
        self._err.line((self._redactor.clean(text), style))

    def _show(self, event: Event) -> None:  # noqa: C901, PLR0912 - one answer for each event
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
                    self._line(f"  {line}")
            case MigrationBegan(migration, place, count):
                self._move(f"{place}/{count} {words.migration_title(migration)}")
            case StatementBegan(where, place, count):
                self._move(f"{where} (statement {place} of {count})")
            case BackfillProgressed():
                line = f"{self._step} {event.name}: {words.backfill_line(event)}"
                self._err.advance(self._redactor.clean(line), event.fraction)
            case MigrationEnded(migration, place, count, seconds, before):
                how = "done before" if before else words.seconds(seconds)
                self._line(f"  {place}/{count} {words.migration_title(migration)}  {how}")
            case Waited(what):
                self._line(f"  waiting: {what}", "yellow")
            case AssertionPassed() | BackupTaken():
                for line in describe(event):
                    self._line(f"  {line}")
            case Noted(_, _, warning):
                for line in describe(event):
                    self._line(f"  {line}", "yellow" if warning else "")

    def _move(self, what: str) -> None:
        self._err.move(self._redactor.clean(f"{self._step} {what}".rstrip()))
