"""What a statement changes in what the batch knows: objects made, dropped, renamed and moved, and the search_path.

What cannot be read is said to be unknown, and taken to leave names as they are.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import chain

from dbmigrations.postgres.sql import creating, tying
from dbmigrations.postgres.sql.asking import has_made_plain_type
from dbmigrations.postgres.sql.batch import MIXED, Batch, Fate
from dbmigrations.postgres.sql.blocks import inside_block, inside_call
from dbmigrations.postgres.sql.creating import foreign_key
from dbmigrations.postgres.sql.functions import calls, each_once
from dbmigrations.postgres.sql.kinds import EXECUTED
from dbmigrations.postgres.sql.names import ANY, RelationName
from dbmigrations.postgres.sql.naming import object_name, parts_of, relation_in
from dbmigrations.postgres.sql.noting import with_guarded, with_loosened, with_retyped
from dbmigrations.postgres.sql.reaching import fired
from dbmigrations.postgres.sql.routines import without_routine_named, without_routines
from dbmigrations.postgres.sql.sessions import configured, discard, select, set_variable, transaction
from dbmigrations.postgres.sql.steps import UnreadError
from dbmigrations.postgres.sql.ties import ties_of_schema, with_alias, with_renamed_column
from dbmigrations.postgres.sql.tree import Node, Unparsed
from dbmigrations.postgres.sql.uncertainty import after_maybe, clouded

_RELATIONS = frozenset(
    {
        "OBJECT_FOREIGN_TABLE",
        "OBJECT_INDEX",
        "OBJECT_MATVIEW",
        "OBJECT_SEQUENCE",
        "OBJECT_TABLE",
        "OBJECT_VIEW",
    }
)
_ROUTINES = frozenset({"OBJECT_AGGREGATE", "OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE"})


def batch_after(tree: Node | Unparsed, batch: Batch) -> Batch:
    """The batch as the next statement finds it."""
    if isinstance(tree, Unparsed):
        return batch
    effect = _EFFECTS.get(tree.kind)
    after = batch if effect is None else effect(tree, batch)
    if tree.kind in EXECUTED:
        after = configured(tree, after)
    return _after_calls(tree, batch, after) if after.routines else after


def _after_calls(tree: Node, before: Batch, batch: Batch) -> Batch:
    """Functions of the batch that are called, perhaps for each row; also by triggers and the like."""
    direct = each_once(calls(tree), batch) if tree.kind in EXECUTED else ()
    for call, within in chain(((each, batch) for each in direct), fired(tree, before)):
        try:
            inside = inside_call(call, within, batch_after) if call.kind == "FuncCall" else None
        except UnreadError:
            continue
        if inside:
            made = inside.after.ties is not within.ties
            ties = batch.ties.joined(inside.after.ties) if made else batch.ties
            batch = after_maybe(batch, replace(inside.after, ties=ties))
    return batch


def _do(tree: Node, batch: Batch) -> Batch:
    try:
        return inside_block(tree, batch, batch_after).after
    except UnreadError:
        return batch


def _call(tree: Node, batch: Batch) -> Batch:
    call = tree.node("funccall")
    try:
        inside = inside_call(call, batch, batch_after) if call else None
    except UnreadError:
        inside = None
    return inside.after if inside else batch


def _change_routines(_: Node, batch: Batch) -> Batch:
    """What a name means, or how its body resolves names, may be another."""
    return without_routines(batch)


def _alter_table(tree: Node, batch: Batch) -> Batch:
    relation = relation_in(tree)
    for command in tree.nodes("cmds"):
        batch = tying.evaluated(_alter_command(command, relation, batch), relation, command)
    return batch


def _alter_command(command: Node, relation: RelationName, batch: Batch) -> Batch:
    definition = command.node("def")
    match command.word("subtype"):
        case "AT_AddColumn" if definition:
            if not command.flag("missing_ok"):
                batch = batch.with_column(relation, definition.text("colname"), Fate.MADE)
            for constraint in definition.nodes("constraints"):
                batch = foreign_key(batch, relation, constraint, definition.text("colname"), is_new=False)
                batch = with_guarded(batch, relation)
        case "AT_AddOf" | "AT_AlterColumnType" | "AT_SetExpression":
            batch = with_retyped(batch, relation, command.text("name") or ANY)
        case "AT_DropConstraint" | "AT_DropNotNull":
            batch = with_loosened(batch, relation)
        case "AT_AddConstraint" if definition:
            batch = foreign_key(with_guarded(batch, relation), relation, definition, is_new=True)
        case "AT_DropColumn":
            batch = batch.with_column(relation, command.text("name"), Fate.GONE)
        case "AT_AttachPartition" if definition:
            batch = _attached(batch, relation, relation_in(definition, "name"))
        case "AT_AddInherit" if definition:
            batch = _attached(batch, RelationName.of_range(definition), relation)
        case _:
            pass
    return batch


def _attached(batch: Batch, parent: RelationName, below: RelationName) -> Batch:
    """An existing relation became part of another one, which now holds its rows."""
    batch = tying.child(with_guarded(batch, parent), parent, below)
    origins = batch.origins(below)
    return batch if not origins or batch.origins(parent) else batch.with_origin(parent, origins[0])


def _rename(tree: Node, batch: Batch) -> Batch:
    to = tree.text("newname")
    match tree.word("rename_type"):
        case kind if kind in _ROUTINES:
            return _rename_routine(tree, to, batch)
        case kind if kind in _RELATIONS:
            return _moved(batch, relation_in(tree), RelationName(None, to))
        case "OBJECT_COLUMN":
            relation, column = relation_in(tree), tree.text("subname")
            batch = with_renamed_column(batch, relation, column, to).with_renamed_column(relation, column, to)
        case "OBJECT_TYPE" | "OBJECT_DOMAIN" as kind:
            batch = _rename_type(kind, tree, to, batch)
        case "OBJECT_SCHEMA":
            batch = _rename_schema(tree.text("subname"), to, without_routines(batch))
        case _:
            pass
    return batch


def _moved(batch: Batch, name: RelationName, to: RelationName) -> Batch:
    for place in batch.places(name):
        batch = with_alias(batch, place, to if to.schema else RelationName(place.schema, to.name))
    return batch.with_moved(name, to)


def _rename_routine(tree: Node, to: str, batch: Batch) -> Batch:
    """Either name may stand for another one now: several are told apart by their arguments."""
    named = tree.node("object")
    name = object_name(named) if named else RelationName(None, "")
    for kind in _ROUTINES:
        batch = batch.without_other(kind, name).without_other(kind, RelationName(name.schema, to))
    return without_routines(batch)


def _rename_type(kind: str, tree: Node, to: str, batch: Batch) -> Batch:
    named = tree.node("object")
    name = object_name(named) if named else RelationName(None, "")
    place = RelationName(name.schema, to)
    if not batch.has_made(kind, name):
        return batch.without_other(kind, place).with_constrained_domain(place)
    renamed = batch.without_other(kind, name).with_other(kind, place)
    return renamed if has_made_plain_type(batch, name) else renamed.with_constrained_domain(place)


def _rename_schema(schema: str, to: str, batch: Batch) -> Batch:
    before = batch.schemas.get(schema, schema)
    for tie in tuple(ties_of_schema(batch, schema)):
        batch = with_alias(batch, tie.source, RelationName(to, tie.source.name))
    return _in_renamed(batch, schema, to).with_schema(schema, Fate.GONE).with_schema(to, before)


def _in_renamed(batch: Batch, schema: str, to: str) -> Batch:
    """What is known of what is in the schema is known by its new name."""
    relations, others = batch.relations, batch.others
    for name, fate in batch.relations.items():
        if name.schema == schema:
            relations = relations.discard(name).insert(RelationName(to, name.name), fate)
    for kind, name in batch.others:
        if kind == MIXED and name.name == schema:
            others = others.discard((kind, name)).insert((kind, RelationName(None, to)))
        elif name.schema == schema:
            others = others.discard((kind, name)).insert((kind, RelationName(to, name.name)))
    return replace(batch, relations=relations, others=others)


def _set_schema(tree: Node, batch: Batch) -> Batch:
    """What an extension takes along has no name here."""
    kind, schema = tree.word("object_type"), tree.text("newschema")
    if kind in _RELATIONS:
        name = relation_in(tree)
        return _moved(batch, name, RelationName(schema, name.name))
    if kind == "OBJECT_EXTENSION":
        return clouded(batch)
    named = tree.node("object")
    if named is not None and batch.has_made(kind, object_name(named)):
        return without_routines(batch.without_other(kind, object_name(named)))
    return without_routines(batch.with_mixed(schema))


def _drop(tree: Node, batch: Batch) -> Batch:
    kind = tree.word("remove_type")
    for node in tree.nodes("objects"):
        if kind in _RELATIONS:
            batch = batch.with_gone(object_name(node))
        elif kind == "OBJECT_SCHEMA":
            batch = batch.with_schema(".".join(parts_of(node)), Fate.GONE)
        elif kind in _ROUTINES:
            batch = without_routine_named(batch, object_name(node)).without_other(kind, object_name(node))
        else:
            batch = batch.without_other(kind, object_name(node))
    return batch


def _create_schema(tree: Node, batch: Batch) -> Batch:
    return creating.create_schema(tree, batch, batch_after)


_EFFECTS: dict[str, Callable[[Node, Batch], Batch]] = {
    "AlterDomainStmt": creating.alter_domain,
    "AlterFunctionStmt": _change_routines,
    "AlterObjectSchemaStmt": _set_schema,
    "AlterPolicyStmt": creating.write_policy,
    "AlterTableStmt": _alter_table,
    "CallStmt": _call,
    "CompositeTypeStmt": creating.create_composite_type,
    "CreateCastStmt": creating.create_cast,
    "CreateDomainStmt": creating.create_domain,
    "CreateEnumStmt": creating.create_enumeration,
    "CreateEventTrigStmt": creating.create_event_trigger,
    "CreateForeignTableStmt": creating.create_foreign_table,
    "CreateFunctionStmt": creating.create_function,
    "CreatePolicyStmt": creating.write_policy,
    "CreateRangeStmt": creating.create_type,
    "CreateSchemaStmt": _create_schema,
    "CreateSeqStmt": creating.create_sequence,
    "CreateStatsStmt": creating.create_statistics,
    "CreateStmt": creating.create_table,
    "CreateTableAsStmt": creating.create_table_as,
    "CreateTrigStmt": creating.create_trigger,
    "DefineStmt": creating.define,
    "DiscardStmt": discard,
    "DoStmt": _do,
    "DropStmt": _drop,
    "ImportForeignSchemaStmt": creating.import_foreign_schema,
    "IndexStmt": creating.create_index,
    "RenameStmt": _rename,
    "RuleStmt": creating.create_rule,
    "SelectStmt": select,
    "TransactionStmt": transaction,
    "VariableSetStmt": set_variable,
    "ViewStmt": creating.create_view,
}
