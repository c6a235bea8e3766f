"""Reading the scripts of a plan before it runs: what each does, and what it would lose in this database.

The scripts are read in the plan's order, for what one made is not "existing" to the next. Counting is given from
outside, so that a plan made without a database is analysed the same way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from dbmigrations.api.step import DataLoss
from dbmigrations.postgres.counting import CountedLoss
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.loss import Loss, RowsOf, UnknownLoss, ValuesOf
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import SqlScript, read
from dbmigrations.postgres.sql.transactions import Unprobeable, execution_plan
from dbmigrations.release.problems import Problem, ReleaseInvalidError
from dbmigrations.runner.preflight.facts import Analysis, MigrationRef, Operation

Counter = Callable[[Sequence[Loss]], CountedLoss]
"""Answers what would be lost."""


@dataclass(frozen=True, slots=True)
class PlannedScript:
    """The script of one planned migration."""

    ref: MigrationRef
    path: str
    text: str


def analyse(scripts: Sequence[PlannedScript], schema: str, count: Counter) -> Mapping[MigrationRef, Analysis]:
    """What the scripts of a plan do and lose, in their order.

    Raises:
        ReleaseInvalidError: scripts that cannot be run as they are written, each with file, line and column.
    """
    found: dict[MigrationRef, Analysis] = {}
    problems: list[Problem] = []
    batch = Batch.of(schema)
    for script in scripts:
        parsed = read_script(script.path, script.text, problems)
        if parsed is None:
            continue
        review = review_script(parsed, batch)
        batch = review.batch
        counted = count(review.losses)
        operations = tuple(
            Operation(operation.operation_class, operation.position.line, operation.what)
            for statement in review.operations
            for operation in statement
        )
        found[script.ref] = Analysis(operations, counted.total, counted.lines)
    if problems:
        raise ReleaseInvalidError(problems)
    return found


def read_script(path: str, text: str, problems: list[Problem]) -> SqlScript | None:
    """A script as it would be run; None where it cannot be, which is then among `problems`."""
    try:
        script = read(text)
        units = execution_plan(script).unprobeable
    except SqlInvalidError as error:
        place = error.position
        problems.append(Problem(path, error.message, line=place.line, column=place.column))
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
            )
        )
    return None if units else script


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
