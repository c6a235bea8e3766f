"""Operations and losses of a script, statement by statement, in one pass."""

from dataclasses import dataclass

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.loss import Loss
from dbmigrations.postgres.sql.operations import Operation
from dbmigrations.postgres.sql.script import SqlScript


@dataclass(frozen=True, slots=True)
class Review:
    """What a script does and would lose. `batch` is the one for the next script of the plan.

    Attributes:
        operations: one tuple for each statement of the script; empty for a statement that changes nothing.
        losses: of all statements, in order.
    """

    operations: tuple[tuple[Operation, ...], ...]
    losses: tuple[Loss, ...]
    batch: Batch


def review_script(script: SqlScript, batch: Batch) -> Review:
    """Review one script, given what the scripts before it in the same plan made."""
    raise NotImplementedError
