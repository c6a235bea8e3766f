"""The text of EXECUTE, where it is constant but for names and values that are quoted into it.

`format()` with %I and %L, quote_ident(), quote_literal() and quote_nullable() make exactly one name or one constant
of whatever they are given: what the statement is does not depend on it. ANY stands for it. to_char() of a time makes
digits where its pattern asks for nothing else, as the names of partitions have: of a name with such digits nothing is
known either.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dbmigrations.postgres.sql.names import ANY
from dbmigrations.postgres.sql.naming import function_name
from dbmigrations.postgres.sql.options import constant
from dbmigrations.postgres.sql.tree import Node, Unparsed, parse

_OF_TO_CHAR = 2
_QUOTING = {"quote_ident": "I", "quote_literal": "L", "quote_nullable": "L"}
_SPECIFIER = re.compile(r"%(?:(?P<position>\d+)\$)?(?P<kind>[ILs%])")

_OPEN, _SHUT = "\x01", "\x02"
"""Around a name that is quoted in: no text of a script has them."""

DIGITS = "\ue000"
"""Stands for digits that are not known, until the whole text is there. PostgreSQL takes it for a letter."""
_MADE_OFDIGITS = r"(?:FM)?(?:[YI]{1,4}|MM|I?D{1,3}|HH(?:12|24)?|MI|SS|MS|US|[WI]W|W|J|Q|_)+"
"""Patterns of to_char(). Compiled when it is needed."""
_WITHDIGITS = rf"""(?P<name>"(?:[^"]|"")*")|(?P<string>'(?:[^']|'')*')|[\w$]*{DIGITS}[\w${DIGITS}]*"""

_NAME = re.compile(rf"(?:[\w${DIGITS}]*{_OPEN}[^{_SHUT}]*{_SHUT})+[\w${DIGITS}]*")


def text_of(expression: str, values: Mapping[str, str] | None = None) -> str | None:
    """What an expression of PL/pgSQL evaluates to; None where it depends on more than names and values.

    Args:
        expression: as it stands behind EXECUTE.
        values: of the variables whose text is known.
    """
    text = piece_of(expression, values or {})
    if text is None or any(map(_is_torn, _NAME.finditer(text))):
        return None
    text = _NAME.sub(_as_one_name, text)
    return _settled(text) if DIGITS in text else text


def piece_of(expression: str, values: Mapping[str, str]) -> str | None:
    """The same of what a text is made of: in it is still marked what is not known, for what stands beside it counts."""
    value = _target(expression)
    return None if value is None else _Texts(values).text(value)


def _settled(text: str) -> str | None:
    """Without the digits that are not known: what they stand in is any name, or any number."""
    return None if "\\" in text else re.sub(_WITHDIGITS, _stand_in, text)


def _stand_in(found: re.Match[str]) -> str:
    whole = found[0]
    if DIGITS not in whole:
        return whole
    if found["string"]:
        return whole.replace(DIGITS, ANY)
    return "0" if whole.replace(DIGITS, "0").isdigit() else f'"{ANY}"'


def elements_of(expression: str, values: Mapping[str, str]) -> tuple[str, ...] | None:
    """The texts in an array that is written out; None: it is no such array, or one is not known."""
    node = _target(expression)
    if node is not None and node.kind == "TypeCast":
        type_name = node.node("type_name")
        is_text = type_name is not None and _keeps_texts(type_name)
        node = node.node("arg") if is_text else None
    if node is None or node.kind != "A_ArrayExpr":
        return None
    texts = [_Texts(values).text(each) for each in node.nodes("elements")]
    return None if any(text is None for text in texts) else tuple(text for text in texts if text is not None)


def _as_printed(value: Node) -> str | None:
    """A constant as format() prints it; None where that is not as it is written: true is `t`, 1e3 is 1000."""
    found = value.choice("val")
    return constant(value) if found is not None and found.kind in {"Integer", "String"} else None


def _keeps_texts(type_name: Node) -> bool:
    """Whether a text that is cast to it stays whole: not so to varchar(3)."""
    return type_name.texts("names")[-1:] in {("text",), ("varchar",), ("name",)} and not type_name.nodes("typmods")


