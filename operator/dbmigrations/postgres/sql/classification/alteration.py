"""RENAME, SET SCHEMA, OWNER, GRANT and the ALTERs of what is no table."""

from collections.abc import Iterator
from dataclasses import replace

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.creation import UNIDENTIFIED, may_refuse_writes, published
from dbmigrations.postgres.sql.classification.finding import Finding, made_by_the_plan
from dbmigrations.postgres.sql.kinds import object_word
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import object_name, parts_of, relation_in
from dbmigrations.postgres.sql.operations import LockMode, Work
from dbmigrations.postgres.sql.options import option
from dbmigrations.postgres.sql.tree import Node

_OLD_NAME = "whoever uses the old name fails"
_UNSEEN = frozenset({"OBJECT_INDEX", "OBJECT_TABCONSTRAINT", "OBJECT_DOMCONSTRAINT", "OBJECT_TRIGGER", "OBJECT_POLICY"})
"""Names that applications do not use."""

_RENAMED = {
    "OBJECT_DOMCONSTRAINT": "constraint",
    "OBJECT_MATVIEW": "materialized view",
    "OBJECT_TABCONSTRAINT": "constraint",
}


def rename(tree: Node, batch: Batch) -> Iterator[Finding]:
    """ALTER … RENAME."""
    kind = tree.word("rename_type")
    word = _RENAMED.get(kind) or object_word(kind)
    to = tree.text("newname")
    relation = tree.node("relation")
    if relation is None:
        named = tree.node("object")
        shown = str(object_name(named)) if named and object_name(named).name else tree.text("subname")
        yield _renamed(kind, f"rename {word} {shown} to {to}")
        return
    name = RelationName.of_range(relation)
    shown = ".".join(part for part in (str(name), tree.text("subname")) if part)
    what = f"rename {word} {shown} to {to}"
    if not batch.exists(name):
        yield made_by_the_plan(what)
        return
    if kind == "OBJECT_ATTRIBUTE":
        cascades = tree.word("behavior") == "DROP_CASCADE"
        yield _renamed(kind, what).on_existing(LockMode.ACCESS_EXCLUSIVE, exists=cascades)
        return
    lock = LockMode.SHARE_UPDATE_EXCLUSIVE if kind == "OBJECT_INDEX" else LockMode.ACCESS_EXCLUSIVE
    if kind == "OBJECT_COLUMN" and not batch.column_origins(name, tree.text("subname")):
        yield made_by_the_plan(what).on_existing(lock)
    else:
        yield _renamed(kind, what).on_existing(lock)


def _renamed(kind: str, what: str) -> Finding:
    if kind in _UNSEEN:
        return Finding(OperationClass.ADDITIVE, what, "applications do not use this name")
    safer = "add the new name beside the old one, change over, and drop the old one in a later release"
    return Finding(OperationClass.RESTRICTING, what, _OLD_NAME, safer)


def set_schema(tree: Node, batch: Batch) -> Iterator[Finding]:
    """ALTER … SET SCHEMA."""
    name = relation_in(tree)
    named = tree.node("object")
    shown = str(object_name(named)) if named else str(name)
    what = f"move {shown} to schema {tree.text('newschema')}"
    if tree.node("relation") and not batch.exists(name):
        yield made_by_the_plan(what)
    elif tree.node("relation"):
        yield Finding(OperationClass.RESTRICTING, what, _OLD_NAME).on_existing(LockMode.ACCESS_EXCLUSIVE)
    else:
        yield Finding(OperationClass.RESTRICTING, what, _OLD_NAME)


def alter_owner(tree: Node, _: Batch) -> Iterator[Finding]:
    """ALTER … OWNER TO, of what is no table."""
    named = tree.node("object")
    what = f"change owner of {object_name(named) if named else ''}".rstrip()
    yield Finding(OperationClass.RESTRICTING, what, "the owner before may lose its rights")


def grant(tree: Node, _: Batch) -> Iterator[Finding]:
    """GRANT and REVOKE, of privileges and of roles."""
    if tree.flag("is_grant"):
        yield Finding(OperationClass.WIDENING, "grant", "more is allowed than before")
    else:
        yield Finding(OperationClass.RESTRICTING, "revoke", "whoever relied on it is refused")


def default_privileges(tree: Node, batch: Batch) -> Iterator[Finding]:
    """ALTER DEFAULT PRIVILEGES."""
    action = tree.node("action")
    if action:
        yield from grant(action, batch)


def alter_enum(tree: Node, _: Batch) -> Iterator[Finding]:
    """ALTER TYPE … ADD VALUE or RENAME VALUE."""
    name = RelationName.of_parts(tree.texts("type_name"))
    if tree.text("old_val"):
        what = f"rename value {tree.text('old_val')} of {name} to {tree.text('new_val')}"
        yield Finding(OperationClass.RESTRICTING, what, "whoever uses the old value fails")
    else:
        what = f"add value {tree.text('new_val')} to {name}"
        yield Finding(OperationClass.WIDENING, what, "more values are accepted; readers may meet one they do not know")


