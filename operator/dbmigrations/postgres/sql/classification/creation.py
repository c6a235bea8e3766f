"""CREATE: what is new beside what exists, and what it does to the tables that it stands on."""

from collections.abc import Iterator

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.finding import Finding
from dbmigrations.postgres.sql.kinds import CREATING
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import relation_in
from dbmigrations.postgres.sql.operations import LockMode
from dbmigrations.postgres.sql.tree import Node

_NEW = "it is new, and nothing that exists depends on it"
_REPLACES = "what exists under that name behaves differently from now on"

_NAMES = {
    "CreateExtensionStmt": "extname",
    "CreateForeignServerStmt": "servername",
    "CreatePublicationStmt": "pubname",
    "CreateRoleStmt": "role",
    "CreateSchemaStmt": "schemaname",
    "CreateSubscriptionStmt": "subname",
}
_NAME_LISTS = {
    "CreateDomainStmt": "domainname",
    "CreateEnumStmt": "type_name",
    "CreateRangeStmt": "type_name",
    "CreateStatsStmt": "defnames",
    "DefineStmt": "defnames",
}
_NAME_RELATIONS = {"CompositeTypeStmt": "typevar", "CreateSeqStmt": "sequence", "CreateStmt": "relation"}


def create(tree: Node, batch: Batch) -> Iterator[Finding]:
    """Whatever CREATING lists."""
    what = f"create {CREATING[tree.kind]} {_name(tree)}".rstrip()
    if tree.kind == "DefineStmt" and tree.flag("replace"):
        yield Finding(OperationClass.RESTRICTING, what, _REPLACES)
        return
    yield Finding(OperationClass.ADDITIVE, what, _NEW)
    if tree.kind == "CreateStmt":
        yield from _locks_of_table(tree, batch)


def _name(tree: Node) -> str:
    if field := _NAMES.get(tree.kind):
        return tree.text(field)
    if field := _NAME_LISTS.get(tree.kind):
        return ".".join(tree.texts(field))
    if field := _NAME_RELATIONS.get(tree.kind):
        return str(relation_in(tree, field))
    return ""


def _locks_of_table(tree: Node, batch: Batch) -> Iterator[Finding]:
    """A new table locks those that it refers to, and the one that it becomes a partition of."""
    relation = relation_in(tree)
    seen: set[RelationName] = set()
    for node in tree.walk():
        if node.kind == "Constraint" and node.word("contype") == "CONSTR_FOREIGN":
            referenced = relation_in(node, "pktable")
            if referenced not in seen and batch.exists(referenced) and referenced != relation:
                what = f"refer from {relation} to {referenced}"
                why = "rows that are referred to cannot be deleted"
                yield Finding(OperationClass.ADDITIVE, what, why).on_existing(LockMode.SHARE_ROW_EXCLUSIVE)
            seen.add(referenced)
    for parent in tree.nodes("inh_relations"):
        name = RelationName.of_range(parent)
        if batch.exists(name):
            why = "its rows are found through the parent too"
            lock = LockMode.ACCESS_EXCLUSIVE if tree.node("partbound") else LockMode.SHARE_UPDATE_EXCLUSIVE
            yield Finding(OperationClass.ADDITIVE, f"put {relation} below {name}", why).on_existing(lock)


def create_table_as(tree: Node, _: Batch) -> Iterator[Finding]:
    """CREATE TABLE AS, CREATE MATERIALIZED VIEW."""
    into = tree.node("into")
    what = "materialized view" if tree.word("objtype") == "OBJECT_MATVIEW" else "table"
    yield Finding(OperationClass.ADDITIVE, f"create {what} {relation_in(into, 'rel') if into else ''}".rstrip(), _NEW)


def create_view(tree: Node, batch: Batch) -> Iterator[Finding]:
    """CREATE [OR REPLACE] VIEW."""
    name = relation_in(tree, "view")
    if tree.flag("replace") and batch.exists(name):
        finding = Finding(OperationClass.RESTRICTING, f"replace view {name}", _REPLACES)
        yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE)
    else:
        yield Finding(OperationClass.ADDITIVE, f"create view {name}", _NEW)


def create_function(tree: Node, batch: Batch) -> Iterator[Finding]:
    """CREATE [OR REPLACE] FUNCTION or PROCEDURE."""
    word, kind = ("procedure", "OBJECT_PROCEDURE") if tree.flag("is_procedure") else ("function", "OBJECT_FUNCTION")
    name = RelationName.of_parts(tree.texts("funcname"))
    if tree.flag("replace") and not batch.has_made(kind, name):
        yield Finding(OperationClass.RESTRICTING, f"create or replace {word} {name}", _REPLACES)
    else:
        yield Finding(OperationClass.ADDITIVE, f"create {word} {name}", _NEW)


def create_index(tree: Node, batch: Batch) -> Iterator[Finding]:
    """CREATE [UNIQUE] INDEX."""
    table = relation_in(tree)
    exists = batch.exists(table)
    unique = tree.flag("unique")
    what = f"create {'unique ' if unique else ''}index {tree.text('idxname')}".rstrip() + f" on {table}"
    if unique and exists:
        finding = Finding(OperationClass.RESTRICTING, what, "rows that are equal in it are refused from now on")
    else:
        finding = Finding(OperationClass.ADDITIVE, what, "it changes how rows are found, not which")
    if tree.flag("concurrent"):
        yield finding.patiently(LockMode.SHARE_UPDATE_EXCLUSIVE, exists=exists)
    elif exists:
        yield Finding(
            finding.operation_class, what, finding.why, "CREATE INDEX CONCURRENTLY: writers need not wait"
        ).on_existing(LockMode.SHARE)
    else:
        yield finding


def create_trigger(tree: Node, batch: Batch) -> Iterator[Finding]:
    """CREATE TRIGGER."""
    table = relation_in(tree)
    exists = batch.exists(table)
    what = f"create trigger {tree.text('trigname')} on {table}"
    if tree.flag("replace") and exists:
        finding = Finding(OperationClass.RESTRICTING, what, _REPLACES)
    else:
        finding = Finding(OperationClass.ADDITIVE, what, "writes do what they did, and run this too")
    yield finding.on_existing(LockMode.SHARE_ROW_EXCLUSIVE, exists=exists)


def create_rule(tree: Node, batch: Batch) -> Iterator[Finding]:
    """CREATE RULE."""
    table = relation_in(tree)
    exists = batch.exists(table)
    what = f"create rule {tree.text('rulename')} on {table}"
    kind = OperationClass.RESTRICTING if exists else OperationClass.ADDITIVE
    yield Finding(kind, what, "statements on the table do something else from now on").on_existing(
        LockMode.ACCESS_EXCLUSIVE, exists=exists
    )


def create_policy(tree: Node, batch: Batch) -> Iterator[Finding]:
    """CREATE POLICY."""
    table = relation_in(tree, "table")
    exists = batch.exists(table)
    what = f"create policy {tree.text('policy_name')} on {table}"
    if not exists:
        finding = Finding(OperationClass.ADDITIVE, what, _NEW)
    elif tree.flag("permissive"):
        finding = Finding(OperationClass.WIDENING, what, "where row security is on, more rows are seen")
    else:
        finding = Finding(OperationClass.RESTRICTING, what, "where row security is on, fewer rows are seen")
    yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE, exists=exists)