_LISTS, _CLAUSES = ("from_clause", "group_clause"), ("where_clause", "having_clause", "limit_count", "limit_offset")
"""With these an expression of PL/pgSQL may be NULL, whatever it says."""


def _target(expression: str) -> Node | None:
    tree = parse(f"SELECT {expression}")
    if isinstance(tree, Unparsed) or tree.kind != "SelectStmt" or len(tree.nodes("target_list")) != 1:
        return None
    may_be_without_row = any(map(tree.nodes, _LISTS)) or any(map(tree.node, _CLAUSES))
    return None if may_be_without_row else tree.nodes("target_list")[0].node("val")


_WHOLE = re.compile(f"{_OPEN}[^{_SHUT}]*{_SHUT}")
_SIMPLE = re.compile(rf"(?:[\w$]|{_OPEN}(?:[a-z_][a-z0-9_]*|{re.escape(ANY)}){_SHUT})*")


def _is_torn(found: re.Match[str]) -> bool:
    """Whether a name that needs its quotes stands within another: `idx_%I` is two words then."""
    return not _WHOLE.fullmatch(found[0]) and not _SIMPLE.fullmatch(found[0])


def _as_one_name(found: re.Match[str]) -> str:
    """`idx_%I_key` makes one name of what stands around it."""
    whole = _WHOLE.fullmatch(found[0]) is not None
    name = re.sub(f"[{_OPEN}{_SHUT}]", "", found[0])
    if whole or ANY in name:
        return f'"{name if whole else ANY}"'
    return f'"{name.lower()}"'


@dataclass(frozen=True, slots=True)
class _Texts:
    values: Mapping[str, str] = field(default_factory=dict)

    def text(self, node: Node) -> str | None:
        match node.kind:
            case "A_Const":
                return _as_printed(node)
            case "ColumnRef":
                fields = node.texts("fields")
                return self.values.get(fields[0]) if len(fields) == len(node.nodes("fields")) == 1 else None
            case "TypeCast":
                inner, type_name = node.node("arg"), node.node("type_name")
                is_text = type_name is not None and _keeps_texts(type_name) and type_name.texts("names")[-1] != "name"
                return self.text(inner) if inner and is_text else None
            case "A_Expr" if node.texts("name") == ("||",):
                left, right = node.node("lexpr"), node.node("rexpr")
                return _joined(self.text(each) if each else None for each in (left, right))
            case "FuncCall" if function_name(node)[0] in {"", "pg_catalog"}:
                return self._call(node, function_name(node)[1])
            case _:
                return None

    def _call(self, node: Node, name: str) -> str | None:
        arguments = node.nodes("args")
        if name in _QUOTING and len(arguments) == 1:
            return self._quoted(_QUOTING[name], arguments[0])
        if name == "to_char" and len(arguments) == _OF_TO_CHAR:
            pattern = constant(arguments[1])
            return DIGITS if pattern and re.fullmatch(_MADE_OFDIGITS, pattern, re.IGNORECASE) else None
        if name == "lower" and len(arguments) == 1:
            text = self.text(arguments[0])
            return None if text is None or not text.replace(DIGITS, "").isascii() else text.lower()
        if name == "concat":
            return _joined(map(self.text, arguments))
        if name == "format" and arguments and not node.flag("func_variadic"):
            template = self.text(arguments[0])
            return None if template is None else self._formatted(template, arguments[1:])
        return None

    def _quoted(self, kind: str, argument: Node) -> str | None:
        text = self.text(argument)
        if kind == "s":
            return text
        known = ANY if text is None or _OPEN in text else text
        if kind == "I":
            return _OPEN + known.replace('"', '""') + _SHUT
        return "'" + known.replace("'", "''") + "'"

    def _formatted(self, template: str, arguments: tuple[Node, ...]) -> str | None:
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
            pieces.append(self._quoted(found["kind"], arguments[index]) if 0 <= index < len(arguments) else None)
        pieces.append(_without_specifiers(template[done:]))
        return _joined(iter(pieces))


def _joined(parts: Iterator[str | None]) -> str | None:
    every = list(parts)
    return None if any(part is None for part in every) else "".join(part for part in every if part is not None)


def _without_specifiers(text: str) -> str | None:
    """None where a % is left: a width, or a mistake."""
    return None if "%" in text else text
