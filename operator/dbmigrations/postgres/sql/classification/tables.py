"""ALTER TABLE: one finding for each of its commands."""

from collections.abc import Iterator

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.columns import add_column
from dbmigrations.postgres.sql.classification.commands import COMMANDS
from dbmigrations.postgres.sql.classification.finding import Finding, made_by_the_plan
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import relation_in, type_text
from dbmigrations.postgres.sql.operations import LockMode
from dbmigrations.postgres.sql.tree import Node

_WORDS = {
    "OBJECT_FOREIGN_TABLE": "foreign table",
    "OBJECT_INDEX": "index",
    "OBJECT_MATVIEW": "materialized view",
    "OBJECT_SEQUENCE": "sequence",
    "OBJECT_TYPE": "type",
    "OBJECT_VIEW": "view",
}


def alter_table(tree: Node, batch: Batch) -> Iterator[Finding]:
    """Findings of ALTER TABLE, and of ALTER INDEX, VIEW, SEQUENCE, TYPE as far as they share its tree."""
    relation = relation_in(tree)
    exists = batch.exists(relation)
    for command in tree.nodes("cmds"):
        if exists:
            yield from _command(command, tree, relation, batch)
        else:
            yield made_by_the_plan(f"alter {_WORDS.get(tree.word('objtype'), 'table')} {relation}")
            yield from _locks_of_others(command, relation, batch)


def _command(command: Node, tree: Node, relation: RelationName, batch: Batch) -> Iterator[Finding]:
    match command.word("subtype"):
        case "AT_AddColumn":
            yield from add_column(command, relation, batch)
        case "AT_DropColumn":
            yield _drop_column(command, relation, batch)
        case "AT_AlterColumnType":
            yield _retype(command, relation)
        case "AT_ColumnDefault":
            yield _default(command, relation)
        case "AT_AddConstraint":
            yield _add_constraint(command, relation)
            yield from _locks_of_others(command, relation, batch)
        case "AT_DetachPartition":
            yield _detach(command, relation)
        case subtype if subtype in COMMANDS:
            yield COMMANDS[subtype].finding(relation, command.text("name"))
        case _:
            what = f"alter {_WORDS.get(tree.word('objtype'), 'table')} {relation}"
            yield Finding(
                OperationClass.UNKNOWN, what, "what this command does to what exists is not known"
            ).on_existing(LockMode.ACCESS_EXCLUSIVE)


def _drop_column(command: Node, relation: RelationName, batch: Batch) -> Finding:
    what = f"drop column {relation}.{command.text('name')}"
    if not batch.column_origins(relation, command.text("name")):
        return made_by_the_plan(what).on_existing(LockMode.ACCESS_EXCLUSIVE)
    return Finding(
        OperationClass.DESTRUCTIVE,
        what,
        "its values are gone, and whoever names it fails",
        "stop reading and writing it in one release, drop it in a later one",
    ).on_existing(LockMode.ACCESS_EXCLUSIVE)


def _retype(command: Node, relation: RelationName) -> Finding:
    definition = command.node("def")
    type_name = definition.node("type_name") if definition else None
    target = type_text(type_name) if type_name else "another type"
    return Finding(
        OperationClass.REWRITING,
        f"change type of {relation}.{command.text('name')} to {target}",
        "unless the types are stored alike, each row and index is written while nobody can use the table",
        "add a column of the new type, write both, fill it in batches, then change over",
    ).on_existing(LockMode.ACCESS_EXCLUSIVE)


def _default(command: Node, relation: RelationName) -> Finding:
    column = f"{relation}.{command.text('name')}"
    if command.node("def"):
        finding = Finding(OperationClass.WIDENING, f"set default of {column}", "rows may be written without it")
    else:
        why = "rows written without it get NULL, or are refused"
        finding = Finding(OperationClass.RESTRICTING, f"drop default of {column}", why)
    return finding.on_existing(LockMode.ACCESS_EXCLUSIVE)


_CONSTRAINTS = {
    "CONSTR_CHECK": "check constraint",
    "CONSTR_EXCLUSION": "exclusion constraint",
    "CONSTR_FOREIGN": "foreign key",
    "CONSTR_NOTNULL": "not-null constraint",
    "CONSTR_PRIMARY": "primary key",
    "CONSTR_UNIQUE": "unique constraint",
}
_VALIDATED = frozenset({"CONSTR_CHECK", "CONSTR_FOREIGN", "CONSTR_NOTNULL"})


def _add_constraint(command: Node, relation: RelationName) -> Finding:
    constraint = command.node("def")
    kind = constraint.word("contype") if constraint else ""
    name = constraint.text("conname") if constraint else ""
    finding = Finding(
        OperationClass.RESTRICTING,
        f"add {_CONSTRAINTS.get(kind, 'constraint')} {name}".rstrip() + f" to {relation}",
        "rows that break it are refused from now on",
        _safer_constraint(kind, constraint),
    )
    foreign = kind == "CONSTR_FOREIGN"
    return finding.on_existing(LockMode.SHARE_ROW_EXCLUSIVE if foreign else LockMode.ACCESS_EXCLUSIVE)


def _safer_constraint(kind: str, constraint: Node | None) -> str:
    if constraint is None or constraint.flag("skip_validation") or constraint.text("indexname"):
        return ""
    if kind in _VALIDATED:
        return "add it NOT VALID, and VALIDATE CONSTRAINT in a later migration"
    if kind in {"CONSTR_PRIMARY", "CONSTR_UNIQUE"}:
        return "CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX"
    return ""


def _locks_of_others(command: Node, relation: RelationName, batch: Batch) -> Iterator[Finding]:
    """What is done to a new table may still lock one that exists: the referenced table, the attached partition."""
    definition = command.node("def")
    match command.word("subtype"):
        case "AT_AddConstraint" if definition and definition.word("contype") == "CONSTR_FOREIGN":
            referenced = relation_in(definition, "pktable")
            what = f"refer from {relation} to {referenced}"
            why = "rows that are referred to cannot be deleted"
            if batch.exists(referenced):
                yield Finding(OperationClass.ADDITIVE, what, why).on_existing(LockMode.SHARE_ROW_EXCLUSIVE)
        case "AT_AttachPartition" if definition and batch.exists(relation_in(definition, "name")):
            what = f"attach {relation_in(definition, 'name')} to {relation}"
            why = "its rows are found through the new parent too"
            yield Finding(OperationClass.ADDITIVE, what, why).on_existing(LockMode.ACCESS_EXCLUSIVE)
        case _:
            pass


def _detach(command: Node, relation: RelationName) -> Finding:
    definition = command.node("def")
    concurrently = bool(definition and definition.flag("concurrent"))
    partition = relation_in(definition, "name") if definition else ""
    finding = Finding(
        OperationClass.RESTRICTING,
        f"detach partition {partition} from {relation}",
        "its rows are no longer found through the parent",
        "" if concurrently else "DETACH PARTITION … CONCURRENTLY",
    )
    if concurrently:
        return finding.patiently(LockMode.SHARE_UPDATE_EXCLUSIVE)
    return finding.on_existing(LockMode.ACCESS_EXCLUSIVE)
