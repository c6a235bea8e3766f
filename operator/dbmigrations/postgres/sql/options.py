"""Options of utility statements, `(name = value, …)`, as the parse tree has them."""

from dbmigrations.postgres.sql.tree import Node

_FALSE = frozenset({"false", "off", "no", "0"})


def option(nodes: tuple[Node, ...], name: str) -> Node | None:
    """The DefElem of that name; the last one wins, as on the server."""
    found = [node for node in nodes if node.kind == "DefElem" and node.text("defname") == name]
    return found[-1] if found else None


def is_on(nodes: tuple[Node, ...], name: str, *, default: bool) -> bool:
    """A boolean option: on where it is given without a value, `default` where it is not given."""
    given = option(nodes, name)
    if given is None:
        return default
    return option_text(given).lower() not in _FALSE


def option_text(given: Node) -> str:
    """An option's value as text; empty where it has none."""
    value = given.node("arg")
    if value is None:
        return ""
    match value.kind:
        case "String":
            return value.text("sval")
        case "Integer":
            return str(value.number("ival"))
        case "Boolean":
            return str(value.flag("boolval")).lower()
        case "A_Const":
            return constant(value) or ""
        case _:
            return ""


def constant(node: Node) -> str | None:
    """A constant as text; None for NULL and for what is none."""
    value = node.choice("val") if node.kind == "A_Const" and not node.flag("isnull") else None
    if value is None:
        return None
    if value.kind == "Integer":
        return str(value.number("ival"))
    if value.kind == "Boolean":
        return str(value.flag("boolval")).lower()
    return value.text({"String": "sval", "Float": "fval", "BitString": "bsval"}[value.kind])
