"""The text of EXECUTE, where it is constant but for names and values that are quoted into it.

`format()` with %I and %L, quote_ident(), quote_literal() and quote_nullable() make exactly one name or one constant
of whatever they are given: what the statement is does not depend on it. ANY stands for it.
"""

import re
from collections.abc import Iterator

from dbmigrations.postgres.sql.names import ANY
from dbmigrations.postgres.sql.naming import function_name
from dbmigrations.postgres.sql.options import constant
from dbmigrations.postgres.sql.tree import Node, Unparsed, parse

_QUOTING = {"quote_ident": "I", "quote_literal": "L", "quote_nullable": "L"}
_SPECIFIER = re.compile(r"%(?:(?P<position>\d+)\$)?(?P<kind>[ILs%])")


def text_of(expression: str) -> str | None:
    """What an expression of PL/pgSQL evaluates to; None where it depends on more than names and values."""
    tree = parse(f"SELECT {expression}")
    if isinstance(tree, Unparsed) or tree.kind != "SelectStmt" or len(tree.nodes("target_list")) != 1:
        return None
    value = tree.nodes("target_list")[0].node("val")
    return None if value is None else _text(value)


def _text(node: Node) -> str | None:
    match node.kind:
        case "A_Const":
            return constant(node)
        case "TypeCast":
            inner, type_name = node.node("arg"), node.node("type_name")
            is_text = type_name is not None and type_name.texts("names")[-1:] in {("text",), ("varchar",)}
            return _text(inner) if inner and is_text else None
        case "A_Expr" if node.texts("name") == ("||",):
            left, right = node.node("lexpr"), node.node("rexpr")
            return _joined(_text(each) if each else None for each in (left, right))
        case "FuncCall" if function_name(node)[0] in {"", "pg_catalog"}:
            return _call(node, function_name(node)[1])
        case _:
            return None


def _call(node: Node, name: str) -> str | None:
    arguments = node.nodes("args")
    if name in _QUOTING and len(arguments) == 1:
        return _quoted(_QUOTING[name], arguments[0])
    if name == "concat":
        return _joined(map(_text, arguments))
    if name == "format" and arguments and not node.flag("func_variadic"):
        template = _text(arguments[0])
        return None if template is None else _formatted(template, arguments[1:])
    return None


def _joined(parts: Iterator[str | None]) -> str | None:
    every = list(parts)
    return None if any(part is None for part in every) else "".join(part for part in every if part is not None)


def _quoted(kind: str, argument: Node) -> str | None:
    text = _text(argument)
    if kind == "s":
        return text
    known = ANY if text is None else text
    mark = '"' if kind == "I" else "'"
    return mark + known.replace(mark, mark * 2) + mark


def _formatted(template: str, arguments: tuple[Node, ...]) -> str | None:
    pieces: list[str | None] = []
    done = following = 0
    for found in _SPECIFIER.finditer(template):
        pieces.append(_without_specifiers(template[done : found.start()]))
        done = found.end()
        if found["kind"] == "%":
            pieces.append("%")
            continue
        index = int(found["position"]) - 1 if found["position"] else following
        following = index + 1
        pieces.append(_quoted(found["kind"], arguments[index]) if 0 <= index < len(arguments) else None)
    pieces.append(_without_specifiers(template[done:]))
    return _joined(iter(pieces))


def _without_specifiers(text: str) -> str | None:
    """None where a % is left: a width, or a mistake."""
    return None if "%" in text else text
