"""How far a backfill came: one row for its journal, written in the transaction of each batch."""

from dataclasses import dataclass, replace
from hashlib import sha256

from dbmigrations.postgres.backfill.window import Values
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.errors import PlanChangedError
from dbmigrations.postgres.sql.backfill import Backfill
from dbmigrations.postgres.tables import Tables


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a backfill stands.

    Attributes:
        upper: the last key of all that is to be done, fixed when it began; None: the table was empty.
        last: the last key that was done; None: nothing was.
        rows: how many rows of the table the batches covered.
        changed: how many rows the statement changed, as the server counted.
        batches: how many there were.
        size: rows of the next batch.
        estimate: rows of the table when it began; None: not known.
    """

    upper: Values | None
    last: Values | None = None
    rows: int = 0
    changed: int = 0
    batches: int = 0
    size: int = 1000
    estimate: int | None = None

    @property
    def is_through(self) -> bool:
        """Whether all rows that there were when it began have been covered."""
        return self.last == self.upper

    def after(self, last: Values, rows: int, changed: int, size: int) -> "Checkpoint":
        """The checkpoint that is written with a batch."""
        return replace(
            self,
            last=last,
            rows=self.rows + rows,
            changed=self.changed + max(0, changed),
            batches=self.batches + 1,
            size=size,
        )


def identity(backfill: Backfill) -> str:
    """What a checkpoint belongs to."""
    return sha256(backfill.identity.encode()).hexdigest()


@dataclass(frozen=True)
class CheckpointStore:
    """The row of one journal, written for one run."""

    session: Session
    tables: Tables
    journal_id: int
    run: str

    def read(self) -> tuple[str, Checkpoint] | None:
        """The identity and the checkpoint of an attempt before; None: there is none."""
        row = self.session.execute(
            self.tables.query(
                "SELECT statement, upper_key, last_key, rows, changed, batches, batch_size, estimate"
                " FROM {schema}.backfill_checkpoint WHERE journal_id = %s"
            ),
            (self.journal_id,),
        ).fetchone()
        if row is None:
            return None
        statement, upper, last, rows, changed, batches, size, estimate = row
        return statement, Checkpoint(_values(upper), _values(last), rows, changed, batches, size, estimate)

    def begin(self, statement: str, checkpoint: Checkpoint) -> None:
        """Write the row anew, in a transaction with whatever else is begun."""
        self.session.execute(
            self.tables.query(
                "INSERT INTO {schema}.backfill_checkpoint"
                " (journal_id, statement, upper_key, last_key, rows, changed, batches, batch_size, estimate)"
                " VALUES (%(journal)s, %(statement)s, %(upper)s, %(last)s, %(rows)s, %(changed)s, %(batches)s,"
                "   %(size)s, %(estimate)s)"
                " ON CONFLICT (journal_id) DO UPDATE SET statement = excluded.statement,"
                "   upper_key = excluded.upper_key, last_key = excluded.last_key, rows = excluded.rows,"
                "   changed = excluded.changed, batches = excluded.batches, batch_size = excluded.batch_size,"
                "   estimate = excluded.estimate, updated_at = clock_timestamp()"
            ),
            {**self._fields(checkpoint), "statement": statement},
        )

    def advance(self, before: Checkpoint, after: Checkpoint) -> None:
        """Write how far it came, in the batch's own transaction.

        Raises:
            PlanChangedError: another run has taken the journal over, or somebody else moved the checkpoint.
        """
        row = self.session.execute(
            self.tables.query(
                "UPDATE {schema}.backfill_checkpoint SET last_key = %(last)s, rows = %(rows)s, changed = %(changed)s,"
                "   batches = %(batches)s, batch_size = %(size)s, updated_at = clock_timestamp()"
                " WHERE journal_id = %(journal)s AND batches = %(before)s AND EXISTS"
                "   (SELECT FROM {schema}.migration_journal j JOIN {schema}.migration_run r ON r.id = j.run_id"
                "    WHERE j.id = %(journal)s AND j.run_id = %(run)s AND j.state = 'running'"
                "      AND r.outcome = 'Running')"
                " RETURNING journal_id"
            ),
            {**self._fields(after), "before": before.batches, "run": self.run},
        ).fetchone()
        if row is None:
            raise PlanChangedError(f"run {self.run} is not running any more: another run took its place")

    def _fields(self, checkpoint: Checkpoint) -> dict[str, object]:
        return {
            "journal": self.journal_id,
            "upper": _list(checkpoint.upper),
            "last": _list(checkpoint.last),
            "rows": checkpoint.rows,
            "changed": checkpoint.changed,
            "batches": checkpoint.batches,
            "size": checkpoint.size,
            "estimate": checkpoint.estimate,
        }


def has_checkpoint(session: Session, tables: Tables, journal_id: int) -> bool:
    """Whether a journal is that of a backfill."""
    (found,) = session.one(
        tables.query("SELECT EXISTS (SELECT FROM {schema}.backfill_checkpoint WHERE journal_id = %s)"), (journal_id,)
    )
    return bool(found)


def _values(found: list[str] | None) -> Values | None:
    return None if found is None else tuple(found)


def _list(values: Values | None) -> list[str] | None:
    return None if values is None else list(values)
