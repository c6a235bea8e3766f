"""What a step tells while it runs. A closed union of facts; who shows them decides how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbmigrations.api.step import BackupReport, StepRef, StepResult
    from dbmigrations.release.plan import PlannedMigration


@dataclass(frozen=True, slots=True)
class StepBegan:
    """A step begins."""

    step: StepRef


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step ended, one way or another."""

    result: StepResult
    seconds: float


@dataclass(frozen=True, slots=True)
class PlanMade:
    """Preflight made a plan; `lines` is the plan as a person reads it."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waited:
    """Something is waited for, or is tried again: another migration's lock, a lock timeout."""

    what: str


@dataclass(frozen=True, slots=True)
class MigrationBegan:
    """One migration of a step, the `place`-th of `count`, begins."""

    migration: PlannedMigration
    place: int
    count: int


@dataclass(frozen=True, slots=True)
class StatementBegan:
    """One statement of the migration under way, the `place`-th of `count`, was sent. `where` is `file:line`."""

    where: str
    place: int
    count: int


@dataclass(frozen=True, slots=True)
class BackfillProgressed:
    """A backfill came further.

    Attributes:
        name: of the migration.
        rows: of the table, covered so far.
        estimate: rows of the table, about; None: not known.
        changed: rows changed so far.
        rate: rows covered in a second, lately.
        fraction: of the whole, from 0 to 1; None: not known.
        seconds_left: about; None: not known.
        batch: rows of the next batch.
        notable: whether a log should have it: every ten seconds, and at the end.
    """

    name: str
    rows: int
    estimate: int | None
    changed: int
    rate: float
    fraction: float | None
    seconds_left: float | None
    batch: int
    notable: bool


@dataclass(frozen=True, slots=True)
class MigrationEnded:
    """One migration took effect, now or (`before`) when this step ran before."""

    migration: PlannedMigration
    place: int
    count: int
    seconds: float
    before: bool = False


@dataclass(frozen=True, slots=True)
class AssertionPassed:
    """One assertion of a release was true; `release` is empty for a built-in one."""

    release: str
    name: str


@dataclass(frozen=True, slots=True)
class BackupTaken:
    """A backup was taken and checked."""

    backup: BackupReport


@dataclass(frozen=True, slots=True)
class Noted:
    """Something a reader should know; `detail` is longer: an excerpt with a caret, a trace."""

    text: str
    detail: str = ""
    warning: bool = False


Event = (
    StepBegan
    | StepEnded
    | PlanMade
    | Waited
    | MigrationBegan
    | StatementBegan
    | BackfillProgressed
    | MigrationEnded
    | AssertionPassed
    | BackupTaken
    | Noted
)

Reporter = Callable[[Event], None]
"""Takes each event as it happens. It must not raise: showing is never a reason to stop."""


def to_all(*reporters: Reporter) -> Reporter:
    """A reporter that tells several."""

    def tell(event: Event) -> None:
        for reporter in reporters:
            reporter(event)

    return tell