_DOMAIN = {
    "T": (OperationClass.WIDENING, "change default of domain {}", "rows may be written with another value"),
    "N": (OperationClass.WIDENING, "let domain {} be null", "more values are accepted"),
    "X": (OperationClass.WIDENING, "drop constraint of domain {}", "more values are accepted"),
    "O": (OperationClass.RESTRICTING, "set domain {} not null", "values that break it are refused from now on"),
    "C": (OperationClass.RESTRICTING, "add constraint to domain {}", "values that break it are refused from now on"),
    "V": (OperationClass.ADDITIVE, "validate constraint of domain {}", "new values were held to it already"),
}


def alter_domain(tree: Node, batch: Batch) -> Iterator[Finding]:
    """ALTER DOMAIN."""
    name = RelationName.of_parts(tree.texts("type_name"))
    unknown = (OperationClass.UNKNOWN, "alter domain {}", "what this command does is not known")
    kind, what, why = _DOMAIN.get(tree.text("subtype"), unknown)
    finding = Finding(kind, what.format(name), why)
    constraint = tree.node("def")
    later = constraint is not None and constraint.kind == "Constraint" and constraint.flag("skip_validation")
    if batch.has_made("OBJECT_DOMAIN", name):
        yield made_by_the_plan(what.format(name))
    elif tree.text("subtype") in _READING and not later:
        safer = "" if tree.text("subtype") == "V" else "ADD CONSTRAINT … CHECK … NOT VALID, and VALIDATE it later"
        yield replace(finding, safer=safer).on_existing(LockMode.SHARE).working(Work.READ)
    else:
        yield finding


_READING = frozenset({"O", "C", "V"})
"""All tables with a column of the domain are read."""


def alter_publication(tree: Node, batch: Batch) -> Iterator[Finding]:
    """ALTER PUBLICATION."""
    what = f"alter publication {tree.text('pubname')}"
    adds = tree.word("action") != "AP_DropObjects" and may_refuse_writes(tree, batch)
    why = f"subscribers get other rows; {UNIDENTIFIED}" if adds else "subscribers get other rows"
    finding = Finding(OperationClass.RESTRICTING, what, why)
    names = [RelationName.of_range(each) for each in published(tree)]
    locks = any(batch.exists(name) for name in names)
    yield finding.on_existing(LockMode.SHARE_UPDATE_EXCLUSIVE, exists=locks)


_COMMENTED = frozenset(
    {
        "OBJECT_COLUMN",
        "OBJECT_FOREIGN_TABLE",
        "OBJECT_INDEX",
        "OBJECT_MATVIEW",
        "OBJECT_SEQUENCE",
        "OBJECT_TABLE",
        "OBJECT_VIEW",
    }
)


def comment(tree: Node, batch: Batch) -> Iterator[Finding]:
    """COMMENT ON."""
    named = tree.node("object")
    parts = parts_of(named) if named else ()
    kind = tree.word("objtype")
    what = f"comment on {object_word(kind)} {'.'.join(parts)}".rstrip()
    finding = Finding(OperationClass.ADDITIVE, what, "nothing depends on it")
    if kind in _COMMENTED:
        name = RelationName.of_parts(parts[:-1] if kind == "OBJECT_COLUMN" else parts)
        finding = finding.on_existing(LockMode.SHARE_UPDATE_EXCLUSIVE, exists=batch.exists(name)).on(name, batch)
    yield finding


def alter_sequence(tree: Node, batch: Batch) -> Iterator[Finding]:
    """ALTER SEQUENCE."""
    name = relation_in(tree, "sequence")
    what = f"alter sequence {name}"
    options = tree.nodes("options")
    if not batch.exists(name):
        yield made_by_the_plan(what)
    elif option(options, "restart"):
        finding = Finding(OperationClass.DATA, what, "the next number is another one")
        yield finding.on_existing(LockMode.SHARE_ROW_EXCLUSIVE)
    elif all(each.text("defname") in {"owned_by", "cache"} for each in options):
        finding = Finding(OperationClass.ADDITIVE, what, "the numbers stay the same")
        yield finding.on_existing(LockMode.SHARE_ROW_EXCLUSIVE)
    else:
        finding = Finding(OperationClass.RESTRICTING, what, "other numbers, or none when they run out")
        yield finding.on_existing(LockMode.SHARE_ROW_EXCLUSIVE)


def alter_policy(tree: Node, batch: Batch) -> Iterator[Finding]:
    """ALTER POLICY."""
    table = relation_in(tree, "table")
    what = f"alter policy {tree.text('policy_name')} on {table}"
    if batch.exists(table):
        finding = Finding(OperationClass.RESTRICTING, what, "other rows are seen from now on")
        yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE)
    else:
        yield made_by_the_plan(what)


