"""Reads from a statement's tree what it would lose.

Loss is what nobody can bring back: rows and values. Views, functions, indexes and the like come back from Git.
Statements of kinds that are not listed here as harmless are unknown.
"""

from collections.abc import Callable, Iterator
from itertools import chain

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.blocks import Inside, inside_block, inside_call
from dbmigrations.postgres.sql.effects import batch_after
from dbmigrations.postgres.sql.functions import each_once, strange_calls, strange_functions
from dbmigrations.postgres.sql.kinds import EXECUTED, HARMLESS
from dbmigrations.postgres.sql.loss import Loss, RowsOf, UnknownLoss, ValuesOf
from dbmigrations.postgres.sql.names import ANY, RelationName, is_of_system, parts_in
from dbmigrations.postgres.sql.naming import function_name, object_name, parts_of, relation_in, type_text
from dbmigrations.postgres.sql.options import is_on
from dbmigrations.postgres.sql.position import Position
from dbmigrations.postgres.sql.steps import UnreadError
from dbmigrations.postgres.sql.tree import Node, Unparsed

_Reader = Callable[[Node, Batch, Position], Iterator[Loss]]


def losses_of(tree: Node | Unparsed, batch: Batch, position: Position) -> tuple[Loss, ...]:
    """What the statement would lose of what existed before the batch."""
    if isinstance(tree, Unparsed):
        return (UnknownLoss(f"this statement cannot be read: {tree.why}", position),)
    if tree.kind in EXECUTED or tree.kind == "ReturnStmt":
        return tuple(_countable(each, batch) for each in _executed(tree, batch, position))
    reader = _READERS.get(tree.kind)
    if reader:
        return tuple(_countable(each, batch) for each in reader(tree, batch, position))
    if tree.kind in HARMLESS:
        return ()
    return (UnknownLoss("what this statement may lose is not known", position),)


def _countable(loss: Loss, batch: Batch) -> Loss:
    """Where nobody knows which object a name means, its rows cannot be counted."""
    match loss:
        case UnknownLoss(only_if=None):
            return loss
        case UnknownLoss(why=why, only_if=about):
            pass
        case RowsOf(relation=about):
            why = f"rows of {about} are gone"
        case ValuesOf(column=about):
            why = f"values of {about} are gone"
    return UnknownLoss(why, loss.position) if batch.is_clouded or (about and ANY in parts_in(about)) else loss


