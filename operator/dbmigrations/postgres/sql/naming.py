"""Names as the parse tree has them: objects of DROP and RENAME, types, functions."""

from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.options import constant
from dbmigrations.postgres.sql.tree import Node


def parts_of(node: Node) -> tuple[str, ...]:
    """The parts of an object's name, outermost first: `("public", "orders")`."""
    match node.kind:
        case "String":
            return (node.text("sval"),)
        case "List":
            return node.texts("items")
        case "TypeName":
            return node.texts("names")
        case "ObjectWithArgs":
            return node.texts("objname")
        case "RangeVar":
            return tuple(part for part in (node.text("schemaname"), node.text("relname")) if part)
        case _:
            return ()


def object_name(node: Node) -> RelationName:
    """The name of an object in a schema."""
    return RelationName.of_parts(parts_of(node))


def relation_in(tree: Node, field: str = "relation") -> RelationName:
    """The relation that a field names; an empty name where it is not set."""
    node = tree.node(field)
    return RelationName(None, "") if node is None else RelationName.of_range(node)


def table_made(tree: Node) -> RelationName | None:
    """The table that a statement makes, which was not there before; None: it makes none, or perhaps none."""
    return relation_in(tree) if tree.kind == "CreateStmt" and not tree.flag("if_not_exists") else None


def is_temporary(tree: Node, field: str = "relation") -> bool:
    """Whether CREATE makes a temporary relation."""
    node = tree.node(field)
    return node is not None and (node.text("relpersistence") == "t" or node.text("schemaname") == "pg_temp")


def type_text(type_name: Node) -> str:
    """A type as people write it, near enough to format_type() for retyping_keeps_values()."""
    names = [name for name in type_name.texts("names") if name != "pg_catalog"]
    modifiers = [constant(each) or "?" for each in type_name.nodes("typmods")]
    if names == ["interval"] and modifiers:
        modifiers = ["?"]  # a mask of fields comes first: not to be taken for digits
    inner = f"({','.join(modifiers)})" if modifiers else ""
    return ".".join(names) + inner + "[]" * len(type_name.nodes("array_bounds"))


def function_name(call: Node) -> tuple[str, str]:
    """Schema (empty: none given) and name of a called function."""
    parts = call.texts("funcname")
    return ".".join(parts[:-1]), parts[-1] if parts else ""
