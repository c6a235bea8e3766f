"""What the engine tells while it works, for logs and progress bars. Nothing depends on anybody listening."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbmigrations.api.words import Direction
    from dbmigrations.release.kind import Kind


@dataclass(frozen=True)
class MigrationStarted:
    """A migration begins, or is taken up again after an interruption."""

    kind: Kind
    name: str
    direction: Direction
    statements: int
    resumed: bool


@dataclass(frozen=True)
class StatementStarted:
    """One statement was sent. `ordinal` counts from 1."""

    path: str
    line: int
    ordinal: int
    of: int


@dataclass(frozen=True)
class MigrationFinished:
    """Its history row is committed."""

    kind: Kind
    name: str
    direction: Direction
    history_id: int
    seconds: float


@dataclass(frozen=True)
class Retrying:
    """A lock timeout, deadlock or serialization failure: the whole transaction is tried again after `delay` seconds.

    `blockers` describes the sessions that held what was needed, as far as they could be seen.
    """

    why: str
    attempt: int
    delay: float
    blockers: tuple[str, ...]


@dataclass(frozen=True)
class WaitingForLock:
    """Another migration holds the lock; told when the holder changes."""

    holder: str


@dataclass(frozen=True)
class WaitingAtGate:
    """Long work waits: for each closed gate its name, what it waits for and the limit."""

    closed: tuple[str, ...]


@dataclass(frozen=True)
class ServerNotice:
    """The server said something beside (NOTICE, WARNING): its severity and primary message."""

    severity: str
    text: str


@dataclass(frozen=True)
class BackfillMoved:
    """A batch of a backfill is committed, or (`size` 0) it was found as an earlier attempt had left it.

    Attributes:
        name: of the migration.
        rows: of the table, that were covered so far.
        estimate: rows of the table, as the planner guesses; None: not known.
        changed: rows that the statement changed so far, as the server counted.
        rate: rows covered in a second, lately.
        fraction: of the whole, from 0 to 1; None: not known.
        seconds_left: about; None: not known.
        size: rows of the next batch.
        notable: whether a log should have a line of it: every ten seconds, and the last one.
    """

    name: str
    rows: int
    estimate: int | None
    changed: int
    rate: float
    fraction: float | None
    seconds_left: float | None
    size: int
    notable: bool


Event = (
    MigrationStarted
    | StatementStarted
    | MigrationFinished
    | Retrying
    | WaitingForLock
    | WaitingAtGate
    | ServerNotice
    | BackfillMoved
)
Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """The listener that does not listen."""
