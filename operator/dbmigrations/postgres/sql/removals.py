"""What DROP, TRUNCATE and their like lose, and what arrives from elsewhere."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from dbmigrations.postgres.sql.asking import extension_holds_nothing, is_surely_made, is_type_of_database
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.loss import Dropped, Loss, RowsOf, UnknownLoss
from dbmigrations.postgres.sql.names import ColumnName, RelationName
from dbmigrations.postgres.sql.naming import object_name, parts_of
from dbmigrations.postgres.sql.position import Position
from dbmigrations.postgres.sql.tree import Node


def drop(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    """DROP of whatever DropStmt covers."""
    cascades = tree.word("behavior") == "DROP_CASCADE"
    kind = tree.word("remove_type")
    for node in tree.nodes("objects"):
        match kind:
            case "OBJECT_TABLE":
                yield from _dropped_table(object_name(node), batch, position, cascades=cascades)
            case "OBJECT_VIEW" | "OBJECT_MATVIEW" | "OBJECT_SEQUENCE" | "OBJECT_FOREIGN_TABLE" | "OBJECT_INDEX":
                for origin in batch.origins(object_name(node)) if cascades else ():
                    yield cascade(Dropped("relation", origin), batch, position)
            case "OBJECT_SCHEMA":
                schema = ".".join(parts_of(node))
                if cascades and not batch.has_made_schema(schema):
                    yield UnknownLoss(f"CASCADE drops all that is in schema {schema}", position)
            case "OBJECT_EXTENSION":
                yield from _dropped_extension(".".join(parts_of(node)), batch, position, cascades=cascades)
            case _ if cascades and not is_surely_made(batch, kind, object_name(node)):
                what = _KINDS.get(kind)
                dropped = Dropped(what, object_name(node)) if what else None
                yield cascade(dropped, batch, position) if dropped else _unknown(".".join(parts_of(node)), position)
            case _:
                pass


def _dropped_table(name: RelationName, batch: Batch, position: Position, *, cascades: bool) -> Iterator[Loss]:
    for origin in batch.origins(name):
        yield RowsOf(origin, only=False, position=position)
        if cascades:
            yield cascade(Dropped("relation", origin), batch, position)


def _dropped_extension(name: str, batch: Batch, position: Position, *, cascades: bool) -> Iterator[Loss]:
    if not extension_holds_nothing(batch, name):
        yield UnknownLoss(f"extension {name} may own tables", position)
    elif cascades:
        found = cascade(Dropped("extension", RelationName(None, name)), batch, position)
        yield replace(found, why=f"CASCADE drops the columns of extension {name}'s types")


_KINDS: dict[str, Literal["routine", "type"]] = {
    "OBJECT_AGGREGATE": "routine",
    "OBJECT_DOMAIN": "type",
    "OBJECT_FUNCTION": "routine",
    "OBJECT_PROCEDURE": "routine",
    "OBJECT_ROUTINE": "routine",
    "OBJECT_TYPE": "type",
}


def cascade(dropped: Dropped, batch: Batch, position: Position) -> UnknownLoss:
    """The database is asked what depends on it, unless the batch has changed that for columns that existed."""
    name = dropped.name
    of = name.relation if isinstance(name, ColumnName) else name
    only_if = name if dropped.kind in {"column", "relation"} else None
    is_steady = not batch.is_clouded and not len(batch.retyped) and batch.is_answered(of)
    if only_if is None and batch.ties:
        is_steady = False  # it may be in the partition key of a new parent
    if isinstance(name, RelationName) and dropped.kind == "type":
        is_steady = is_steady and is_type_of_database(batch, name)
    if dropped.kind == "routine":
        is_steady = is_steady and not batch.routines_changed
    return replace(_unknown(str(name), position), only_if=only_if, cascade=dropped if is_steady else None)


def _unknown(name: str, position: Position) -> UnknownLoss:
    return UnknownLoss(f"CASCADE drops whatever depends on {name}", position)


def truncate(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    """TRUNCATE."""
    for node in tree.nodes("relations"):
        for origin in batch.origins(RelationName.of_range(node)):
            yield RowsOf(origin, only=not node.flag("inh"), position=position)
            if tree.word("behavior") == "DROP_CASCADE":
                why = f"CASCADE empties the tables that refer to {origin}"
                yield UnknownLoss(why, position, only_if=origin)


def alter_extension(tree: Node, _: Batch, position: Position) -> Iterator[Loss]:
    """ALTER EXTENSION … UPDATE."""
    yield UnknownLoss(f"the update of extension {tree.text('extname')} runs a script of its own", position)


def drop_owned(_: Node, __: Batch, position: Position) -> Iterator[Loss]:
    """DROP OWNED."""
    yield UnknownLoss("DROP OWNED drops all that a role owns", position)


def create_subscription(_: Node, __: Batch, position: Position) -> Iterator[Loss]:
    """CREATE SUBSCRIPTION."""
    yield UnknownLoss("what the publisher deletes or overwrites is deleted or overwritten here", position)


def alter_composite(command: Node, name: RelationName, batch: Batch, position: Position) -> Iterator[Loss]:
    """A command of ALTER TYPE of a composite type."""
    if batch.has_made("OBJECT_TYPE", name):
        return
    if command.word("subtype") == "AT_DropColumn" or command.word("behavior") == "DROP_CASCADE":
        yield UnknownLoss(f"what {command.text('name')} holds in every column of type {name} is gone", position)


def end_prepared(tree: Node, _: Batch, position: Position) -> Iterator[Loss]:
    """COMMIT PREPARED; no other end of a transaction loses what was there before it."""
    if tree.word("kind") == "TRANS_STMT_COMMIT_PREPARED":
        yield UnknownLoss("what was prepared elsewhere takes effect", position)
