"""How things are said to people, the same in terminals, log files and plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction, Outcome

if TYPE_CHECKING:
    from dbmigrations.api.step import StepRef, StepResult
    from dbmigrations.release.history import PartialMigration
    from dbmigrations.release.plan import PlannedMigration
    from dbmigrations.runner.report.events import BackfillProgressed

_UNITS = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
_MINUTE = 60
_HOUR = 3600


def half_words(half: PartialMigration) -> str:
    """`sql 20260123_1200_name is applied in part (2 statements ran), and goes on where it stopped`."""
    verb = "applied" if half.direction is Direction.UP else "undone"
    ran = count(sum(each.applied for each in half.statements), "statement")
    return f"{half.kind} {half.name} is {verb} in part ({ran} ran), and goes on where it stopped"


def step_title(step: StepRef) -> str:
    """`Schema 1.1.0`, `Backup`."""
    return f"{step.name} {step.release}".rstrip()


def migration_title(migration: PlannedMigration) -> str:
    """`↑ schema 20260123110000_add_projects`, `↓ …` on the way down."""
    arrow = "↑" if migration.direction is Direction.UP else "↓"
    return f"{arrow} {migration.kind} {migration.name}"


def seconds(value: float) -> str:
    """`0.03 s`, `12.5 s`, `3 min 20 s`, `2 h 5 min`."""
    if value < _MINUTE:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"  # noqa: PLR2004 - two digits are enough to read
    if value < _HOUR:
        return f"{int(value // _MINUTE)} min {int(value % _MINUTE)} s"
    return f"{int(value // _HOUR)} h {int(value % _HOUR // _MINUTE)} min"


def backfill_line(event: BackfillProgressed) -> str:
    """`backfill 120,000 of about 1,000,000 rows (12%), 95,000 rows/s, about 9.3 s left`."""
    parts = [f"backfill {event.rows:,}{_of(event)}", f"{event.rate:,.0f} rows/s"]
    if event.seconds_left is not None and event.fraction != 1:
        parts.append(f"about {seconds(event.seconds_left)} left")
    return ", ".join(parts)


def _of(event: BackfillProgressed) -> str:
    if event.fraction == 1:
        return f" rows, all of them ({event.changed:,} changed)"
    if event.estimate is None or event.fraction is None:
        return " rows"
    return f" of about {event.estimate:,} rows ({event.fraction:.0%})"


def size(number: int) -> str:
    """`312 B`, `4.1 MiB`."""
    for unit, name in _UNITS:
        if number >= unit:
            return f"{number / unit:.1f} {name}"
    return f"{number} B"


def count(number: int, one: str, many: str = "") -> str:
    """`1 migration`, `4 migrations`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def result_line(result: StepResult) -> str:
    """A step's end in one line: the reason and the message where there is one."""
    if result.outcome is Outcome.SUCCEEDED:
        return result.message or "done"
    reason = f"{result.reason}: " if result.reason else ""
    return f"{reason}{result.message}"
