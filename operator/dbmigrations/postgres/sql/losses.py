"""Reads from a statement's tree what it would lose.

Loss is what nobody can bring back: rows and values. Views, functions, indexes and the like come back from Git.
Statements of kinds that are not listed here as harmless are unknown.
"""

from collections.abc import Callable, Iterator
from itertools import chain

from dbmigrations.postgres.sql import removals
from dbmigrations.postgres.sql.asking import is_enumeration, type_of
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.blocks import Inside, inside_block, inside_call
from dbmigrations.postgres.sql.conversions import Conversion, conversion_of, loses_nothing
from dbmigrations.postgres.sql.effects import batch_after
from dbmigrations.postgres.sql.filling import filled_by
from dbmigrations.postgres.sql.functions import each_once, strange_calls
from dbmigrations.postgres.sql.kinds import EXECUTED, HARMLESS
from dbmigrations.postgres.sql.loss import Dropped, Loss, RowsOf, UnknownLoss, ValuesOf
from dbmigrations.postgres.sql.names import ANY, RelationName, is_of_system, parts_in
from dbmigrations.postgres.sql.naming import function_name, relation_in, type_text
from dbmigrations.postgres.sql.options import constant, is_on
from dbmigrations.postgres.sql.position import Position
from dbmigrations.postgres.sql.reaching import fired, losses_beyond
from dbmigrations.postgres.sql.steps import UnreadError
from dbmigrations.postgres.sql.tree import Node, Unparsed
from dbmigrations.postgres.sql.tying import own_calls

_Reader = Callable[[Node, Batch, Position], Iterator[Loss]]


def losses_of(tree: Node | Unparsed, batch: Batch, position: Position) -> tuple[Loss, ...]:
    """What the statement would lose of what existed before the batch."""
    if isinstance(tree, Unparsed):
        return (UnknownLoss(f"this statement cannot be read: {tree.why}", position),)
    own = tuple(
        _countable(each, batch) for each in chain(_own(tree, batch, position), losses_beyond(tree, batch, position))
    )
    run = chain.from_iterable(_run(node, within, position) for node, within in fired(tree, batch))
    return tuple(dict.fromkeys((*own, *run)))


