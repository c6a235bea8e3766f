"""Applying and undoing one migration, exactly once whatever is killed when.

In one transaction: the script's statements and the history row, mostly in one exchange. Where a statement cannot run
in a transaction: unit by unit, with a journal row between, so that an interrupted migration is taken up where it
stopped. A backfill: batch by batch, with a checkpoint in the transaction of each.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction
from dbmigrations.postgres import history, journal
from dbmigrations.postgres.at_once import run_at_once
from dbmigrations.postgres.backfill.checkpoint import has_checkpoint
from dbmigrations.postgres.backfill.pace import ORDINARY_PACE, Pace
from dbmigrations.postgres.errors import NotResumableError, PlanChangedError
from dbmigrations.postgres.events import Listener, MigrationFinished, MigrationStarted, silent
from dbmigrations.postgres.execution import ScriptRunner
from dbmigrations.postgres.gates.gates import Gates
from dbmigrations.postgres.reading import ReadAhead, Source
from dbmigrations.postgres.records import Provenance, RecordedMigration, RowOutcome
from dbmigrations.postgres.retry import Retry
from dbmigrations.postgres.sql.transactions import Mode
from dbmigrations.postgres.statement_mode import run_by_statement
from dbmigrations.postgres.task import Deferral, Remembered, Surroundings, Task
from dbmigrations.postgres.transaction_mode import run_in_transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbmigrations.postgres.assertions import AssertionScript
    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.tables import Tables
    from dbmigrations.release.migration import Kind, Migration


@dataclass(frozen=True)
class Applier:
    """Applies migrations in a session that holds the migration lock.

    Attributes:
        session: set up for the step; after each migration it is put back.
        tables: the history schema.
        provenance: written into each history row; its run must be Running in the database.
        application_schema: where `_prisma_migrations` is kept.
        wait: seconds during which lock timeouts, deadlocks and serialization failures are retried, each time anew.
        listener: is told what goes on.
        deferred: within it a request to stop waits; used around statements that are dear to repeat.
        gates: are passed before each migration and between its units.
        pace: how fast backfills may go.
    """

    session: Session
    tables: Tables
    provenance: Provenance
    application_schema: str = "public"
    wait: float = 600.0
    listener: Listener = silent
    deferred: Deferral = nullcontext
    gates: Gates = field(default_factory=Gates)
    pace: Pace = ORDINARY_PACE
    _remembered: Remembered = field(default_factory=Remembered)
    _reader: ReadAhead = field(default_factory=ReadAhead)

    def up(
        self,
        migration: Migration,
        *,
        description: str = "",
        assertions: Sequence[AssertionScript] = (),
        following: Migration | None = None,
    ) -> int:
        """Apply a migration and return the id of its history row. Its release's assertions are stored with it.

        Args:
            migration: from the release directory.
            description: of its release.
            assertions: of its release.
            following: is read while the server works: it will be applied next.

        Raises:
            StatementError: file:line:column; nothing of a transaction took effect; a Failed row is recorded.
            ContentionError: the wait is over and something still holds what is needed.
            GateClosedError: a gate did not open within its wait.
            NotResumableError: a half-done attempt that this script does not continue.
            PlanChangedError: the run was superseded, or the migration is applied already.
            UnavailableError: the session was lost; only the database knows how far it came.
        """
        recorded, up = RecordedMigration.of(migration, description), migration.up
        task = self._task(recorded, Direction.UP, Source(up.path, up.text, up.bulk), assertions)
        if following is not None:
            next_up = following.up
            self._reader.expect(Source(next_up.path, next_up.text, next_up.bulk), self.application_schema)
        row = self._at_once(task)
        if row is not None:
            return row
        before = history.recorded(self.session, self.tables, migration.kind, migration.name)
        if before is not None and before[0] is not RowOutcome.UNDONE:
            raise PlanChangedError(f"{migration.kind} migration {migration.name} is applied already")
        return self._step_by_step(task)

    def down(self, kind: Kind, name: str) -> int:
        """Undo a migration by its stored down script and return the id of its history row.

        A half-applied migration is undone only if its stored down says `-- migrate: down=partial-safe`.

        Raises:
            PlanChangedError: it is not applied, or has no stored down.
            StatementError, ContentionError, NotResumableError, UnavailableError: as `up`.
        """
        migration = self._to_undo(kind, name)
        if migration.down_script is None:
            raise PlanChangedError(f"{kind} migration {name} has no stored down script")
        path = migration.down_path or f"the stored down of {name}"
        return self._step_by_step(self._task(migration, Direction.DOWN, Source(path, migration.down_script)))

    def _to_undo(self, kind: Kind, name: str) -> RecordedMigration:
        before = history.recorded(self.session, self.tables, kind, name)
        if before is not None and before[0] is RowOutcome.APPLIED:
            return before[1]
        if before is not None and before[0] is RowOutcome.BASELINED:
            raise PlanChangedError(f"{kind} migration {name} was baselined, never applied here: it cannot be undone")
        half = journal.half_applied(self.session, self.tables, kind, name)
        if half is None:
            raise PlanChangedError(f"{kind} migration {name} is not applied")
        if not journal.is_partial_safe(half.down_script):
            raise PlanChangedError(f"{kind} migration {name} is applied in part: finish it first, then undo it")
        return half

    def _task(
        self,
        migration: RecordedMigration,
        direction: Direction,
        source: Source,
        assertions: Sequence[AssertionScript] = (),
    ) -> Task:
        started = time.monotonic()
        reading = self._reader.take(source, self.application_schema)
        return Task(
            around=self._surroundings(),
            migration=migration,
            direction=direction,
            runner=ScriptRunner(self.session, reading.path, reading.script, self.listener, reading.bounds),
            plan=reading.plan,
            together=reading.together,
            assertions=assertions,
            started=started,
        )

    def _at_once(self, task: Task) -> int | None:
        """Apply it in one exchange; None: it must be applied step by step, and nothing took effect."""
        together = task.together
        if together is None or task.runner.script.backfill is not None:
            return None
        self.gates.pass_through(self.session)
        self._tell_begin(task, resumed=False)
        with self.session.notices_to(self.listener), task.recording_failure():
            row = run_at_once(task, together, self._reader.piece)
        if row is not None:
            self._tell_end(task, row)
        return row

    def _step_by_step(self, task: Task) -> int:
        self._remembered.forget()
        migration, direction, script = task.migration, task.direction, task.runner.script
        self.gates.pass_through(self.session)
        begun = journal.open_journal(self.session, self.tables, migration.kind, migration.name, direction)
        resumed = begun is not None and begun.begun
        self._tell_begin(task, resumed=resumed)
        with self.session.notices_to(self.listener), task.recording_failure():
            if script.backfill is not None:
                from dbmigrations.postgres.backfill.work import run_backfill

                row = run_backfill(task, script.backfill)
            elif begun is not None and resumed and has_checkpoint(self.session, self.tables, begun.id):
                raise NotResumableError(
                    f"{task.runner.path}: it has begun as a backfill and is none any more: put it back as it was"
                )
            else:
                # What was begun by statement goes on by statement, however the script now reads.
                whole = task.plan.mode is Mode.TRANSACTION and not resumed
                row = run_in_transaction(task) if whole else run_by_statement(task)
        self._tell_end(task, row)
        return row

    def _tell_begin(self, task: Task, *, resumed: bool) -> None:
        migration, total = task.migration, len(task.runner.script.statements)
        self.listener(MigrationStarted(migration.kind, migration.name, task.direction, total, resumed))

    def _tell_end(self, task: Task, row: int) -> None:
        migration = task.migration
        self.listener(MigrationFinished(migration.kind, migration.name, task.direction, row, task.seconds))

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            session=self.session,
            tables=self.tables,
            provenance=self.provenance,
            application_schema=self.application_schema,
            retry=Retry(self.wait, self.listener),
            listener=self.listener,
            deferred=self.deferred,
            gates=self.gates,
            pace=self.pace,
            remembered=self._remembered,
        )
