"""ADD COLUMN: whether existing rows can have the new column without being rewritten or refused."""

from collections.abc import Iterator
from dataclasses import replace

from dbmigrations.postgres.sql.asking import type_of
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.finding import Finding
from dbmigrations.postgres.sql.functions import may_be_volatile
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import relation_in, type_text
from dbmigrations.postgres.sql.operations import LockMode, Work
from dbmigrations.postgres.sql.options import constant
from dbmigrations.postgres.sql.plain_types import is_plain
from dbmigrations.postgres.sql.tree import Node

_SERIALS = frozenset({"serial", "serial2", "serial4", "serial8", "bigserial", "smallserial"})


def add_column(command: Node, relation: RelationName, batch: Batch) -> Iterator[Finding]:
    """The findings of ADD COLUMN on a relation that exists."""
    column = command.node("def")
    if column is None:
        return
    what = f"add column {relation}.{column.text('colname')}"
    if command.flag("missing_ok") and type_of(batch, relation, column.text("colname")):
        yield _locked(Finding(OperationClass.ADDITIVE, what, "it is there already"))
        return
    constraints = {each.word("contype"): each for each in column.nodes("constraints")}
    foreign = constraints.get("CONSTR_FOREIGN")
    found = _class_of(what, column, constraints, batch)
    if foreign and _default(constraints) is not None and found.work is Work.NONE:
        found = replace(found.working(Work.READ), why="each row that exists is looked up, for its default refers too")
    yield found
    if foreign:
        yield _reference(foreign, f"{relation}.{column.text('colname')}", constraints, batch)


def _locked(finding: Finding, work: Work = Work.NONE) -> Finding:
    return finding.on_existing(LockMode.ACCESS_EXCLUSIVE).working(work)


def _reference(foreign: Node, column: str, constraints: dict[str, Node], batch: Batch) -> Finding:
    referenced = relation_in(foreign, "pktable")
    finding = Finding(
        OperationClass.RESTRICTING,
        f"add foreign key {column} to {referenced}",
        "rows that are referred to cannot be deleted, and writers of both tables wait for it",
        "add the column alone, then ADD CONSTRAINT … FOREIGN KEY … NOT VALID, and VALIDATE it in a later migration",
    )
    if batch.exists(referenced):
        finding = finding.on_existing(LockMode.SHARE_ROW_EXCLUSIVE).on(referenced, batch)
    return finding.working(Work.NONE if _default(constraints) is None else Work.READ)


def _class_of(what: str, column: Node, constraints: dict[str, Node], batch: Batch) -> Finding:
    rewriting = _why_rewriting(column, constraints, batch)
    if rewriting:
        why, safer = rewriting
        return _locked(Finding(OperationClass.REWRITING, what, why, safer), Work.REWRITTEN)
    if "CONSTR_PRIMARY" in constraints or "CONSTR_UNIQUE" in constraints:
        finding = Finding(
            OperationClass.RESTRICTING,
            what,
            "its unique index is built while nobody can use the table",
            "add the column, CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX",
        )
        return _locked(finding, Work.INDEXED)
    if "CONSTR_NOTNULL" in constraints and _default(constraints) is None and "CONSTR_GENERATED" not in constraints:
        finding = Finding(
            OperationClass.RESTRICTING,
            what,
            "rows that exist have no value for it, and writers do not know it yet",
            "give it a DEFAULT, or add it nullable, fill it, and then SET NOT NULL",
        )
        return _locked(finding, Work.READ)
    if "CONSTR_CHECK" in constraints:
        finding = Finding(
            OperationClass.RESTRICTING,
            what,
            "all rows are read under the lock to see whether they hold to the new column's check",
            "add the column alone, then ADD CONSTRAINT … CHECK … NOT VALID, and VALIDATE it in a later migration",
        )
        return _locked(finding, Work.READ)
    return _locked(Finding(OperationClass.ADDITIVE, what, "rows that exist need not be written"))


def _why_rewriting(column: Node, constraints: dict[str, Node], batch: Batch) -> tuple[str, str] | None:
    type_name = column.node("type_name")
    by_hand = "add it nullable without default, set the default for new rows, then fill it in batches"
    if type_name and type_text(type_name) in _SERIALS:
        return "each row that exists gets a number of its own", by_hand
    if "CONSTR_IDENTITY" in constraints:
        return "each row that exists gets a number of its own", by_hand
    generated = constraints.get("CONSTR_GENERATED")
    if generated and generated.text("generated_kind") != "v":
        return "its value is computed and written for each row that exists", "fill a plain column with a trigger"
    default = _default(constraints)
    if default and may_be_volatile(default):
        return "its default may differ for each row, so each row is written", by_hand
    if type_name and not is_plain(type_name, batch):
        return (
            "its type may be a domain with constraints, and then each row is written",
            "use the domain's base type, with a CHECK constraint NOT VALID that is validated later",
        )
    return None


def _default(constraints: dict[str, Node]) -> Node | None:
    """The default's expression; None where there is none, or NULL."""
    given = constraints.get("CONSTR_DEFAULT")
    expression = given.node("raw_expr") if given else None
    if expression and expression.kind == "A_Const" and constant(expression) is None:
        return None
    return expression
