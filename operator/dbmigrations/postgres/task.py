"""One script to be run for one migration, and what is written when it is done or has failed.

Both modes of running share it: what is recorded does not depend on how the script was run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction
from dbmigrations.postgres import history, journal, prisma
from dbmigrations.postgres.assertions import AssertionScript, store_assertions
from dbmigrations.postgres.backfill.pace import ORDINARY_PACE, Pace
from dbmigrations.postgres.errors import EngineError, StatementError
from dbmigrations.postgres.events import Listener, silent
from dbmigrations.postgres.execution import ScriptRunner
from dbmigrations.postgres.gates.gates import Gates
from dbmigrations.postgres.journal import JournalState
from dbmigrations.postgres.records import Happening, Provenance, RecordedMigration, RowOutcome
from dbmigrations.release.migration import Kind

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.execution import ScriptRunner
    from dbmigrations.postgres.prisma import PrismaState
    from dbmigrations.postgres.retry import Retry
    from dbmigrations.postgres.sql.together import Together
    from dbmigrations.postgres.sql.transactions import ExecutionPlan
    from dbmigrations.postgres.tables import Tables


@dataclass
class Remembered:
    """What holds as long as the lock is held, so that it is asked once: nobody else changes it."""

    prisma: PrismaState | None = None
    assertions: dict[str, tuple[AssertionScript, ...]] = field(default_factory=dict)
    nothing_is_large: bool | None = None
    """Others may change this one: only who watches depends on it."""

    def forget(self) -> None:
        """Ask anew: something else than an exchange of ours wrote it."""
        self.prisma = self.nothing_is_large = None
        self.assertions.clear()


Deferral = Callable[[], AbstractContextManager[None]]
"""Within it, a request to stop waits: for work that is dearer to repeat than to finish."""


@dataclass(frozen=True)
class Surroundings:
    """What does not change from migration to migration within a step."""

    session: Session
    tables: Tables
    provenance: Provenance
    application_schema: str
    retry: Retry
    listener: Listener = silent
    deferred: Deferral = nullcontext
    gates: Gates = field(default_factory=Gates)
    pace: Pace = ORDINARY_PACE
    remembered: Remembered = field(default_factory=Remembered)


@dataclass(frozen=True)
class Task:
    """Run this script of this migration in this direction."""

    around: Surroundings
    migration: RecordedMigration
    direction: Direction
    runner: ScriptRunner
    plan: ExecutionPlan
    together: Together | None = None
    """How its statements may be sent with their row; None: not so."""
    assertions: Sequence[AssertionScript] = ()
    started: float = 0.0
    """Of the monotonic clock."""

    @property
    def is_prisma(self) -> bool:
        """Whether Prisma keeps account of it too."""
        return self.migration.kind is Kind.SCHEMA

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return time.monotonic() - self.started

    def settle(self) -> None:
        """Have all deferred constraints checked now, then put the session back for our rows, within the transaction.

        Raises:
            StatementError: a deferred constraint does not hold; located at the script's last statement.
        """
        session = self.around.session
        try:
            session.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except StatementError as error:
            raise self.runner.at_end(error) from None
        session.reset(for_our_rows=True)

    def record_success(self) -> int:
        """Write everything that says it is done; call it as the last thing of the transaction. Returns the row's id.

        Raises:
            PlanChangedError: the run is not Running any more, or the lock was lost.
        """
        around, migration = self.around, self.migration
        match self.direction:
            case Direction.UP:
                outcome = RowOutcome.APPLIED
                if self.is_prisma:
                    prisma.finish(
                        around.session,
                        around.application_schema,
                        migration.name,
                        migration.raw_checksum,
                        self.seconds,
                    )
                store_assertions(
                    around.session, around.tables, migration.release, self.assertions, around.provenance.run
                )
            case Direction.DOWN:
                outcome = RowOutcome.UNDONE
                if self.is_prisma:
                    prisma.roll_back(around.session, around.application_schema, migration.name)
                journal.close_open(around.session, around.tables, migration, Direction.UP, JournalState.ROLLED_BACK)
        journal.close_open(around.session, around.tables, migration, self.direction, JournalState.APPLIED)
        happening = Happening(migration, self.direction, outcome, self.seconds)
        return history.insert(around.session, around.tables, happening, around.provenance)

    @contextmanager
    def recording_failure(self) -> Iterator[None]:
        """Within, a statement that PostgreSQL refuses leaves a Failed row, after everything was rolled back."""
        try:
            yield
        except StatementError as error:
            with suppress(EngineError):  # what failed first is what a person must read
                self._record_failure(error)
            raise

    def _record_failure(self, error: StatementError) -> None:
        around = self.around
        around.session.roll_back()
        around.session.reset()
        happening = Happening(
            self.migration,
            self.direction,
            RowOutcome.FAILED,
            self.seconds,
            error=str(error),
            sqlstate=error.details.sqlstate,
        )
        with around.session.bookkeeping():
            history.insert(around.session, around.tables, happening, around.provenance)
