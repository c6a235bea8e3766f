"""Running a backfill: batch by batch, each in a transaction with its checkpoint, so that each takes effect once.

A crash between the last batch and the history row leaves a checkpoint that is through; the next attempt finds no batch
to do, counts what remains, and writes the row.
"""

import time
from dataclasses import dataclass, replace

from dbmigrations.postgres import journal
from dbmigrations.postgres.backfill.batches import Batches
from dbmigrations.postgres.backfill.checkpoint import Checkpoint, CheckpointStore, identity
from dbmigrations.postgres.backfill.key import KeyUnfitError, estimated_rows, keyset_of
from dbmigrations.postgres.backfill.pace import batch_timeout
from dbmigrations.postgres.backfill.progress import Progress
from dbmigrations.postgres.backfill.steering import Steering
from dbmigrations.postgres.backfill.window import Keyset, Values
from dbmigrations.postgres.errors import (
    EngineError,
    FinalError,
    NotResumableError,
    StatementDetails,
    StatementError,
)
from dbmigrations.postgres.events import BackfillMoved, StatementStarted
from dbmigrations.postgres.journal import JournalState, JournalWriter, StatementState
from dbmigrations.postgres.sql.backfill import LARGEST_BATCH, PLACEHOLDER, Backfill
from dbmigrations.postgres.task import Task
from dbmigrations.release.migration import Kind

_ASSERTION = "P0004"
_UNFIT = "42P10"


def run_backfill(task: Task, backfill: Backfill) -> int:
    """Run a backfill, or go on with it, and return the id of its history row.

    Raises:
        StatementError: the key is unfit, a batch failed (its keys are named), or rows remain at the end. What was
            committed stays, and is not done again.
        NotResumableError: an attempt before ran another statement, or walked another key.
        ContentionError: the time for trying is over.
        GateClosedError: a gate did not open within its wait.
        PlanChangedError: the run was superseded.
        UnavailableError: the session was lost; the checkpoint knows how far it came.
    """
    if task.migration.kind is not Kind.DATA:
        raise _located(task, backfill, _details("a backfill is a data migration", "Move it to migrations/data"))
    around = task.around
    with around.session.transaction():
        present = journal.begin(around.session, around.tables, task.migration, task.direction, around.provenance)
    writer = JournalWriter(around.session, around.tables, present.id, around.provenance.run)
    store = CheckpointStore(around.session, around.tables, present.id, around.provenance.run)
    try:
        return _Backfilling(task, backfill, writer, store, begun=present.begun).run()
    except FinalError as error:
        _give_up(task, writer, error)
        raise


