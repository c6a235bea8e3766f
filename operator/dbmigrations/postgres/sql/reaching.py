"""What a statement does to relations that it does not name, and what code it runs without calling it: along ties."""

from collections.abc import Callable, Iterator

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.kinds import EXECUTED
from dbmigrations.postgres.sql.loss import Loss, RowsOf, UnknownLoss, ValuesOf
from dbmigrations.postgres.sql.names import ANY, ColumnName, RelationName
from dbmigrations.postgres.sql.naming import object_name, relation_in
from dbmigrations.postgres.sql.options import is_on
from dbmigrations.postgres.sql.position import Position
from dbmigrations.postgres.sql.ties import Event, Reached, Touch, reached, ties_of_schema, without_tie
from dbmigrations.postgres.sql.tree import Node

_NOWHERE = RelationName(None, "")
_TABLES = frozenset({"OBJECT_TABLE", "OBJECT_FOREIGN_TABLE"})
_ANYTHING = RelationName(None, ANY)
_ALTERING = {
    "AT_AddColumn": Event.REBUILD,
    "AT_AddConstraint": Event.REBUILD,
    "AT_AlterColumnType": Event.RETYPE | Event.REBUILD,
    "AT_AttachPartition": Event.REBUILD,
    "AT_DropColumn": Event.DROP_COLUMN,
    "AT_SetAccessMethod": Event.REBUILD,
    "AT_SetExpression": Event.UPDATE | Event.REBUILD,
    "AT_ValidateConstraint": Event.REBUILD,
}


def touches(tree: Node, batch: Batch) -> Iterator[Touch]:
    """What the statement does to which relations, as it names them; the first is of none, for what always runs."""
    yield Touch(_NOWHERE, Event.READ)
    if not batch.ties:
        return
    match tree.kind:
        case "DropStmt":
            yield from _of_drop(tree, batch)
        case kind if kind in EXECUTED or kind == "ReturnStmt":
            yield from _of_rows(tree)
        case kind if kind in _COMMANDS_OF:
            yield from _COMMANDS_OF[kind](tree)
        case _:
            pass


def _of_truncate(tree: Node) -> Iterator[Touch]:
    for node in tree.nodes("relations"):
        yield Touch(RelationName.of_range(node), Event.TRUNCATE)
        if tree.word("behavior") == "DROP_CASCADE":
            yield Touch(RelationName.of_range(node), Event.CASCADE)


def _of_alter(tree: Node) -> Iterator[Touch]:
    for command in tree.nodes("cmds"):
        for event in _ALTERING.get(command.word("subtype"), Event(0)):
            yield Touch(relation_in(tree), event, frozenset({command.text("name")}))


def _of_refresh(tree: Node) -> Iterator[Touch]:
    yield Touch(relation_in(tree), Event.READ)


def _of_rebuilding(tree: Node) -> Iterator[Touch]:
    """Of a table, or of all that a schema or the database has."""
    yield Touch(relation_in(tree) if tree.node("relation") else _ANYTHING, Event.REBUILD)


def _of_vacuum(tree: Node) -> Iterator[Touch]:
    for name in [relation_in(each) for each in tree.nodes("rels")] or [_ANYTHING]:
        yield Touch(name, Event.REBUILD)


_COMMANDS_OF: dict[str, Callable[[Node], Iterator[Touch]]] = {
    "AlterTableStmt": _of_alter,
    "ClusterStmt": _of_rebuilding,
    "IndexStmt": _of_rebuilding,
    "RefreshMatViewStmt": _of_refresh,
    "ReindexStmt": _of_rebuilding,
    "TruncateStmt": _of_truncate,
    "VacuumStmt": _of_vacuum,
}


def _of_rows(tree: Node) -> Iterator[Touch]:
    if tree.kind == "ExplainStmt" and not is_on(tree.nodes("options"), "analyze", default=False):
        return
    for node in tree.walk():
        match node.kind:
            case "RangeVar":
                yield Touch(RelationName.of_range(node), Event.READ)
            case "InsertStmt":
                yield Touch(relation_in(node), Event.INSERT)
                conflict = node.node("on_conflict_clause")
                if conflict and conflict.nodes("target_list"):
                    yield _update(relation_in(node), conflict)
            case "UpdateStmt":
                yield _update(relation_in(node), node)
            case "DeleteStmt":
                yield Touch(relation_in(node), Event.DELETE)
            case "MergeStmt":
                yield from _of_merge(node)
            case "CopyStmt" if node.flag("is_from"):
                yield Touch(relation_in(node), Event.INSERT)
            case _:
                pass


