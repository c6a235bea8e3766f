"""DO, CALL, and calls of functions that the batch made: what their bodies do, statement by statement."""

from collections.abc import Callable, Iterator

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.blocks import Inside, inside_block, inside_call, inside_sql
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.finding import Finding
from dbmigrations.postgres.sql.effects import batch_after
from dbmigrations.postgres.sql.functions import calls
from dbmigrations.postgres.sql.naming import function_name
from dbmigrations.postgres.sql.operations import LockMode, Work
from dbmigrations.postgres.sql.steps import UnreadError
from dbmigrations.postgres.sql.tree import Node

Classify = Callable[[Node, Batch], tuple[Finding, ...]]
"""`classify`, given from outside: bodies hold statements of every kind."""


def do_block(tree: Node, batch: Batch, classify: Classify) -> Iterator[Finding]:
    """DO."""
    try:
        inside = inside_block(tree, batch, batch_after)
    except UnreadError as error:
        yield unknown("run a DO block", str(error))
    else:
        yield from _of(inside, classify)


def call(tree: Node, batch: Batch, classify: Classify) -> Iterator[Finding]:
    """CALL."""
    called = tree.node("funccall")
    if called:
        yield from function_call(called, batch, classify)


def function_call(called: Node, batch: Batch, classify: Classify) -> Iterator[Finding]:
    """One call of a function that does not come with PostgreSQL."""
    name = ".".join(part for part in function_name(called) if part)
    try:
        inside = inside_call(called, batch, batch_after)
    except UnreadError as error:
        yield unknown(f"call {name}()", str(error))
        return
    if inside is None:
        yield unknown(f"call {name}()", "it is not built in and may do anything")
    else:
        yield from _of(inside, classify)


def bodies_of(tree: Node, batch: Batch) -> Iterator[Inside]:
    """The bodies that a statement runs, and that of a function in SQL that it makes; what cannot be read is none."""
    try:
        if tree.kind == "DoStmt":
            yield inside_block(tree, batch, batch_after)
        elif tree.kind == "CreateFunctionStmt":
            yield inside_sql(tree, batch, batch_after)
        else:
            every = (inside_call(each, batch, batch_after) for each in calls(tree))
            yield from (inside for inside in every if inside is not None)
    except UnreadError:
        return


def _of(inside: Inside, classify: Classify) -> Iterator[Finding]:
    for each in inside.statements:
        yield from classify(each.tree, each.batch)


def unknown(what: str, why: str) -> Finding:
    """It may be DDL that makes others wait behind it: the wait for locks is bounded."""
    return Finding(OperationClass.UNKNOWN, what, why).on_existing(LockMode.ACCESS_EXCLUSIVE).working(Work.REWRITTEN)