def _own(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    reader = _executed if tree.kind in EXECUTED or tree.kind == "ReturnStmt" else _READERS.get(tree.kind)
    if reader:
        yield from reader(tree, batch, position)
    elif tree.kind not in HARMLESS:
        yield UnknownLoss("what this statement may lose is not known", position)


def _run(node: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    """What runs though the statement does not name it."""
    yield from _called(node, batch, position) if node.kind == "FuncCall" else losses_of(node, batch, position)


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
    parts = parts_in(about) if about else ()
    is_open = batch.is_clouded or ANY in parts or (parts[:1] == (None,) and not batch.path_is_default)
    return UnknownLoss(why, loss.position) if is_open else loss


def _executed(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    """Data-modifying statements wherever they stand, also in WITH and EXPLAIN ANALYZE, and functions."""
    if tree.kind == "ExplainStmt" and not is_on(tree.nodes("options"), "analyze", default=False):
        return
    for node in tree.walk():
        if node.kind == "FuncCall" and _changes_strings(node):
            yield UnknownLoss("the server reads strings, and so what follows, in another way", position)
        if node.kind == "ExecuteStmt":
            yield UnknownLoss("what a prepared statement does is not read again", position)
        if node.kind in _WRITERS and is_of_system(relation_in(node)):
            yield UnknownLoss("the catalog itself is changed", position)
        else:
            yield from _written(node, batch, position)
    for call in each_once(strange_calls(tree, batch), batch):
        yield from _called(call, batch, position)


def _changes_strings(call: Node) -> bool:
    """Where a backslash escapes a quote, statements end elsewhere than they were read to end."""
    arguments = [constant(each) for each in call.nodes("args")] if function_name(call)[1] == "set_config" else []
    return (arguments[:1] or [""])[0] == "standard_conforming_strings" and arguments[1:2] != ["on"]


_WRITERS = frozenset({"DeleteStmt", "InsertStmt", "MergeStmt", "UpdateStmt"})


def _written(node: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    match node.kind:
        case "DeleteStmt":
            yield from _deletes(node, batch, position)
        case "UpdateStmt":
            filled = filled_by(node)
            written = tuple(each for each in node.nodes("target_list") if each.text("name") not in filled)
            yield from _updates(relation_in(node), written, batch, position)
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
    for origin in batch.origins(relation):
        yield UnknownLoss(f"rows of {origin} are deleted", position, only_if=origin)


def _updates(relation: RelationName, targets: tuple[Node, ...], batch: Batch, position: Position) -> Iterator[Loss]:
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


def _alter_table(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    relation = relation_in(tree)
    alter = removals.alter_composite if tree.word("objtype") == "OBJECT_TYPE" else _alter_command
    for command in tree.nodes("cmds"):
        yield from alter(command, relation, batch, position)


def _alter_command(command: Node, relation: RelationName, batch: Batch, position: Position) -> Iterator[Loss]:
    definition = command.node("def")
    match command.word("subtype"):
        case "AT_DropColumn":
            for origin in batch.column_origins(relation, command.text("name")):
                yield ValuesOf(origin, position)
                if command.word("behavior") == "DROP_CASCADE":
                    yield removals.cascade(Dropped("column", origin), batch, position)
        case "AT_AlterColumnType" if definition:
            yield from _retyped(command.text("name"), definition, relation, batch, position)
        case "AT_SetExpression":
            for origin in batch.column_origins(relation, command.text("name")):
                yield UnknownLoss(f"values of {origin} are computed anew", position, only_if=origin)
        case _:
            pass
    yield from _evaluated(command, relation, batch, position)


def _retyped(column: str, definition: Node, relation: RelationName, batch: Batch, position: Position) -> Iterator[Loss]:
    type_name = definition.node("type_name")
    conversion = conversion_of(definition, column)
    if type_name and conversion in {Conversion.CAST, Conversion.SPELLED} and is_enumeration(batch, type_name):
        return  # a text is one of its values, or is refused
    new_type = type_text(type_name) if type_name else "?"
    old_type = type_of(batch, relation, column)
    if old_type and loses_nothing(conversion, old_type, new_type, is_utc=batch.is_utc):
        return
    for origin in batch.column_origins(relation, column):
        yield ValuesOf(origin, position, new_type, conversion, batch.is_utc)


def _evaluated(command: Node, relation: RelationName, batch: Batch, position: Position) -> Iterator[Loss]:
    """Defaults, checks and USING are evaluated for the rows that there are."""
    origins = batch.origins(relation)
    for call in each_once(strange_calls(command, batch), batch):
        later = command.word("subtype") == "AT_ColumnDefault"
        if own_calls(call, batch):
            yield from () if later else _called(call, batch, position)
        elif origins or not later:
            why = f"{'.'.join(filter(None, function_name(call)))}() is not built in and may do anything"
            yield UnknownLoss(why, position, only_if=origins[0] if origins else None)


def _alter_domain(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    """What it is to check is evaluated for the values that there are."""
    for call in each_once(strange_calls(tree, batch), batch):
        yield from _called(call, batch, position)


def _create_index(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    """Its expressions are evaluated. Functions that existed are immutable, and may not write."""
    for call in each_once(own_calls(tree, batch), batch):
        yield from _called(call, batch, position)


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
    "AlterDomainStmt": _alter_domain,
    "AlterExtensionStmt": removals.alter_extension,
    "AlterTableStmt": _alter_table,
    "CallStmt": _call,
    "CreateSchemaStmt": _create_schema,
    "CreateSubscriptionStmt": removals.create_subscription,
    "DoStmt": _do,
    "DropOwnedStmt": removals.drop_owned,
    "DropStmt": removals.drop,
    "IndexStmt": _create_index,
    "TransactionStmt": removals.end_prepared,
    "TruncateStmt": removals.truncate,
}