def _update(relation: RelationName, node: Node) -> Touch:
    return Touch(relation, Event.UPDATE, frozenset(each.text("name") for each in node.nodes("target_list")))


def _of_merge(tree: Node) -> Iterator[Touch]:
    for clause in tree.nodes("merge_when_clauses"):
        match clause.word("command_type"):
            case "CMD_UPDATE":
                yield _update(relation_in(tree), clause)
            case "CMD_DELETE":
                yield Touch(relation_in(tree), Event.DELETE)
            case "CMD_INSERT":
                yield Touch(relation_in(tree), Event.INSERT)
            case _:
                pass


def _of_drop(tree: Node, batch: Batch) -> Iterator[Touch]:
    """A schema that the batch made takes along what hangs on its tables."""
    for node in tree.nodes("objects"):
        if tree.word("remove_type") in _TABLES:
            yield Touch(object_name(node), Event.DROP)
        elif tree.word("remove_type") == "OBJECT_SCHEMA":
            for name in {tie.source for tie in ties_of_schema(batch, object_name(node).name)}:
                yield Touch(name, Event.DROP)


def losses_beyond(tree: Node, batch: Batch, position: Position) -> Iterator[Loss]:
    """What is lost of relations that existed before the batch, without their being named."""
    for touch in touches(tree, batch):
        named = batch.origins(touch.relation)
        for end in reached(batch, touch):
            yield from (each for each in _lost(end, touch.relation, position) if _about(each) not in named)


def _about(loss: Loss) -> RelationName | None:
    match loss:
        case UnknownLoss(only_if=RelationName() as relation):
            return relation
        case UnknownLoss(only_if=ColumnName(relation=relation)):
            return relation
        case _:
            return None


def _lost(end: Reached, via: RelationName, position: Position) -> Iterator[Loss]:
    if end.tie.is_window:
        what = "values" if end.event is Event.UPDATE else "rows"
        yield UnknownLoss(f"{what} of what {via} shows are changed", position)
    elif end.tie.is_quiet:
        return
    elif end.event in _COLUMNS:
        for column in end.columns:
            what = f"values of {column} {_COLUMNS[end.event]} those of {via}"
            yield UnknownLoss(what, position, only_if=column)
    elif end.event is Event.DELETE:
        for origin in end.tie.origins:
            yield UnknownLoss(f"rows of {origin} are deleted with those of {via}", position, only_if=origin)
    elif end.event & (Event.TRUNCATE | Event.CASCADE | Event.DROP):
        yield from (RowsOf(origin, only=False, position=position) for origin in end.tie.origins)
    elif end.event is Event.DROP_COLUMN:
        yield from (ValuesOf(column, position) for column in end.columns)


_COLUMNS = {Event.UPDATE: "are overwritten with", Event.RETYPE: "change type with"}


def schema_holds_older(batch: Batch, schema: str) -> bool:
    """Whether rows that the batch did not make hang on a table of the schema."""
    return any(touches_older(batch, tie.source, Event.DROP) for tie in ties_of_schema(batch, schema))


def touches_older(batch: Batch, relation: RelationName, event: Event) -> bool:
    """Whether what is done to a relation happens to rows that the batch did not make."""
    ends = reached(batch, Touch(relation, event))
    return any(end.tie.is_window or (end.tie.origins and not end.tie.is_quiet) or end.tie.columns for end in ends)


def fired(tree: Node, batch: Batch) -> Iterator[tuple[Node, Batch]]:
    """Calls and statements that run with the statement though it does not name them, and the batch as they see it."""
    seen: list[Node] = []
    for touch in touches(tree, batch):
        for end in reached(batch, touch):
            within = without_tie(batch, end.tie) if end.tie.runs else batch
            for node in end.tie.runs:
                if not any(node is each for each in seen):
                    seen.append(node)
                    yield node, within
