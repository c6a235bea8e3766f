"""What a statement changes in what the batch knows: objects made, dropped, renamed and moved, and the search_path.

What cannot be read is said to be unknown, and taken to leave names as they are.
"""

from collections.abc import Callable

from dbmigrations.postgres.sql.asking import has_made_plain_type, routine_may_exist
from dbmigrations.postgres.sql.batch import Batch, Fate
from dbmigrations.postgres.sql.blocks import inside_block, inside_call
from dbmigrations.postgres.sql.functions import calls, each_once
from dbmigrations.postgres.sql.kinds import EXECUTED
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import function_name, is_temporary, object_name, parts_of, relation_in
from dbmigrations.postgres.sql.options import constant
from dbmigrations.postgres.sql.plain_types import is_plain
from dbmigrations.postgres.sql.routes import path_in, path_of
from dbmigrations.postgres.sql.steps import UnreadError
from dbmigrations.postgres.sql.tree import Node, Unparsed
from dbmigrations.postgres.sql.uncertainty import after_maybe

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


def batch_after(tree: Node | Unparsed, batch: Batch) -> Batch:
    """The batch as the next statement finds it."""
    if isinstance(tree, Unparsed):
        return batch
    effect = _EFFECTS.get(tree.kind)
    after = batch if effect is None else effect(tree, batch)
    return _after_calls(tree, after) if tree.kind in EXECUTED and after.routines else after


def _after_calls(tree: Node, batch: Batch) -> Batch:
    """Functions of the batch that are called, perhaps for each row."""
    for call in each_once(calls(tree)):
        try:
            inside = inside_call(call, batch, batch_after)
        except UnreadError:
            continue
        batch = after_maybe(batch, inside.after) if inside else batch
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


def _makes(field: str) -> Callable[[Node, Batch], Batch]:
    def effect(tree: Node, batch: Batch) -> Batch:
        return batch.with_made(
            relation_in(tree, field),
            temporary=is_temporary(tree, field),
            unless_exists=tree.flag("if_not_exists"),
        )

    return effect


def _create_foreign_table(tree: Node, batch: Batch) -> Batch:
    base = tree.node("base_stmt")
    return batch if base is None else _makes("relation")(base, batch).with_window(relation_in(base))


def _create_index(tree: Node, batch: Batch) -> Batch:
    name = tree.text("idxname")
    if not name:
        return batch
    table = batch.place(relation_in(tree))
    return batch.with_made(RelationName(table.schema, name), unless_exists=tree.flag("if_not_exists"))


def _create_view(tree: Node, batch: Batch) -> Batch:
    temporary = is_temporary(tree, "view")
    name = relation_in(tree, "view")
    return batch.with_made(name, temporary=temporary, unless_exists=tree.flag("replace")).with_window(name)


def _create_table_as(tree: Node, batch: Batch) -> Batch:
    into = tree.node("into")
    if into is None:
        return batch
    temporary = is_temporary(into, "rel")
    return batch.with_made(relation_in(into, "rel"), temporary=temporary, unless_exists=tree.flag("if_not_exists"))


def _create_schema(tree: Node, batch: Batch) -> Batch:
    schema = tree.text("schemaname")
    if schema and not tree.flag("if_not_exists"):
        batch = batch.with_schema(schema, Fate.MADE)
    return batch


def _create_type(tree: Node, batch: Batch) -> Batch:
    return batch.with_other("OBJECT_TYPE", RelationName.of_parts(tree.texts("type_name")))


def _create_composite_type(tree: Node, batch: Batch) -> Batch:
    return batch.with_other("OBJECT_TYPE", relation_in(tree, "typevar"))


def _create_domain(tree: Node, batch: Batch) -> Batch:
    name = RelationName.of_parts(tree.texts("domainname"))
    batch = batch.with_other("OBJECT_DOMAIN", name)
    checks = {each.word("contype") for each in tree.nodes("constraints")} - {"CONSTR_DEFAULT", "CONSTR_NULL"}
    base = tree.node("type_name")
    plain = base is not None and is_plain(base, batch)
    return batch if plain and not checks else batch.with_constrained_domain(name)


def _alter_domain(tree: Node, batch: Batch) -> Batch:
    name = RelationName.of_parts(tree.texts("type_name"))
    return batch.with_constrained_domain(name) if tree.text("subtype") in {"O", "C"} else batch


def _create_table(tree: Node, batch: Batch) -> Batch:
    before, relation = batch, relation_in(tree)
    batch = _makes("relation")(tree, batch)
    if batch is before:
        return batch
    for node in tree.walk():
        if node.kind == "Constraint" and node.word("contype") == "CONSTR_FOREIGN":
            batch = _refers(batch, relation, node)
    return batch


def _refers(batch: Batch, relation: RelationName, constraint: Node) -> Batch:
    if batch.origins(relation):
        return batch
    return batch.with_reference(relation, relation_in(constraint, "pktable"))


def _create_function(tree: Node, batch: Batch) -> Batch:
    name = RelationName.of_parts(tree.texts("funcname"))
    kind = "OBJECT_PROCEDURE" if tree.flag("is_procedure") else "OBJECT_FUNCTION"
    made = batch.with_routine(name, tree)
    return made if tree.flag("replace") and routine_may_exist(batch, kind, name) else made.with_other(kind, name)


def _change_routines(_: Node, batch: Batch) -> Batch:
    """What a name means, or how its body resolves names, may be another."""
    return batch.without_routines()


