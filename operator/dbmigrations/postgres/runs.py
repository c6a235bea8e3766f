"""The run row: what a run is about, how far it came, how it ended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.tables import Tables


class RunOutcome(StrEnum):
    """Where a run stands in the database."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    SUPERSEDED = "Superseded"


@dataclass(frozen=True)
class NewRun:
    """What preflight decided."""

    id: str
    owner: str
    uid: str
    """Empty: a laptop."""
    generation: int
    trigger: str
    target_version: str
    direction: str
    base: JsonValue
    plan: JsonValue
    steps: JsonValue
    plan_hash: str
    approved_plan: str
    changing: bool
    """Whether it applies, undoes or baselines anything."""


@dataclass(frozen=True)
class Run(NewRun):
    """A run row as it stands."""

    ordinal: int
    backup: JsonValue
    outcome: RunOutcome
    reason: str
    message: str
    finished_step: int
    """Ordinal of the last finished step; 0 is preflight."""
    started_at: datetime
    finished_at: datetime | None


def start(session: Session, tables: Tables, run: NewRun) -> None:
    """Insert the row as Running and mark older Running rows of the same uid Superseded, in one transaction.

    Starting a run that is already there (its result was lost) replaces what it says, while it is still Running and no
    step after preflight has finished.

    Raises:
        PlanChangedError: the run is there and has gone on, or has ended.
    """
    raise NotImplementedError


def read_run(session: Session, tables: Tables, run: str) -> Run | None:
    """The row of a run; None: there is none."""
    raise NotImplementedError


def newest_run(session: Session, tables: Tables, uid: str, generation: int, *, other_than: str = "") -> Run | None:
    """The newest row of a uid and generation, leaving out one run."""
    raise NotImplementedError


def last_changing(session: Session, tables: Tables, uid: str) -> str:
    """The newest changing run of this uid that Succeeded; empty: none."""
    raise NotImplementedError


def is_known_succeeded(session: Session, tables: Tables, run: str) -> bool:
    """Whether the database knows this run as Succeeded."""
    raise NotImplementedError


def finish_step(session: Session, tables: Tables, run: str, ordinal: int) -> None:
    """Remember that a step is done. Repeating it is harmless.

    Raises:
        PlanChangedError: the run is no longer Running.
    """
    raise NotImplementedError


def record_backup(session: Session, tables: Tables, run: str, backup: JsonValue) -> None:
    """Remember the backup that this run took.

    Raises:
        PlanChangedError: the run is no longer Running.
    """
    raise NotImplementedError


def finish(
    session: Session, tables: Tables, run: str, outcome: RunOutcome, *, reason: str = "", message: str = ""
) -> bool:
    """End a Running run; False: it had ended before, and its row says how."""
    raise NotImplementedError


def cancel_running(session: Session, tables: Tables, uid: str) -> None:
    """Mark every Running row of a uid Cancelled."""
    raise NotImplementedError
