"""CREATE: what is new beside what exists, and what it does to the tables that it stands on."""

from collections.abc import Iterator

from dbmigrations.postgres.sql.asking import index_is_there, may_have_default_partition, routine_may_exist
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.finding import Finding
from dbmigrations.postgres.sql.kinds import CREATING, object_word
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import relation_in
from dbmigrations.postgres.sql.operations import LockMode, Work
from dbmigrations.postgres.sql.options import option, option_text
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
    word = object_word(tree.word("kind")) if tree.kind == "DefineStmt" else CREATING[tree.kind]
    what = f"create {word} {_name(tree)}".rstrip()
    if tree.kind == "DefineStmt" and tree.flag("replace"):
        yield Finding(OperationClass.RESTRICTING, what, _REPLACES)
        return
    if tree.kind == "CreatePublicationStmt" and may_refuse_writes(tree, batch):
        yield Finding(OperationClass.RESTRICTING, what, UNIDENTIFIED, _IDENTIFY)
    else:
        yield Finding(OperationClass.ADDITIVE, what, _NEW)
    match tree.kind:
        case "CreateStmt":
            yield from _locks_of_table(tree, batch)
        case "CreateStatsStmt":
            yield from _locks_of_relations(what, tree.nodes("relations"), batch)
        case "CreatePublicationStmt":
            yield from _locks_of_relations(what, published(tree), batch)
        case _:
            pass


UNIDENTIFIED = "UPDATE and DELETE are refused where a published table has neither primary key nor replica identity"
_IDENTIFY = "give each table a primary key, or a REPLICA IDENTITY, first; or publish inserts only: publish = 'insert'"
_IDENTIFIED = frozenset({"delete", "update"})


def may_refuse_writes(tree: Node, batch: Batch) -> bool:
    """Whether tables that existed are published with their changes from now on."""
    given = option(tree.nodes("options"), "publish")
    if given is not None and _IDENTIFIED.isdisjoint(map(str.strip, option_text(given).lower().split(","))):
        return False
    if given is not None and tree.kind == "AlterPublicationStmt":
        return True
    named = published(tree)
    every = tree.flag("for_all_tables") or len(named) < len(tree.nodes("pubobjects"))
    return every or any(batch.exists(RelationName.of_range(each)) for each in named)


def published(tree: Node) -> tuple[Node, ...]:
    """The tables that CREATE or ALTER PUBLICATION names."""
    tables = (each.node("pubtable") for each in tree.nodes("pubobjects"))
    return tuple(relation for table in tables if table and (relation := table.node("relation")))


def _locks_of_relations(what: str, relations: tuple[Node, ...], batch: Batch) -> Iterator[Finding]:
    for node in relations:
        name = RelationName.of_range(node)
        if node.kind == "RangeVar" and batch.exists(name):
            finding = Finding(OperationClass.ADDITIVE, f"{what} of {name}", "its rows stay as they are")
            yield finding.on_existing(LockMode.SHARE_UPDATE_EXCLUSIVE).on(name, batch)


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
    for node in tree.find("Constraint"):
        if node.word("contype") == "CONSTR_FOREIGN":
            referenced = relation_in(node, "pktable")
            if referenced not in seen and batch.exists(referenced) and referenced != relation:
                what = f"refer from {relation} to {referenced}"
                why = "rows that are referred to cannot be deleted"
                finding = Finding(OperationClass.ADDITIVE, what, why)
                yield finding.on_existing(LockMode.SHARE_ROW_EXCLUSIVE).on(referenced, batch)
            seen.add(referenced)
    for parent in tree.nodes("inh_relations"):
        name = RelationName.of_range(parent)
        if batch.exists(name):
            bound = tree.node("partbound")
            safer = "create it alone (LIKE … INCLUDING ALL), then ATTACH PARTITION: the parent stays in use"
            why = "its rows are found through the parent too"
            finding = Finding(OperationClass.ADDITIVE, f"put {relation} below {name}", why, safer if bound else "")
            lock = LockMode.ACCESS_EXCLUSIVE if bound else LockMode.SHARE_UPDATE_EXCLUSIVE
            searched = bound is not None and not bound.flag("is_default") and may_have_default_partition(batch, name)
            yield finding.on_existing(lock).working(Work.READ if searched else Work.NONE).on(name, batch)


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
    if tree.flag("replace") and routine_may_exist(batch, kind, name):
        yield Finding(OperationClass.RESTRICTING, f"create or replace {word} {name}", _REPLACES)
    else:
        yield Finding(OperationClass.ADDITIVE, f"create {word} {name}", _NEW)


def create_index(tree: Node, batch: Batch) -> Iterator[Finding]:
    """CREATE [UNIQUE] INDEX."""
    table = relation_in(tree)
    exists = batch.exists(table)
    unique = tree.flag("unique")
    what = f"create {'unique ' if unique else ''}index {tree.text('idxname')}".rstrip() + f" on {table}"
    if not exists:
        yield Finding(OperationClass.ADDITIVE, what, "it changes how rows are found, not which")
    elif tree.flag("if_not_exists") and index_is_there(batch, table, tree.text("idxname")):
        finding = Finding(OperationClass.ADDITIVE, what, "one of that name is there already")
        lock = LockMode.SHARE_UPDATE_EXCLUSIVE if tree.flag("concurrent") else LockMode.SHARE
        yield finding.patiently(lock) if tree.flag("concurrent") else finding.on_existing(lock)
    elif tree.flag("concurrent"):
        finding = Finding(OperationClass.ADDITIVE, what, "it changes how rows are found, not which")
        if unique:
            finding = Finding(OperationClass.RESTRICTING, what, "rows that are equal in it are refused from now on")
        yield finding.patiently(LockMode.SHARE_UPDATE_EXCLUSIVE).working(Work.INDEXED)
    else:
        why = "writers wait until it is built"
        if unique:
            why = f"rows that are equal in it are refused from now on, and {why}"
        safer = f"CREATE {'UNIQUE ' if unique else ''}INDEX CONCURRENTLY: writers need not wait"
        yield Finding(OperationClass.RESTRICTING, what, why, safer).on_existing(LockMode.SHARE).working(Work.INDEXED)


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
