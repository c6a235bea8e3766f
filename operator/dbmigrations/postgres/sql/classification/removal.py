"""DROP and TRUNCATE: what holds data is destroyed; what comes back from Git is only missed."""

from collections.abc import Iterator
from dataclasses import dataclass

from dbmigrations.postgres.sql.asking import extension_holds_nothing, is_surely_made
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.finding import Finding, made_by_the_plan
from dbmigrations.postgres.sql.kinds import object_word
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import object_name, parts_of
from dbmigrations.postgres.sql.noting import referred_from
from dbmigrations.postgres.sql.operations import LockMode, Work
from dbmigrations.postgres.sql.reaching import schema_holds_older, touches_older
from dbmigrations.postgres.sql.ties import Event
from dbmigrations.postgres.sql.tree import Node

_RELATIONS = {
    "OBJECT_FOREIGN_TABLE": "foreign table",
    "OBJECT_INDEX": "index",
    "OBJECT_MATVIEW": "materialized view",
    "OBJECT_SEQUENCE": "sequence",
    "OBJECT_TABLE": "table",
    "OBJECT_VIEW": "view",
}
_ON_TABLES = {"OBJECT_POLICY": "policy", "OBJECT_RULE": "rule", "OBJECT_TRIGGER": "trigger"}
_MISSED = "who uses it fails, but it comes back from Git"
_GONE = "what it holds does not come back"
_CASCADES = "CASCADE removes whatever depends on it, and that is not named here"


@dataclass(frozen=True, slots=True)
class _Dropped:
    kind: str
    word: str
    shown: str
    cascades: bool
    concurrently: bool


def drop(tree: Node, batch: Batch) -> Iterator[Finding]:
    """DROP of anything that DropStmt covers: one finding for each object."""
    kind = tree.word("remove_type")
    word = _RELATIONS.get(kind) or _ON_TABLES.get(kind) or object_word(kind)
    cascades = tree.word("behavior") == "DROP_CASCADE"
    for node in tree.nodes("objects"):
        dropped = _Dropped(kind, word, ".".join(parts_of(node)), cascades, tree.flag("concurrent"))
        if kind in _RELATIONS:
            yield _relation(dropped, object_name(node), batch)
        elif kind in _ON_TABLES:
            yield _on_table(dropped, parts_of(node), batch)
        else:
            yield _other(dropped, object_name(node), batch)


def _relation(dropped: _Dropped, name: RelationName, batch: Batch) -> Finding:
    what = f"drop {dropped.word} {name}"
    if not batch.exists(name) and not touches_older(batch, name, Event.DROP):
        return _made_here(what, name, batch)
    if dropped.kind == "OBJECT_INDEX" and not dropped.cascades:
        finding = _index(what, concurrently=dropped.concurrently)
        table = batch.known.table_of_index(name)
        return finding.on(table, batch) if table else finding
    if dropped.kind in {"OBJECT_TABLE", "OBJECT_SEQUENCE"}:
        safer = "stop using it in one release, drop it in a later one" if dropped.kind == "OBJECT_TABLE" else ""
        finding = Finding(OperationClass.DESTRUCTIVE, what, _CASCADES if dropped.cascades else _GONE, safer)
    else:
        finding = _missed(what, cascades=dropped.cascades)
    return finding.on_existing(LockMode.ACCESS_EXCLUSIVE).on(name, batch)


def _made_here(what: str, name: RelationName, batch: Batch) -> Finding:
    """What it refers to is locked all the same: its foreign keys go, and the triggers on the other side with them."""
    finding = made_by_the_plan(what)
    referenced = referred_from(batch, name)
    return finding.on_existing(LockMode.ACCESS_EXCLUSIVE).on(referenced[0], batch) if referenced else finding


def _index(what: str, *, concurrently: bool) -> Finding:
    why = "no row is lost, and what it refused is accepted; finding rows may take longer"
    if concurrently:
        return Finding(OperationClass.WIDENING, what, why).patiently(LockMode.SHARE_UPDATE_EXCLUSIVE)
    why = "everybody waits for the table meanwhile, readers too"
    safer = "DROP INDEX CONCURRENTLY: nobody need wait"
    return Finding(OperationClass.RESTRICTING, what, why, safer).on_existing(LockMode.ACCESS_EXCLUSIVE)


def _on_table(dropped: _Dropped, parts: tuple[str, ...], batch: Batch) -> Finding:
    table = RelationName.of_parts(parts[:-1])
    what = f"drop {dropped.word} {parts[-1]} on {table}"
    if not batch.exists(table):
        return made_by_the_plan(what)
    why = "statements on the table no longer do, or see, what they did"
    return Finding(OperationClass.RESTRICTING, what, why).on_existing(LockMode.ACCESS_EXCLUSIVE).on(table, batch)


def _other(dropped: _Dropped, name: RelationName, batch: Batch) -> Finding:
    what = f"drop {dropped.word} {dropped.shown}"
    made = (
        batch.has_made_schema(dropped.shown) and not schema_holds_older(batch, dropped.shown)
        if dropped.kind == "OBJECT_SCHEMA"
        else is_surely_made(batch, dropped.kind, name)
    )
    if made:
        return made_by_the_plan(what)
    if dropped.kind == "OBJECT_EXTENSION" and not dropped.cascades and extension_holds_nothing(batch, dropped.shown):
        return Finding(
            OperationClass.RESTRICTING, what, "who uses it fails, but it holds nothing and comes back from Git"
        )
    if dropped.kind == "OBJECT_EXTENSION" or (dropped.kind == "OBJECT_SCHEMA" and dropped.cascades):
        finding = Finding(OperationClass.DESTRUCTIVE, what, _CASCADES if dropped.cascades else _GONE)
    else:
        finding = _missed(what, cascades=dropped.cascades)
    if dropped.cascades or dropped.kind == "OBJECT_EXTENSION":
        return finding.on_existing(LockMode.ACCESS_EXCLUSIVE)
    return finding.on_existing(LockMode.SHARE_UPDATE_EXCLUSIVE, exists=dropped.kind == "OBJECT_STATISTIC_EXT")


def _missed(what: str, *, cascades: bool) -> Finding:
    if cascades:
        return Finding(OperationClass.DESTRUCTIVE, what, _CASCADES, "drop what depends on it by name, without CASCADE")
    return Finding(OperationClass.RESTRICTING, what, _MISSED)


def truncate(tree: Node, batch: Batch) -> Iterator[Finding]:
    """TRUNCATE: one finding for each table."""
    event = Event.CASCADE if tree.word("behavior") == "DROP_CASCADE" else Event.TRUNCATE
    for node in tree.nodes("relations"):
        name = RelationName.of_range(node)
        what = f"truncate {name}"
        if batch.exists(name) or touches_older(batch, name, event):
            finding = Finding(OperationClass.DESTRUCTIVE, what, "its rows do not come back")
            yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE).working(Work.EMPTIED).on(name, batch)
        else:
            yield made_by_the_plan(what)
