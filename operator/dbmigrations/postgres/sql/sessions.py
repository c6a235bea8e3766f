"""What SET, DISCARD, savepoints and the end of a transaction change in what the batch knows."""

from dataclasses import replace

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.functions import calls
from dbmigrations.postgres.sql.naming import function_name, is_temporary, relation_in
from dbmigrations.postgres.sql.options import constant
from dbmigrations.postgres.sql.routes import path_in, path_of
from dbmigrations.postgres.sql.tree import Node
from dbmigrations.postgres.sql.uncertainty import clouded

_PATH = "search_path"
_SETTER = "set_config"
_ARGUMENTS_OF_SET_CONFIG = 3


def set_variable(tree: Node, batch: Batch) -> Batch:
    """SET and RESET. What RESET leads back to is the role's own, and not known."""
    name = tree.text("name").lower()
    if name == "timezone":
        return _locally(batch, batch.with_other_zone(), tree)
    match tree.word("kind"):
        case "VAR_RESET_ALL":
            return _with_path(batch, None)
        case "VAR_RESET" | "VAR_SET_DEFAULT" if name == _PATH:
            return _locally(batch, _with_path(batch, None), tree)
        case "VAR_SET_VALUE" if name == _PATH:
            return _locally(batch, _with_path(batch, path_of(tree)), tree)
        case "VAR_SET_CURRENT" if name == _PATH:
            return replace(batch, outer=None)
        case _:
            return batch


def _locally(before: Batch, after: Batch, tree: Node) -> Batch:
    return _as_local(before, after) if tree.flag("is_local") else replace(after, outer=None)


def _as_local(before: Batch, after: Batch) -> Batch:
    """What was set for the transaction only ends with it."""
    outer = before.outer or (before.path, before.path_is_default, before.zone_is_set)
    return replace(after, outer=outer)


def _with_path(batch: Batch, path: tuple[str, ...] | None) -> Batch:
    """What was found along one path that is not known need not be found along another."""
    if batch.path is None and not batch.path_is_default:
        kept = batch.relations
        for name in batch.relations:
            kept = kept.discard(name) if name.schema is None else kept
        batch = replace(batch, relations=kept)
    return batch.with_path(path)


def discard(tree: Node, batch: Batch) -> Batch:
    """DISCARD: temporary relations are gone, and with ALL the settings too."""
    match tree.word("target"):
        case "DISCARD_ALL":
            return _with_path(batch.without_temporary(), None)
        case "DISCARD_TEMP":
            return batch.without_temporary()
        case _:
            return batch


def select(tree: Node, batch: Batch) -> Batch:
    """SELECT … INTO."""
    into = tree.node("into_clause")
    if into is None:
        return batch
    return batch.with_made(relation_in(into, "rel"), temporary=is_temporary(into, "rel"))


def configured(tree: Node, batch: Batch) -> Batch:
    """set_config('search_path', …), as dumps have it, wherever a statement calls it."""
    plain = [target.node("val") for target in tree.nodes("target_list")] if tree.kind == "SelectStmt" else []
    for call in calls(tree):
        if function_name(call)[1] == _SETTER:
            batch = _configured(call, batch, is_certain=any(call == each for each in plain))
    return batch


def _configured(call: Node, batch: Batch, *, is_certain: bool) -> Batch:
    arguments = [constant(each) for each in call.nodes("args")]
    name = (arguments[0] or "").lower() if arguments else ""
    after = batch.with_other_zone() if name in {"", "timezone"} else batch
    if name in {"", _PATH}:
        value = arguments[1] if name and is_certain and len(arguments) == _ARGUMENTS_OF_SET_CONFIG else None
        after = _with_path(after, None if value is None else path_in(value.split(",")))
    if after is batch:
        return batch
    return replace(after, outer=None) if arguments[2:] == ["false"] else _as_local(batch, after)


def transaction(tree: Node, batch: Batch) -> Batch:
    """BEGIN, COMMIT, ROLLBACK, and savepoints: what is rolled back was not done."""
    name = tree.text("savepoint_name")
    match tree.word("kind"):
        case "TRANS_STMT_SAVEPOINT":
            return replace(batch, savepoints=(*batch.savepoints, (name, batch)))
        case "TRANS_STMT_ROLLBACK_TO":
            return _rolled_back(name, batch)
        case "TRANS_STMT_RELEASE":
            return replace(batch, savepoints=batch.savepoints[: _last(name, batch)])
        case "TRANS_STMT_COMMIT":
            return end_of_transaction(batch)
        case "TRANS_STMT_BEGIN" | "TRANS_STMT_START":  # perhaps it stands within a transaction, and does nothing
            return _with_path(batch, None) if batch.outer else batch
        case _:
            return clouded(batch)


def _rolled_back(name: str, batch: Batch) -> Batch:
    """The savepoint itself stays."""
    last = _last(name, batch)
    if last == len(batch.savepoints):
        return clouded(batch)
    return replace(batch.savepoints[last][1], savepoints=batch.savepoints[: last + 1])


def _last(name: str, batch: Batch) -> int:
    every = [number for number, (each, _) in enumerate(batch.savepoints) if each == name]
    return every[-1] if every else len(batch.savepoints)


def end_of_transaction(batch: Batch) -> Batch:
    """What was local to the transaction is no more: settings, savepoints, temporary relations that it was to drop."""
    if batch.outer is not None:
        path, is_default, zone_is_set = batch.outer
        batch = replace(batch, path=path, path_is_default=is_default, zone_is_set=zone_is_set, outer=None)
    if batch.savepoints:
        batch = replace(batch, savepoints=())
    return replace(batch.without_temporary(), is_passing=False) if batch.is_passing else batch
