"""Reviewing scripts in few words."""

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.loss import Loss, RowsOf, UnknownLoss, ValuesOf
from dbmigrations.postgres.sql.operations import Operation
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import read


def operations(*scripts: str) -> list[Operation]:
    """Of the last of several scripts of one plan, in an application whose schema is `app`."""
    batch = Batch.of("app")
    found: list[Operation] = []
    for script in scripts:
        review = review_script(read(script), batch)
        batch = review.batch
        found = [operation for statement in review.operations for operation in statement]
    return found


def losses(*scripts: str) -> list[str]:
    """Of all scripts of one plan: `rows of t`, `values of t.c`, `unknown`, `unknown if t.c`."""
    batch = Batch.of("app")
    found: list[str] = []
    for script in scripts:
        review = review_script(read(script), batch)
        batch = review.batch
        found += [shown(loss) for loss in review.losses]
    return found


def shown(loss: Loss) -> str:
    match loss:
        case RowsOf(relation=relation, only=only):
            return f"rows of {'only ' if only else ''}{relation}"
        case ValuesOf(column=column, new_type=new_type):
            return f"values of {column}" + (f" as {new_type}" if new_type else "")
        case UnknownLoss(only_if=None):
            return "unknown"
        case UnknownLoss(only_if=only_if):
            return f"unknown if {only_if}"
