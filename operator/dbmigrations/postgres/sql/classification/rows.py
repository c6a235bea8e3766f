"""Statements that read and write rows, wherever in a statement they stand."""

from collections.abc import Iterator

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.bodies import Classify, function_call, unknown
from dbmigrations.postgres.sql.classification.finding import Finding
from dbmigrations.postgres.sql.functions import each_once, sets_sequence, strange_calls
from dbmigrations.postgres.sql.names import RelationName, is_of_system
from dbmigrations.postgres.sql.naming import relation_in
from dbmigrations.postgres.sql.operations import LockMode
from dbmigrations.postgres.sql.options import is_on
from dbmigrations.postgres.sql.reaching import fired, touches_older
from dbmigrations.postgres.sql.ties import Event
from dbmigrations.postgres.sql.tree import Node

_WRITTEN = "rows are written"
_WRITERS = {"DeleteStmt": "delete from", "InsertStmt": "insert into", "MergeStmt": "merge into", "UpdateStmt": "update"}

_EVENTS = {"DeleteStmt": Event.DELETE, "UpdateStmt": Event.UPDATE}


def rows(tree: Node, batch: Batch, classify: Classify) -> Iterator[Finding]:
    """INSERT, UPDATE, DELETE, MERGE, COPY, SELECT (also INTO), EXPLAIN ANALYZE; also within WITH."""
    if tree.kind == "ExplainStmt" and not is_on(tree.nodes("options"), "analyze", default=False):
        return
    for node in tree.walk():
        if node.kind in _WRITERS:
            yield _write(node, batch)
    if tree.kind == "CopyStmt":
        yield from _copy(tree, batch)
    into = tree.node("into_clause") if tree.kind == "SelectStmt" else None
    if into:
        yield Finding(OperationClass.ADDITIVE, f"create table {relation_in(into, 'rel')}", "it is new")
    if sets_sequence(tree):
        yield Finding(OperationClass.DATA, "set the position of a sequence", "the next number is another one")
    for call in each_once(strange_calls(tree, batch), batch):
        yield from function_call(call, batch, classify)
    for node, within in fired(tree, batch):
        yield from function_call(node, within, classify) if node.kind == "FuncCall" else classify(node, within)


def _write(node: Node, batch: Batch) -> Finding:
    relation = relation_in(node)
    exists = batch.exists(relation) or touches_older(batch, relation, _EVENTS.get(node.kind, Event.INSERT))
    what = f"{_WRITERS[node.kind]} {relation}"
    if is_of_system(relation):
        return unknown(what, "it changes the catalog itself, past all that keeps it consistent")
    if node.kind == "DeleteStmt" and exists and node.node("where_clause") is None:
        why = "without WHERE all rows go, and do not come back"
        finding = Finding(OperationClass.DESTRUCTIVE, what, why, "say with WHERE which rows are meant")
    elif node.kind == "UpdateStmt" and exists:
        safer = "in batches, each in a transaction of its own, where the table is large"
        finding = Finding(OperationClass.DATA, what, _WRITTEN, safer)
    else:
        finding = Finding(OperationClass.DATA, what, _WRITTEN)
    return finding.patiently(LockMode.ROW_EXCLUSIVE, exists=exists).on(relation, batch)


def _copy(tree: Node, batch: Batch) -> Iterator[Finding]:
    relation = relation_in(tree)
    if tree.flag("is_program"):
        yield Finding(OperationClass.UNKNOWN, "copy with a program", "it runs a program on the server")
    elif tree.flag("is_from"):
        finding = Finding(OperationClass.DATA, f"copy into {relation}", _WRITTEN)
        yield finding.patiently(LockMode.ROW_EXCLUSIVE, exists=batch.exists(relation)).on(relation, batch)


def lock(tree: Node, batch: Batch) -> Iterator[Finding]:
    """LOCK TABLE."""
    mode = LockMode(tree.number("mode"))
    for node in tree.nodes("relations"):
        name = RelationName.of_range(node)
        finding = Finding(OperationClass.ADDITIVE, f"lock {name}", "it changes nothing")
        yield finding.on_existing(mode, exists=batch.exists(name)).on(name, batch)
