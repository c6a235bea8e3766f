"""Operations and losses of a script, statement by statement, in one pass."""

from dataclasses import dataclass, replace

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.classify import classify
from dbmigrations.postgres.sql.directives import Declaration
from dbmigrations.postgres.sql.effects import batch_after
from dbmigrations.postgres.sql.loss import Loss
from dbmigrations.postgres.sql.losses import losses_of
from dbmigrations.postgres.sql.operations import Operation
from dbmigrations.postgres.sql.script import SqlScript
from dbmigrations.postgres.sql.tree import parse


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
    """Review one script, given what the scripts before it in the same plan made.

    A declared class (`-- migrate: class=`) stands in for an unknown one, never for one that was read; what is lost
    stays what it is, unknown included.
    """
    batch = batch.at_start_of_script()
    operations: list[tuple[Operation, ...]] = []
    losses: list[Loss] = []
    for statement, directives in zip(script.statements, script.directives.statements, strict=True):
        tree = parse(statement.text)
        found = (finding.at(statement.position) for finding in classify(tree, batch))
        operations.append(tuple(_declared(each, directives.declaration) for each in found))
        losses.extend(losses_of(tree, batch, statement.position))
        batch = batch_after(tree, batch)
    return Review(tuple(operations), tuple(losses), batch)


def _declared(operation: Operation, declaration: Declaration | None) -> Operation:
    if declaration is None or operation.operation_class is not OperationClass.UNKNOWN:
        return operation
    return replace(operation, operation_class=declaration.operation_class, declared=declaration.reason)
