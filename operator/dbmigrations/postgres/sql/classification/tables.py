"""ALTER TABLE: one finding for each of its commands."""

from collections.abc import Callable, Iterable, Iterator

from dbmigrations.postgres.sql.asking import holds_no_null
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.columns import add_column
from dbmigrations.postgres.sql.classification.commands import COMMANDS
from dbmigrations.postgres.sql.classification.composites import alter_composite
from dbmigrations.postgres.sql.classification.finding import Finding, made_by_the_plan
from dbmigrations.postgres.sql.classification.partitions import attach, attach_index, detach
from dbmigrations.postgres.sql.classification.retype import retype
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import relation_in
from dbmigrations.postgres.sql.operations import LockMode, Work
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
    if tree.word("objtype") == "OBJECT_TYPE":
        yield from alter_composite(tree, batch)
        return
    exists = batch.exists(relation)
    for command in tree.nodes("cmds"):
        if exists:
            yield from _command(command, tree, relation, batch)
        else:
            yield made_by_the_plan(f"alter {_WORDS.get(tree.word('objtype'), 'table')} {relation}")
            yield from _locks_of_others(command, relation, batch)


def _command(command: Node, tree: Node, relation: RelationName, batch: Batch) -> Iterator[Finding]:
    subtype, objtype = command.word("subtype"), tree.word("objtype")
    if special := _OF_OTHERS.get((subtype, objtype)):
        yield special(command, relation)
    elif family := _FAMILIES.get(subtype):
        yield from family(command, relation, batch)
    elif known := COMMANDS.get(subtype):
        yield known.finding(relation, command.text("name"))
    else:
        what = f"alter {_WORDS.get(objtype, 'table')} {relation}"
        finding = Finding(OperationClass.UNKNOWN, what, "what this command does to what exists is not known")
        yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE).working(Work.REWRITTEN)


def _retype_foreign(command: Node, relation: RelationName) -> Finding:
    what = f"change type of {relation}.{command.text('name')}"
    finding = Finding(OperationClass.RESTRICTING, what, "what comes from elsewhere is read as another type")
    return finding.on_existing(LockMode.ACCESS_EXCLUSIVE)


def _log_sequence(_: Node, relation: RelationName) -> Finding:
    finding = Finding(OperationClass.RESTRICTING, f"change logging of {relation}", "after a crash it may begin anew")
    return finding.on_existing(LockMode.ACCESS_EXCLUSIVE)


def _move_index(_: Node, relation: RelationName) -> Finding:
    return COMMANDS["AT_SetTableSpace"].finding(relation, "").working(Work.INDEXED)


def _set_view_options(_: Node, relation: RelationName) -> Finding:
    why = "who may see what through it, and how it is planned, may change"
    finding = Finding(OperationClass.RESTRICTING, f"set options of view {relation}", why)
    return finding.on_existing(LockMode.ACCESS_EXCLUSIVE)


_KEEPING = frozenset({"f", "i"})
"""FULL, USING INDEX."""


def _replica_identity(command: Node, relation: RelationName, _: Batch) -> Iterator[Finding]:
    identity = command.node("def")
    if identity is not None and identity.text("identity_type") in _KEEPING:
        yield COMMANDS["AT_ReplicaIdentity"].finding(relation, "")
        return
    takes = identity is not None and identity.text("identity_type") == "n"
    why = "where the table is published, UPDATE and DELETE are refused" + (
        "" if takes else ", if it has no primary key"
    )
    finding = Finding(OperationClass.RESTRICTING, f"set replica identity of {relation}", why)
    yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE)


def _set_not_null(command: Node, relation: RelationName, batch: Batch) -> Iterator[Finding]:
    if holds_no_null(batch, relation, command.text("name")):
        what = f"set {relation}.{command.text('name')} not null"
        why = "a constraint sees to it already, so no row is read"
        yield Finding(OperationClass.ADDITIVE, what, why).on_existing(LockMode.ACCESS_EXCLUSIVE)
    else:
        yield COMMANDS["AT_SetNotNull"].finding(relation, command.text("name"))


def _add_and_refer(command: Node, relation: RelationName, batch: Batch) -> Iterator[Finding]:
    yield _add_constraint(command, relation)
    yield from _locks_of_others(command, relation, batch)


def _drop_column(command: Node, relation: RelationName, batch: Batch) -> Iterator[Finding]:
    what = f"drop column {relation}.{command.text('name')}"
    if not batch.column_origins(relation, command.text("name")):
        yield made_by_the_plan(what).on_existing(LockMode.ACCESS_EXCLUSIVE)
        return
    yield Finding(
        OperationClass.DESTRUCTIVE,
        what,
        "its values are gone, and whoever names it fails",
        "stop reading and writing it in one release, drop it in a later one",
    ).on_existing(LockMode.ACCESS_EXCLUSIVE)


def _default(command: Node, relation: RelationName, _: Batch) -> Iterator[Finding]:
    column = f"{relation}.{command.text('name')}"
    if command.node("def"):
        finding = Finding(OperationClass.WIDENING, f"set default of {column}", "rows may be written without it")
    else:
        why = "rows written without it get NULL, or are refused"
        finding = Finding(OperationClass.RESTRICTING, f"drop default of {column}", why)
    yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE)


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
    finding = finding.on_existing(LockMode.SHARE_ROW_EXCLUSIVE if foreign else LockMode.ACCESS_EXCLUSIVE)
    return finding.working(_work_of_constraint(kind, constraint))


def _work_of_constraint(kind: str, constraint: Node | None) -> Work:
    if constraint is None or kind in _VALIDATED:
        return Work.NONE if constraint and constraint.flag("skip_validation") else Work.READ
    if not constraint.text("indexname"):
        return Work.INDEXED
    return Work.READ if kind == "CONSTR_PRIMARY" else Work.NONE  # columns that are not NOT NULL yet are looked at


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
                finding = Finding(OperationClass.ADDITIVE, what, why)
                yield finding.on_existing(LockMode.SHARE_ROW_EXCLUSIVE).on(referenced, batch)
        case "AT_AttachPartition" if definition and batch.exists(relation_in(definition, "name")):
            yield from attach(command, relation, batch)
        case _:
            pass


_FAMILIES: dict[str, Callable[[Node, RelationName, Batch], Iterable[Finding]]] = {
    "AT_AddColumn": add_column,
    "AT_AddConstraint": _add_and_refer,
    "AT_AlterColumnType": retype,
    "AT_AttachPartition": attach,
    "AT_ColumnDefault": _default,
    "AT_DetachPartition": detach,
    "AT_DropColumn": _drop_column,
    "AT_ReplicaIdentity": _replica_identity,
    "AT_SetNotNull": _set_not_null,
}
"""Commands whose answer depends on more than their name."""

_OF_OTHERS: dict[tuple[str, str], Callable[[Node, RelationName], Finding]] = {
    ("AT_AlterColumnType", "OBJECT_FOREIGN_TABLE"): _retype_foreign,
    ("AT_AttachPartition", "OBJECT_INDEX"): attach_index,
    ("AT_ResetRelOptions", "OBJECT_VIEW"): _set_view_options,
    ("AT_SetLogged", "OBJECT_SEQUENCE"): _log_sequence,
    ("AT_SetRelOptions", "OBJECT_VIEW"): _set_view_options,
    ("AT_SetTableSpace", "OBJECT_INDEX"): _move_index,
    ("AT_SetUnLogged", "OBJECT_SEQUENCE"): _log_sequence,
}
"""The same commands of what is no table."""
