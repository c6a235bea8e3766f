"""What a statement changes in what the batch knows: objects made, dropped, renamed and moved, and the search_path."""

import re
from collections.abc import Callable

from dbmigrations.postgres.sql.batch import Batch, Fate
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import function_name, is_temporary, object_name, parts_of, relation_in
from dbmigrations.postgres.sql.options import constant
from dbmigrations.postgres.sql.tree import Node, Unparsed

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
    effect = None if isinstance(tree, Unparsed) else _EFFECTS.get(tree.kind)
    if effect is None or isinstance(tree, Unparsed):
        return batch
    return effect(tree, batch)


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
    return batch.with_other("OBJECT_DOMAIN", RelationName.of_parts(tree.texts("domainname")))


def _create_function(tree: Node, batch: Batch) -> Batch:
    if tree.flag("replace"):
        return batch
    kind = "OBJECT_PROCEDURE" if tree.flag("is_procedure") else "OBJECT_FUNCTION"
    return batch.with_other(kind, RelationName.of_parts(tree.texts("funcname")))


def _alter_table(tree: Node, batch: Batch) -> Batch:
    relation = relation_in(tree)
    for command in tree.nodes("cmds"):
        definition = command.node("def")
        match command.word("subtype"):
            case "AT_AddColumn" if definition and not command.flag("missing_ok"):
                batch = batch.with_column(relation, definition.text("colname"), Fate.MADE)
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
        case kind if kind in _RELATIONS:
            return batch.with_moved(relation_in(tree), RelationName(None, to))
        case "OBJECT_COLUMN":
            return batch.with_renamed_column(relation_in(tree), tree.text("subname"), to)
        case "OBJECT_SCHEMA":
            return _rename_schema(tree.text("subname"), to, batch)
        case _:
            return batch


def _rename_schema(schema: str, to: str, batch: Batch) -> Batch:
    before = batch.schemas.get(schema, schema)
    return batch.with_schema(schema, Fate.GONE).with_schema(to, before)


def _set_schema(tree: Node, batch: Batch) -> Batch:
    if tree.word("object_type") not in _RELATIONS:
        return batch
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
    match tree.word("kind"):
        case "VAR_RESET_ALL":
            return batch.with_default_path()
        case "VAR_RESET" | "VAR_SET_DEFAULT" if tree.text("name") == "search_path":
            return batch.with_default_path()
        case "VAR_SET_VALUE" if tree.text("name") == "search_path":
            values = [constant(each) for each in tree.nodes("args")]
            return batch.with_path(_path([value for value in values if value is not None]))
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
        if len(arguments) >= _ARGUMENTS_OF_SET_CONFIG and arguments[0] == "search_path":
            value = arguments[1]
            batch = batch.with_path(None if value is None else _path(value.split(",")))
    return batch


_PLAIN = re.compile(r'\s*(?:"(?P<quoted>[^"$]+)"|(?P<plain>[A-Za-z_][\w$]*))\s*')


def _path(values: list[str]) -> tuple[str, ...] | None:
    """A search_path; None where it depends on the user ("$user") or cannot be read."""
    schemas: list[str] = []
    for value in values:
        if not value.strip():
            continue
        found = _PLAIN.fullmatch(value)
        if found is None:
            return None
        schemas.append(found["quoted"] or found["plain"])
    return tuple(schemas)


_EFFECTS: dict[str, Callable[[Node, Batch], Batch]] = {
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
    "CreateStmt": _makes("relation"),
    "CreateTableAsStmt": _create_table_as,
    "DropStmt": _drop,
    "IndexStmt": _create_index,
    "RenameStmt": _rename,
    "SelectStmt": _select,
    "VariableSetStmt": _set,
    "ViewStmt": _create_view,
}
