"""Events as lines of plain text: the `migration_YYYYMMDD_HHMM.log` that every run on a laptop writes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO, assert_never

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
    Reporter,
    StatementBegan,
    StepBegan,
    StepEnded,
    Waited,
)
from dbmigrations.runner.report.visible import visible

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from dbmigrations.runner.report.clock import Clock
    from dbmigrations.runner.report.redaction import Redactor


def log_path(folder: Path, started: datetime) -> Path:
    """`<folder>/migration_YYYYMMDD_HHMM.log`. Runs of the same minute share the file, one after the other."""
    return folder / f"migration_{started:%Y%m%d_%H%M}.log"


def open_log(path: Path) -> TextIO:
    """The log, readable by its owner alone, to be added to.

    Raises:
        OSError: where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    return open(path, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags | os.O_CLOEXEC, 0o600))


def log_lines(stream: TextIO, redactor: Redactor, now: Clock) -> Reporter:
    """A reporter that writes each line with its time, at once."""

    def tell(event: Event) -> None:
        stream.writelines(f"{now():%Y-%m-%dT%H:%M:%S%z} {visible(redactor.clean(line))}\n" for line in describe(event))
        stream.flush()

    return tell


def describe(event: Event) -> tuple[str, ...]:  # noqa: C901, PLR0911 - one answer for each event
    """An event in plain lines."""
    match event:
        case StepBegan(step):
            return (f"{words.step_title(step)} begins",)
        case StepEnded(result, seconds):
            how = "done" if result.outcome is Outcome.SUCCEEDED else result.outcome.value.upper()
            lines = words.result_line(result).splitlines() or [""]
            return (f"{words.step_title(result.step)} {how} after {words.seconds(seconds)}: {lines[0]}", *lines[1:])
        case PlanMade(lines):
            return lines
        case Waited(what):
            return (what,)
        case MigrationBegan(migration, place, count):
            return (f"[{place}/{count}] {words.migration_title(migration)} begins",)
        case StatementBegan(where, place, count):
            return (f"    {place}/{count} {where}",)
        case BackfillProgressed():
            return (f"    {words.backfill_line(event)}",) if event.notable else ()
        case MigrationEnded(migration, place, count, seconds, before):
            how = "was done before" if before else f"done after {words.seconds(seconds)}"
            return (f"[{place}/{count}] {words.migration_title(migration)} {how}",)
        case AssertionPassed(release, name):
            return (f"assertion {name} holds{f' ({release})' if release else ''}",)
        case BackupTaken(backup):
            return (f"backup {backup.location}, {words.size(backup.size_bytes)}, sha256 {backup.sha256}",)
        case Noted(text, detail, warning):
            return (f"warning: {text}" if warning else text, *detail.splitlines())
        case _:
            assert_never(event)
