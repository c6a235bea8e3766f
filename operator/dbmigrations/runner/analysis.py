"""Reading the scripts of a plan before it runs: what each does, and what it would lose in this database.

The scripts are read in the plan's order, for what one made is not "existing" to the next. Counting is given from
outside, so that a plan made without a database is analysed the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from dbmigrations.api.step import DataLoss
from dbmigrations.postgres.counting import CountedLoss
from dbmigrations.postgres.resumption import Resumption, resumption
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.known import NOTHING_KNOWN, Known
from dbmigrations.postgres.sql.loss import Loss, RowsOf, UnknownLoss, ValuesOf
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.position import locate
from dbmigrations.postgres.sql.review import Review, review_script
from dbmigrations.postgres.sql.script import SqlScript, excerpt_of, read
from dbmigrations.postgres.sql.transactions import Unprobeable, execution_plan
from dbmigrations.postgres.sql.tree import Unparsed, parse
from dbmigrations.release.migration import Kind
from dbmigrations.release.problems import Problem, ReleaseInvalidError, Severity
from dbmigrations.runner.preflight.facts import Analysis, HalfDone, MigrationRef, Operation

if TYPE_CHECKING:
    from dbmigrations.postgres.sql.backfill import Backfill
    from dbmigrations.postgres.sql.operations import Operation as StatementOperation
    from dbmigrations.release.history import BegunStatement
    from dbmigrations.release.migration import BulkData

Counter = Callable[[Sequence[Loss]], CountedLoss]
"""Answers what would be lost."""

Measure = Callable[[Sequence[RelationName]], Mapping[RelationName, int]]
"""Answers how many bytes relations take now; what it does not know is not in the answer."""


def measure_nothing(_: Sequence[RelationName]) -> Mapping[RelationName, int]:
    """The measure where there is no database to ask."""
    return {}


@dataclass(frozen=True, slots=True)
class PlannedScript:
    """The script of one planned migration."""

    ref: MigrationRef
    path: str
    text: str
    bulk: tuple[BulkData, ...] = ()
    begun: tuple[BegunStatement, ...] = ()
    """What ran of it before, or may have."""


def backfill_words(backfill: Backfill) -> str:
    """`orders by id, batch by batch`: what its script says."""
    return f"{backfill.table} by {', '.join(backfill.key)}, batch by batch"


def analyse(
    scripts: Sequence[PlannedScript],
    schema: str,
    count: Counter,
    measure: Measure = measure_nothing,
    known: Known = NOTHING_KNOWN,
) -> Mapping[MigrationRef, Analysis]:
    """What the scripts of a plan do and lose, in their order, and how large now is what they lock.

    `known` answers what the text does not tell.

    Raises:
        ReleaseInvalidError: scripts that cannot be run as they are written, each with file, line and column.
    """
    reviews: list[tuple[PlannedScript, Review]] = []
    walks: dict[MigrationRef, str] = {}
    halves: dict[MigrationRef, HalfDone] = {}
    problems: list[Problem] = []
    batch = Batch.of(schema, known)
    for script in scripts:
        parsed = read_script(script.path, script.text, problems, script.bulk, script.ref[0])
        if parsed is not None:
            ran: frozenset[int] = frozenset()
            if script.begun:
                told = resumption(parsed, script.begun)
                halves[script.ref] = half_done(script.path, told)
                ran = frozenset(told.ran)
            review = review_script(parsed, batch, ran)
            batch = review.batch
            reviews.append((script, review))
            if parsed.backfill is not None:
                walks[script.ref] = backfill_words(parsed.backfill)
    if problems:
        raise ReleaseInvalidError(problems)
    locked = {each.relation: None for _, review in reviews for _, each in _each(review) if each.relation is not None}
    sizes = measure(tuple(locked)) if locked else {}
    found = {script.ref: _analysis(script, review, count(review.losses), sizes) for script, review in reviews}
    return {
        ref: replace(analysis, backfill=walks.get(ref, ""), half=halves.get(ref)) for ref, analysis in found.items()
    }


def half_done(path: str, told: Resumption) -> HalfDone:
    """How far a script came, for people."""
    return HalfDone(
        ran=tuple(ordinal + 1 for ordinal in told.ran),
        statements=told.count,
        next=0 if told.next is None else told.next + 1,
        line=told.position.line if told.position else 0,
        begun=told.begun,
        edited=tuple(f"{path}: statement {ordinal + 1}" for ordinal in told.edited),
    )


_KEEPING = frozenset({OperationClass.ADDITIVE, OperationClass.WIDENING})
"""What else a statement does beside what loses data, as a block may: this part of it has a way back."""


def _analysis(
    script: PlannedScript, review: Review, counted: CountedLoss, sizes: Mapping[RelationName, int]
) -> Analysis:
    losing = {loss.position.offset for loss in review.losses if loss not in counted.never}
    operations = tuple(
        Operation(
            operation.operation_class,
            operation.position.line,
            operation.what,
            column=operation.position.column,
            statement=ordinal,
            why=operation.why,
            safer=operation.safer,
            lock=operation.lock,
            work=operation.work,
            relation=str(operation.relation or ""),
            size=sizes.get(operation.relation) if operation.relation else None,
            declared=operation.declared,
            exception=operation.exception,
            loses_data=operation.position.offset in losing and operation.operation_class not in _KEEPING,
        )
        for ordinal, operation in _each(review)
    )
    return Analysis(operations, counted.total, counted.lines, script.path)


def _each(review: Review) -> Iterator[tuple[int, StatementOperation]]:
    """Every operation with the ordinal of its statement, from 1."""
    for ordinal, statement in enumerate(review.operations, start=1):
        yield from ((ordinal, operation) for operation in statement)


def read_script(
    path: str, text: str, problems: list[Problem], bulk: tuple[BulkData, ...] = (), kind: Kind | None = None
) -> SqlScript | None:
    """A script as it would be run; None where it cannot be, which is then among `problems`.

    Args:
        path: for messages.
        text: the script.
        problems: are added to.
        bulk: data that the text lacks.
        kind: of its migration; None: it belongs to none, or to whichever.
    """
    try:
        script = read(text, bulk)
        units = execution_plan(script).unprobeable
    except SqlInvalidError as error:
        place = error.position
        shown = excerpt_of(text, place.offset, bulk)
        problems.append(Problem(path, error.message, line=place.line, column=place.column, excerpt=shown))
        return None
    if script.backfill is not None and kind not in {None, Kind.DATA}:
        place = locate(text, script.backfill.place)
        problems.append(
            Problem(
                path,
                "a backfill is a data migration",
                "move it to migrations/data",
                place.line,
                place.column,
                excerpt=excerpt_of(text, place.offset, bulk),
            )
        )
        return None
    for unit in units:
        place = unit.statements[0].position
        why = unit.probe.why if isinstance(unit.probe, Unprobeable) else ""
        problems.append(
            Problem(
                path,
                f"were the runner killed here, nobody could tell whether this took effect: {why}",
                "say how to tell, in a comment before it: `-- migrate: check=SELECT …`",
                line=place.line,
                column=place.column,
                excerpt=script.excerpt(place),
            )
        )
    return None if units else script


def unread_statements(path: str, script: SqlScript) -> Iterator[Problem]:
    """A warning for each statement that has no tree: a slip of the pen, or SQL that only a newer server knows."""
    for statement, directives in zip(script.statements, script.directives.statements, strict=True):
        tree = parse(statement.text)
        if isinstance(tree, Unparsed) and directives.declaration is None:
            place = script.server_position(statement, tree.at)
            yield Problem(
                path,
                f"nobody can say what this statement does: {tree.why}",
                "mend it; where the server knows it, say what it is: `-- migrate: class=… reason=…`",
                place.line,
                place.column,
                severity=Severity.WARNING,
            )


def count_nothing(losses: Sequence[Loss]) -> CountedLoss:
    """The counter where there is no database to ask: any loss is unknown."""
    return CountedLoss(DataLoss(unknown=bool(losses)), tuple(map(_uncounted, losses)))


def _uncounted(loss: Loss) -> str:
    match loss:
        case RowsOf(relation=relation):
            return f"rows of {relation} (not counted)"
        case ValuesOf(column=column):
            return f"values of {column} (not counted)"
        case UnknownLoss(why=why):
            return f"{why} (unknown)"
        case _:
            assert_never(loss)