def _executed(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    """Data-modifying statements wherever they stand, also in WITH and EXPLAIN ANALYZE, and functions."""
    if tree.kind == "ExplainStmt" and not is_on(tree.nodes("options"), "analyze", default=False):
        return
    for node in tree.walk():
        if node.kind in _WRITERS and is_of_system(relation_in(node)):
            yield UnknownLoss("the catalog itself is changed", position)
        else:
            yield from _written(node, batch, position)
    for call in each_once(strange_calls(tree, batch)):
        yield from _called(call, batch, position)


_WRITERS = frozenset({"DeleteStmt", "InsertStmt", "MergeStmt", "UpdateStmt"})


def _written(node: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    match node.kind:
        case "DeleteStmt":
            yield from _deletes(node, batch, position)
        case "UpdateStmt":
            yield from _updates(relation_in(node), node.nodes("target_list"), batch, position)
        case "InsertStmt":
            conflict = node.node("on_conflict_clause")
            if conflict:
                yield from _updates(relation_in(node), conflict.nodes("target_list"), batch, position)
        case "MergeStmt":
            yield from _merges(node, batch, position)
        case "CopyStmt" if node.flag("is_program"):
            yield UnknownLoss("COPY … PROGRAM runs a program on the server", position)
        case _:
            pass


def _called(call: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    """A function of the batch is looked into; of any other nobody knows what it does."""
    try:
        inside = inside_call(call, batch, batch_after)
    except UnreadError:
        inside = None
    if inside is None:
        yield UnknownLoss(
            f"{'.'.join(filter(None, function_name(call)))}() is not built in and may do anything", position
        )
    else:
        yield from _inside(inside, position)


def _inside(inside: Inside, position: Position) -> Iterator[Loss]:
    for each in inside.statements:
        yield from losses_of(each.tree, each.batch, position)


def _deletes(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    relation = relation_in(tree)
    if batch.is_window(relation):
        yield UnknownLoss(f"rows of what {relation} shows are deleted", position)
    for origin in batch.origins(relation):
        yield UnknownLoss(f"rows of {origin} are deleted", position, only_if=origin)


def _updates(relation: RelationName, targets: tuple[Node, ...], batch: Batch, position: Position) -> Iterator[Loss]:
    if batch.is_window(relation) and targets:
        yield UnknownLoss(f"values of what {relation} shows are overwritten", position)
    for target in targets:
        for origin in batch.column_origins(relation, target.text("name")):
            yield UnknownLoss(f"values of {origin} are overwritten", position, only_if=origin)


def _merges(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    for clause in tree.nodes("merge_when_clauses"):
        match clause.word("command_type"):
            case "CMD_UPDATE":
                yield from _updates(relation_in(tree), clause.nodes("target_list"), batch, position)
            case "CMD_DELETE":
                yield from _deletes(tree, batch, position)
            case _:
                pass


def _drop(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
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
                yield UnknownLoss(f"extension {'.'.join(parts_of(node))} may own tables", position)
            case _ if cascades and not batch.has_made(kind, object_name(node)):
                yield _cascade(".".join(parts_of(node)), position)
            case _:
                pass


def _dropped_table(name: RelationName, batch: Batch, position: Position, *, cascades: bool) -> Iterator[Loss]:
    for origin in batch.origins(name):
        yield RowsOf(origin, only=False, position=position)
        if cascades:
            yield _cascade(str(origin), position, origin)


def _cascade(name: str, position: Position, only_if: RelationName | None = None) -> UnknownLoss:
    return UnknownLoss(f"CASCADE drops whatever depends on {name}", position, only_if)


def _truncate(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    for node in tree.nodes("relations"):
        for origin in batch.origins(RelationName.of_range(node)):
            yield RowsOf(origin, only=not node.flag("inh"), position=position)
            if tree.word("behavior") == "DROP_CASCADE":
                why = f"CASCADE empties the tables that refer to {origin}"
                yield UnknownLoss(why, position, only_if=origin)


def _alter_table(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    relation = relation_in(tree)
    for command in tree.nodes("cmds"):
        yield from _alter_command(command, relation, batch, position)


def _alter_command(command: Node, relation: RelationName, batch: Batch, position: Position) -> Iterator[Loss]:
    definition = command.node("def")
    match command.word("subtype"):
        case "AT_DropColumn":
            for origin in batch.column_origins(relation, command.text("name")):
                yield ValuesOf(origin, position)
                if command.word("behavior") == "DROP_CASCADE":
                    yield UnknownLoss(f"CASCADE drops whatever depends on {origin}", position, only_if=origin)
        case "AT_AlterColumnType" if definition:
            type_name = definition.node("type_name")
            using = definition.node("raw_default") is not None
            for origin in batch.column_origins(relation, command.text("name")):
                new_type = type_text(type_name) if type_name else "?"
                yield ValuesOf(origin, position, new_type=new_type, using=using)
        case _:
            pass
    origins = batch.origins(relation)
    for name in strange_functions(command, batch) if origins else ():
        yield UnknownLoss(f"{name} is not built in and may do anything", position, only_if=origins[0])


def _alter_extension(tree: Node, _: Batch, position: Position) -> Iterator[Loss]:
    yield UnknownLoss(f"the update of extension {tree.text('extname')} runs a script of its own", position)


def _drop_owned(_: Node, __: Batch, position: Position) -> Iterator[Loss]:
    yield UnknownLoss("DROP OWNED drops all that a role owns", position)


def _do(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    try:
        inside = inside_block(tree, batch, batch_after)
    except UnreadError as error:
        yield UnknownLoss(f"a DO block may do anything: {error}", position)
    else:
        yield from _inside(inside, position)


def _call(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    call = tree.node("funccall")
    if call:
        yield from _called(call, batch, position)


def _create_schema(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    yield from chain.from_iterable(losses_of(each, batch, position) for each in tree.nodes("schema_elts"))


_READERS: dict[str, _Reader] = {
    "AlterExtensionStmt": _alter_extension,
    "AlterTableStmt": _alter_table,
    "CallStmt": _call,
    "CreateSchemaStmt": _create_schema,
    "DoStmt": _do,
    "DropOwnedStmt": _drop_owned,
    "DropStmt": _drop,
    "TruncateStmt": _truncate,
}