@dataclass(frozen=True)
class _Backfilling:
    task: Task
    backfill: Backfill
    writer: JournalWriter
    store: CheckpointStore
    begun: bool
    """Whether the journal has statements of an attempt before."""

    def run(self) -> int:
        task, session = self.task, self.task.around.session
        place = self.backfill.statement.position
        task.around.listener(StatementStarted(task.runner.path, place.line, 1, of=1))
        try:
            keyset = keyset_of(session, self.backfill)
        except KeyUnfitError as error:
            raise _located(task, self.backfill, _details(error.why, error.remedy)) from None
        checkpoint = self._checkpoint(keyset)
        if checkpoint.upper is not None and not checkpoint.is_through:
            self._work_off(keyset, checkpoint, checkpoint.upper)
        if remaining := self._remaining():
            raise self._unfinished(remaining)
        with session.transaction():
            task.settle()
            return task.record_success()

    def _checkpoint(self, keyset: Keyset) -> Checkpoint:
        """That of an attempt before, or a new one; its upper bound is fixed here."""
        session, own = self.task.around.session, identity(self.backfill)
        before = self._before(own)
        if before is not None and not before.is_through:
            return before
        if before is not None and not (before.last is None or self._remaining()):
            return before  # the attempt before came to its end, and could not say so
        fresh = Checkpoint(
            self._upper(keyset), size=self.backfill.batch, estimate=estimated_rows(session, keyset.table)
        )
        if before is not None and not self.backfill.again:
            # Rows remained: those that came since are behind its last key.
            fresh = replace(before, upper=self._later(keyset, before, fresh), estimate=fresh.estimate)
        with session.bookkeeping():
            self.store.begin(own, fresh)
            self.writer.write(0, self.backfill.over(PLACEHOLDER), StatementState.RUNNING)
        return fresh

    def _before(self, own: str) -> Checkpoint | None:
        """The checkpoint of an attempt before that this one goes on from; None: there was none, or it did nothing.

        Raises:
            NotResumableError: it did something else.
        """
        path, found = self.task.runner.path, self.store.read()
        if found is None:
            if self.begun:
                raise NotResumableError(
                    f"{path}: it has begun as an ordinary script and is a backfill now: put it back as it was"
                )
            return None
        statement, before = found
        if statement == own:
            return before
        if before.last is not None and not self.backfill.again:
            raise NotResumableError(
                f"{path}: {before.rows} rows were done by another statement, or in the order of another key: put it "
                "back as it was; or, where rows that were done may be done again, write again=safe"
            )
        return None

    def _upper(self, keyset: Keyset) -> Values | None:
        row = self.task.around.session.execute(keyset.last()).fetchone()
        return None if row is None else tuple(row)

    def _later(self, keyset: Keyset, before: Checkpoint, fresh: Checkpoint) -> Values | None:
        """The upper bound to go on to: the table's last key now, unless rows were deleted at its end."""
        if before.last is None or fresh.upper is None:
            return fresh.upper if before.last is None else before.last
        session = self.task.around.session
        more = session.execute(keyset.boundary(before.last, fresh.upper, 1)).fetchone()
        return before.last if more is None else fresh.upper

    def _work_off(self, keyset: Keyset, checkpoint: Checkpoint, upper: Values) -> None:
        task, pace = self.task, self.task.around.pace
        settings = task.around.session.settings
        target = pace.target_of(self.backfill.target)
        largest = pace.largest(LARGEST_BATCH, target)
        batches = Batches(
            task=task,
            backfill=self.backfill,
            keyset=keyset,
            store=self.store,
            upper=upper,
            timeout=batch_timeout(
                target, self.backfill.timeout, lock=settings.lock_timeout, session=settings.statement_timeout
            ),
        )
        steering = Steering(min(checkpoint.size, largest), target, largest)
        progress = Progress(time.monotonic(), checkpoint.rows, checkpoint.estimate)
        self._tell(progress, checkpoint, notable=checkpoint.rows > 0)
        while not checkpoint.is_through:
            task.around.gates.pass_through(task.around.session)
            done = batches.next(checkpoint, steering)
            checkpoint, steering = done.checkpoint, done.steering
            self._tell(progress, checkpoint)
            time.sleep(0 if checkpoint.is_through else pace.pause(done.rows, done.seconds))

    def _tell(self, progress: Progress, checkpoint: Checkpoint, *, notable: bool = False) -> None:
        now, done = time.monotonic(), checkpoint.is_through
        standing = progress.at(now, checkpoint.rows, done=done)
        self.task.around.listener(
            BackfillMoved(
                name=self.task.migration.name,
                rows=standing.rows,
                estimate=standing.estimate,
                changed=checkpoint.changed,
                rate=standing.rate,
                fraction=standing.fraction,
                seconds_left=standing.seconds_left,
                size=checkpoint.size,
                notable=progress.is_due(now, done=done) or notable,
            )
        )

    def _remaining(self) -> int:
        """How many rows are still to be done; 0 where nobody can tell.

        Raises:
            StatementError: the question is none.
        """
        query = self.backfill.remaining
        if not query:
            return 0
        session = self.task.around.session
        try:
            with session.transaction("BEGIN READ ONLY"):
                rows = session.send(query).fetchmany(2)
        except StatementError as error:
            raise _located(self.task, self.backfill, error.details) from None
        if len(rows) != 1 or len(rows[0]) != 1 or type(rows[0][0]) is not int:
            details = _details("remaining is no count", "Write a query of one number: SELECT count(*) FROM …")
            raise _located(self.task, self.backfill, details)
        return int(rows[0][0])

    def _unfinished(self, remaining: int) -> StatementError:
        details = StatementDetails(
            _ASSERTION,
            f"the backfill is through, and rows remain that it should have done: {remaining}",
            "Rows that came meanwhile are done by a retry, once the application writes new ones right; otherwise mend "
            "the statement (with again=safe it begins anew) or the question",
        )
        return _located(self.task, self.backfill, details)


def _give_up(task: Task, writer: JournalWriter, error: FinalError) -> None:
    """Leave the journal open, saying why; what failed first is what a person must read."""
    session = task.around.session
    session.roll_back()
    try:
        session.reset()
        with session.bookkeeping():
            writer.close(JournalState.FAILED, str(error))
    except EngineError:
        return


def _details(primary: str, hint: str) -> StatementDetails:
    return StatementDetails(_UNFIT, primary, hint)


def _located(task: Task, backfill: Backfill, details: StatementDetails) -> StatementError:
    """An error about the backfill as a whole, at the directive that it is about."""
    return task.runner.located_at(StatementError(details), backfill.place)