def alter_operator_family(tree: Node, _: Batch) -> Iterator[Finding]:
    """ALTER OPERATOR FAMILY ADD or DROP."""
    what = f"alter operator family {'.'.join(tree.texts('opfamilyname'))}"
    if tree.flag("is_drop"):
        yield Finding(OperationClass.RESTRICTING, what, "indexes that use it no longer find rows by that operator")
    else:
        yield Finding(OperationClass.ADDITIVE, what, "it is new, and nothing that exists depends on it")


def move_all(tree: Node, _: Batch) -> Iterator[Finding]:
    """ALTER TABLE ALL IN TABLESPACE … SET TABLESPACE."""
    what = f"move all from tablespace {tree.text('orig_tablespacename')} to {tree.text('new_tablespacename')}"
    finding = Finding(OperationClass.REWRITING, what, "each table is written anew while nobody can use it")
    yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE).working(Work.REWRITTEN)


_ELSEWHERE = "foreign tables show other rows, or none"

PLAIN = {
    "AlterDatabaseStmt": (OperationClass.RESTRICTING, "alter database", "who may connect, or how many, is changed"),
    "AlterFdwStmt": (
        OperationClass.RESTRICTING,
        "alter foreign-data wrapper",
        "foreign tables show other rows, or none",
    ),
    "AlterForeignServerStmt": (OperationClass.RESTRICTING, "alter server", _ELSEWHERE),
    "AlterOperatorStmt": (OperationClass.ADDITIVE, "alter operator", "rows are found in another way, not other rows"),
    "AlterSubscriptionStmt": (OperationClass.RESTRICTING, "alter subscription", "other changes arrive, or none"),
    "AlterTSConfigurationStmt": (
        OperationClass.RESTRICTING,
        "alter text search configuration",
        "texts are read in another way than those that are indexed",
    ),
    "AlterTSDictionaryStmt": (
        OperationClass.RESTRICTING,
        "alter text search dictionary",
        "texts are read in another way than those that are indexed",
    ),
    "AlterTableSpaceOptionsStmt": (OperationClass.ADDITIVE, "alter tablespace", "rows are found in another way"),
    "AlterTypeStmt": (OperationClass.RESTRICTING, "alter type", "its values are read and written in another way"),
    "AlterUserMappingStmt": (
        OperationClass.RESTRICTING,
        "alter user mapping",
        "foreign tables show other rows, or none",
    ),
    "DropTableSpaceStmt": (OperationClass.RESTRICTING, "drop tablespace", "nothing can be placed there any more"),
    "AlterCollationStmt": (OperationClass.ADDITIVE, "refresh a collation's version", "values stay as they are"),
    "AlterDatabaseRefreshCollStmt": (OperationClass.ADDITIVE, "refresh collation version", "values stay as they are"),
    "AlterDatabaseSetStmt": (
        OperationClass.RESTRICTING,
        "set a default of the database",
        "sessions behave differently",
    ),
    "AlterEventTrigStmt": (OperationClass.RESTRICTING, "alter event trigger", "DDL does something else from now on"),
    "AlterExtensionContentsStmt": (OperationClass.ADDITIVE, "alter extension's contents", "the objects stay"),
    "AlterFunctionStmt": (OperationClass.RESTRICTING, "alter function", "it behaves differently from now on"),
    "AlterObjectDependsStmt": (OperationClass.ADDITIVE, "note a dependency", "the objects stay as they are"),
    "AlterRoleSetStmt": (OperationClass.RESTRICTING, "set a default of a role", "its sessions behave differently"),
    "AlterRoleStmt": (OperationClass.RESTRICTING, "alter role", "what it may do, or how it logs in, is changed"),
    "AlterStatsStmt": (OperationClass.ADDITIVE, "alter statistics", "rows stay as they are"),
    "AlterSystemStmt": (OperationClass.RESTRICTING, "alter system", "the whole server behaves differently"),
    "CreateEventTrigStmt": (OperationClass.RESTRICTING, "create event trigger", "DDL does something else from now on"),
    "DropRoleStmt": (OperationClass.RESTRICTING, "drop role", "whoever logs in with it is refused"),
    "DropSubscriptionStmt": (OperationClass.RESTRICTING, "drop subscription", "changes no longer arrive"),
    "DropUserMappingStmt": (OperationClass.RESTRICTING, "drop user mapping", "foreign tables are refused to that user"),
    "DropdbStmt": (OperationClass.DESTRUCTIVE, "drop database", "what it holds does not come back"),
    "DropOwnedStmt": (OperationClass.DESTRUCTIVE, "drop owned", "all that a role owns is gone"),
    "ReassignOwnedStmt": (OperationClass.RESTRICTING, "reassign owned", "the owner before may lose its rights"),
    "SecLabelStmt": (OperationClass.RESTRICTING, "security label", "who may do what is changed"),
}
"""Kinds that are the same whatever their tree says: class, what, why."""
