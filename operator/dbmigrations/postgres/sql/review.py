"""Operations and losses of a script, statement by statement, in one pass."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.classify import classify
from dbmigrations.postgres.sql.classification.reading import lock_of_reading
from dbmigrations.postgres.sql.directives import StatementDirectives, TransactionDirective
from dbmigrations.postgres.sql.effects import batch_after
from dbmigrations.postgres.sql.loss import Loss
from dbmigrations.postgres.sql.losses import losses_of
from dbmigrations.postgres.sql.operations import LockMode, Operation, Work
from dbmigrations.postgres.sql.placement import Commits, Opens, Outside, placement_of
from dbmigrations.postgres.sql.script import SqlScript
from dbmigrations.postgres.sql.sessions import end_of_transaction
from dbmigrations.postgres.sql.statements import Statement
from dbmigrations.postgres.sql.tree import Node, Unparsed, parse


@dataclass(frozen=True, slots=True)
class StatementReview:
    """What one statement does to what existed before the batch.

    Attributes:
        operations: what it does, one by one; empty where it changes nothing.
        reads: the lock that it takes on what it only reads; None: nothing that existed.
    """

    operations: tuple[Operation, ...]
    reads: LockMode | None = None

    @property
    def operation_class(self) -> OperationClass | None:
        """The one that asks most of a person; None: it changes nothing."""
        order = tuple(OperationClass)
        return max((each.operation_class for each in self.operations), key=order.index, default=None)

    @property
    def lock(self) -> LockMode | None:
        """The strongest that it takes; None: none on what existed."""
        locks = [each.lock for each in self.operations if each.lock is not None]
        return max(locks + ([self.reads] if self.reads else []), default=None)

    @property
    def work(self) -> Work:
        """What takes longest of what it does with the rows under that lock."""
        return max((each.work for each in self.operations), default=Work.NONE)


@dataclass(frozen=True, slots=True)
class Review:
    """What a script does and would lose. `batch` is the one for the next script of the plan.

    Attributes:
        statements: one for each statement of the script.
        losses: of all statements, in order.
    """

    statements: tuple[StatementReview, ...]
    losses: tuple[Loss, ...]
    batch: Batch

    @property
    def operations(self) -> tuple[tuple[Operation, ...], ...]:
        """Those of each statement."""
        return tuple(each.operations for each in self.statements)


def review_script(script: SqlScript, batch: Batch, ran: AbstractSet[int] = frozenset()) -> Review:
    """Review one script, given what the scripts before it in the same plan made.

    A declared class (`-- migrate: class=`) stands in for an unknown one, never for one that was read; what is lost
    stays what it is, unknown included.

    Of the statements in `ran` (from 0), which an attempt before has committed, nothing is told: what they made exists,
    and others may have filled it since. Only what they set in the session counts, for it is set again.
    """
    batch = batch.at_start_of_script()
    statements: list[StatementReview] = []
    losses: list[Loss] = []
    pairs = zip(script.statements, script.directives.statements, strict=True)
    for ordinal, (statement, directives) in enumerate(pairs):
        tree = parse(statement.text)
        if ordinal in ran:
            statements.append(StatementReview(()))
            batch = batch.with_session_of(_behind(tree, batch, script.directives.transaction))
            continue
        operations = _operations(statement, tree, directives, batch)
        statements.append(StatementReview(operations, lock_of_reading(tree, batch.read_afresh())))
        losses.extend(losses_of(tree, batch.read_afresh(), statement.position))
        batch = _behind(tree, batch, script.directives.transaction)
    return Review(tuple(statements), tuple(losses), batch)


def operations_of(script: SqlScript, wanted: AbstractSet[int], batch: Batch) -> dict[int, tuple[Operation, ...]]:
    """Only what those statements do (from 0), given what the scripts before it in the same plan made."""
    batch = batch.at_start_of_script()
    found: dict[int, tuple[Operation, ...]] = {}
    pairs = zip(script.statements, script.directives.statements, strict=True)
    for ordinal, (statement, directives) in enumerate(pairs):
        if len(found) == len(wanted):
            break
        tree = parse(statement.text)
        if ordinal in wanted:
            found[ordinal] = _operations(statement, tree, directives, batch)
        batch = _behind(tree, batch, script.directives.transaction)
    return found


def _operations(
    statement: Statement, tree: Node | Unparsed, directives: StatementDirectives, batch: Batch
) -> tuple[Operation, ...]:
    found = (finding.at(statement.position) for finding in classify(tree, batch.read_afresh()))
    return tuple(dict.fromkeys(_as_said(each, directives) for each in found))


def _behind(tree: Node | Unparsed, batch: Batch, directive: TransactionDirective | None) -> Batch:
    """What runs outside of a transaction, or in one of its own, ends the one before it; under tx=file nothing does."""
    placement = placement_of(tree)
    if directive is TransactionDirective.FILE and isinstance(placement, Commits | Opens):
        return batch
    alone = directive in {TransactionDirective.STATEMENT, TransactionDirective.NONE}
    after = batch_after(tree, batch.read_afresh())
    return end_of_transaction(after) if alone or isinstance(placement, Outside) else after


def _as_said(operation: Operation, said: StatementDirectives) -> Operation:
    declaration, allowance = said.declaration, said.allowance
    if declaration is not None and operation.operation_class is OperationClass.UNKNOWN:
        operation = replace(operation, operation_class=declaration.operation_class, declared=declaration.reason)
    if allowance is not None and operation.operation_class in allowance.classes:
        operation = replace(operation, exception=allowance.reason)
    return operation
