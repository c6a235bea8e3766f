"""One batch: its rows, its statement and its checkpoint in one transaction; tried again, or split, where that helps."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from dbmigrations.postgres.backfill.checkpoint import Checkpoint, CheckpointStore
from dbmigrations.postgres.backfill.pressure import lock_waiters
from dbmigrations.postgres.backfill.steering import Steering
from dbmigrations.postgres.backfill.window import Keyset, Values
from dbmigrations.postgres.errors import ContentionError, StatementDetails, StatementError
from dbmigrations.postgres.queries import milliseconds
from dbmigrations.postgres.sql.backfill import Backfill
from dbmigrations.postgres.task import Task

_CANCELED = "57014"

_NEARLY = 0.9
"""Of the timeout: what was cancelled earlier was cancelled by somebody else."""


@dataclass(frozen=True, slots=True)
class Done:
    """A committed batch: where the backfill stands now, how large the next one is, what this one was."""

    checkpoint: Checkpoint
    steering: Steering
    rows: int
    seconds: float


@dataclass
class _Attempt:
    """What the attempt under way learned, for whoever decides what follows when it fails."""

    steering: Steering
    upto: Values
    rows: int = 0
    began: float = 0.0


class _TooSlowError(Exception):
    """Our own statement_timeout cancelled the batch."""


@dataclass(frozen=True)
class Batches:
    """Runs the batches of one backfill.

    Attributes:
        upper: the last key of all that is to be done.
        timeout: seconds after which a batch is cancelled and split.
    """

    task: Task
    backfill: Backfill
    keyset: Keyset
    store: CheckpointStore
    upper: Values
    timeout: float

    def next(self, checkpoint: Checkpoint, steering: Steering) -> Done:
        """Run the next batch.

        Raises:
            StatementError: located in the script, with the keys of the batch; nothing of it took effect.
            ContentionError: the time for trying is over.
            PlanChangedError: the run was superseded.
        """
        attempt = _Attempt(steering, self.upper)
        while True:
            try:
                return self.task.around.retry.until_done(
                    self.task.around.session, lambda: self._try(checkpoint, attempt)
                )
            except _TooSlowError:
                if attempt.rows <= 1:
                    raise self._too_slow(checkpoint, attempt) from None
                attempt.steering = attempt.steering.smaller(attempt.rows)

    def _try(self, checkpoint: Checkpoint, attempt: _Attempt) -> Done:
        session = self.task.around.session
        attempt.began, attempt.upto, attempt.rows = time.monotonic(), self.upper, attempt.steering.size
        try:
            with session.transaction(self._begin()):
                done = self._run(checkpoint, attempt)
            return replace(done, seconds=time.monotonic() - attempt.began)
        except ContentionError:
            attempt.steering = attempt.steering.smaller(attempt.rows)
            raise

    def _run(self, checkpoint: Checkpoint, attempt: _Attempt) -> Done:
        changed = 0
        if self._choose(checkpoint, attempt):
            changed = self._send(checkpoint, attempt)
        self.task.around.session.be_ourselves()
        self.task.around.session.mean_the_catalog()
        waiters = lock_waiters(self.task.around.session)
        seconds = time.monotonic() - attempt.began
        steering = attempt.steering.after(attempt.rows, seconds, waiters=waiters)
        after = checkpoint.after(attempt.upto, attempt.rows, changed, steering.size)
        self.store.advance(checkpoint, after)
        return Done(after, steering, attempt.rows, seconds)

    def _choose(self, checkpoint: Checkpoint, attempt: _Attempt) -> bool:
        """Find the rows of the batch; False: there are none left."""
        session, size = self.task.around.session, attempt.steering.size
        with self._explained(checkpoint, attempt):
            row = session.execute(self.keyset.boundary(checkpoint.last, self.upper, size)).fetchone()
            attempt.upto = self.upper if row is None else tuple(row)
            # A batch that ends before the last key of all is full; only the last one must be counted.
            if attempt.upto == self.upper:
                (attempt.rows,) = session.one(self.keyset.count(checkpoint.last, self.upper))
        return attempt.rows > 0

    def _send(self, checkpoint: Checkpoint, attempt: _Attempt) -> int:
        """Run the statement over the batch; how many rows it changed, as the server counts."""
        session = self.task.around.session
        condition = self.keyset.condition(checkpoint.last, attempt.upto, self.backfill.qualifier).as_string(None)
        with self._explained(checkpoint, attempt, condition):
            changed = session.send(self.backfill.over(condition)).rowcount
            session.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return changed

    def _begin(self) -> str:
        return f"BEGIN; SET LOCAL statement_timeout = '{milliseconds(self.timeout)}'"

    @contextmanager
    def _explained(self, checkpoint: Checkpoint, attempt: _Attempt, condition: str = "") -> Iterator[None]:
        """Within, an error names its place in the script and the keys of the batch."""
        try:
            yield
        except StatementError as error:
            if error.details.sqlstate == _CANCELED and time.monotonic() - attempt.began >= _NEARLY * self.timeout:
                raise _TooSlowError from None
            where = f"in the rows with {self.keyset.in_words(checkpoint.last, attempt.upto)}"
            hint = f"{where}. {error.details.hint}" if error.details.hint else where
            place = error.details.position
            details = replace(
                error.details,
                hint=hint,
                position=self.backfill.position_in_statement(place, condition) if place and condition else 0,
            )
            raise self.task.runner.located(StatementError(details), self.backfill.statement) from None

    def _too_slow(self, checkpoint: Checkpoint, attempt: _Attempt) -> StatementError:
        keys = self.keyset.in_words(checkpoint.last, attempt.upto)
        details = StatementDetails(
            _CANCELED,
            f"one row alone ({keys}) took longer than {self.timeout:g} s",
            "Let the directive say timeout=…, or make the statement cheaper for one row",
        )
        return self.task.runner.located(StatementError(details), self.backfill.statement)