def _alter_table(tree: Node, batch: Batch) -> Batch:
    relation = relation_in(tree)
    for command in tree.nodes("cmds"):
        definition = command.node("def")
        match command.word("subtype"):
            case "AT_AddColumn" if definition and not command.flag("missing_ok"):
                batch = batch.with_column(relation, definition.text("colname"), Fate.MADE)
            case "AT_AlterColumnType":
                batch = batch.with_retyped(relation, command.text("name"))
            case "AT_DropConstraint" | "AT_DropNotNull":
                batch = batch.with_loosened(relation)
            case "AT_AddConstraint" if definition and definition.word("contype") == "CONSTR_FOREIGN":
                batch = _refers(batch, relation, definition)
            case "AT_DropColumn":
                batch = batch.with_column(relation, command.text("name"), Fate.GONE)
            case "AT_AttachPartition" if definition:
                batch = batch.with_attached(relation, relation_in(definition, "name"))
            case "AT_AddInherit" if definition:
                batch = batch.with_attached(relation, RelationName.of_range(definition))
            case _:
                pass
    return batch


def _rename(tree: Node, batch: Batch) -> Batch:
    to = tree.text("newname")
    match tree.word("rename_type"):
        case "OBJECT_FUNCTION" | "OBJECT_PROCEDURE" | "OBJECT_ROUTINE" | "OBJECT_SCHEMA" if batch.routines:
            return _rename(tree, batch.without_routines())
        case kind if kind in _RELATIONS:
            return batch.with_moved(relation_in(tree), RelationName(None, to))
        case "OBJECT_COLUMN":
            return batch.with_renamed_column(relation_in(tree), tree.text("subname"), to)
        case "OBJECT_TYPE" | "OBJECT_DOMAIN" as kind:
            return _rename_type(kind, tree, to, batch)
        case "OBJECT_SCHEMA":
            return _rename_schema(tree.text("subname"), to, batch)
        case _:
            return batch


def _rename_type(kind: str, tree: Node, to: str, batch: Batch) -> Batch:
    named = tree.node("object")
    name = object_name(named) if named else RelationName(None, "")
    place = RelationName(name.schema, to)
    if not batch.has_made(kind, name):
        return batch
    renamed = batch.with_other(kind, place)
    return renamed if has_made_plain_type(batch, name) else renamed.with_constrained_domain(place)


def _rename_schema(schema: str, to: str, batch: Batch) -> Batch:
    before = batch.schemas.get(schema, schema)
    return batch.with_schema(schema, Fate.GONE).with_schema(to, before)


def _set_schema(tree: Node, batch: Batch) -> Batch:
    if tree.word("object_type") not in _RELATIONS:
        return batch.without_routines()
    name = relation_in(tree)
    return batch.with_moved(name, RelationName(tree.text("newschema"), name.name))


def _drop(tree: Node, batch: Batch) -> Batch:
    kind = tree.word("remove_type")
    for node in tree.nodes("objects"):
        if kind in _RELATIONS:
            batch = batch.with_gone(object_name(node))
        elif kind == "OBJECT_SCHEMA":
            batch = batch.with_schema(".".join(parts_of(node)), Fate.GONE)
    return batch


def _set(tree: Node, batch: Batch) -> Batch:
    if tree.text("name").lower() == "timezone":
        return batch.with_other_zone()
    match tree.word("kind"):
        case "VAR_RESET_ALL":
            return batch.with_default_path()
        case "VAR_RESET" | "VAR_SET_DEFAULT" if tree.text("name") == "search_path":
            return batch.with_default_path()
        case "VAR_SET_VALUE" if tree.text("name") == "search_path":
            return batch.with_path(path_of(tree))
        case _:
            return batch


_ARGUMENTS_OF_SET_CONFIG = 2


def _select(tree: Node, batch: Batch) -> Batch:
    """SELECT set_config('search_path', …), as dumps have it; SELECT … INTO."""
    into = tree.node("into_clause")
    if into is not None:
        batch = batch.with_made(relation_in(into, "rel"), temporary=is_temporary(into, "rel"))
    for target in tree.nodes("target_list"):
        call = target.node("val")
        if call is None or call.kind != "FuncCall" or function_name(call)[1] != "set_config":
            continue
        arguments = [constant(each) for each in call.nodes("args")]
        if arguments and (arguments[0] or "timezone").lower() == "timezone":
            batch = batch.with_other_zone()
        if len(arguments) >= _ARGUMENTS_OF_SET_CONFIG and arguments[0] == "search_path":
            value = arguments[1]
            batch = batch.with_path(None if value is None else path_in(value.split(",")))
    return batch


_EFFECTS: dict[str, Callable[[Node, Batch], Batch]] = {
    "AlterDomainStmt": _alter_domain,
    "AlterFunctionStmt": _change_routines,
    "CallStmt": _call,
    "DoStmt": _do,
    "AlterObjectSchemaStmt": _set_schema,
    "AlterTableStmt": _alter_table,
    "CompositeTypeStmt": _create_composite_type,
    "CreateDomainStmt": _create_domain,
    "CreateEnumStmt": _create_type,
    "CreateForeignTableStmt": _create_foreign_table,
    "CreateFunctionStmt": _create_function,
    "CreateRangeStmt": _create_type,
    "CreateSchemaStmt": _create_schema,
    "CreateSeqStmt": _makes("sequence"),
    "CreateStmt": _create_table,
    "CreateTableAsStmt": _create_table_as,
    "DropStmt": _drop,
    "IndexStmt": _create_index,
    "RenameStmt": _rename,
    "SelectStmt": _select,
    "VariableSetStmt": _set,
    "ViewStmt": _create_view,
}
