"""What DROP, TRUNCATE and their like lose, and what arrives from elsewhere."""

from collections.abc import Iterator

from dbmigrations.postgres.sql.asking import extension_holds_nothing, is_surely_made
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.loss import Loss, RowsOf, UnknownLoss
from dbmigrations.postgres.sql.names import RelationName
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
                    yield _cascade(str(origin), position, origin)
            case "OBJECT_SCHEMA":
                schema = ".".join(parts_of(node))
                if cascades and not batch.has_made_schema(schema):
                    yield UnknownLoss(f"CASCADE drops all that is in schema {schema}", position)
            case "OBJECT_EXTENSION":
                yield from _dropped_extension(".".join(parts_of(node)), batch, position, cascades=cascades)
            case _ if cascades and not is_surely_made(batch, kind, object_name(node)):
                yield _cascade(".".join(parts_of(node)), position)
            case _:
                pass


def _dropped_table(name: RelationName, batch: Batch, position: Position, *, cascades: bool) -> Iterator[Loss]:
    for origin in batch.origins(name):
        yield RowsOf(origin, only=False, position=position)
        if cascades:
            yield _cascade(str(origin), position, origin)


def _dropped_extension(name: str, batch: Batch, position: Position, *, cascades: bool) -> Iterator[Loss]:
    if not extension_holds_nothing(batch, name):
        yield UnknownLoss(f"extension {name} may own tables", position)
    elif cascades:
        yield UnknownLoss(f"CASCADE drops the columns of extension {name}'s types", position)


def _cascade(name: str, position: Position, only_if: RelationName | None = None) -> UnknownLoss:
    return UnknownLoss(f"CASCADE drops whatever depends on {name}", position, only_if)


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
