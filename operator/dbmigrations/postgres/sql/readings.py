"""Where a body in PL/pgSQL reads a variable, and so which of its values it can find there.

Told by text: wherever a word of the body is its name, it is read. One reading too many costs an answer only.
"""

import re
from collections.abc import Iterator
from typing import Any

_BODIES = {"PLpgSQL_stmt_foreach_a", "PLpgSQL_stmt_fori"}


def is_set_wherever_read(function: dict[str, Any], number: int, name: str) -> bool:
    """Whether the only assignment of a variable comes before whatever reads it: nothing finds NULL in it.

    All that reads it must follow in the list of statements that holds the assignment, however deep: of such a list
    nothing is run without what stands before it.
    """
    rest = next((found for found in _from_assignment(function["action"], number)), None)
    return rest is not None and _readings(rest, name) == _readings(function, name)


def loops_around(function: dict[str, Any], number: int, name: str) -> frozenset[str]:
    """The variables of loops outside of which the variable is neither set nor read.

    Returns:
        the name of a variable, or its number where the parser gives only that.
    """
    everywhere = _readings(function, name), _settings(function, number)
    found: set[str] = set()
    for kind, fields in _statements(function["action"]):
        body = fields.get("body", [])
        if kind in _BODIES and (_readings(body, name), _settings(body, number)) == everywhere:
            own = fields.get("var", {}).get("PLpgSQL_var", {}).get("refname")
            found.add(own or f"#{fields['varno']}")
    return frozenset(found)


_ASSIGNMENT = (
    r"""\s*(?:"(?:[^"]|"")+"|[\w$\x80-\U0010ffff]+)"""
    r"""(?P<part>\s*\.\s*(?:"(?:[^"]|"")+"|[\w$\x80-\U0010ffff]+)|\s*\[(?P<index>[^\]=]*)\])*\s*:?=(?P<value>.*)"""
)
"""Compiled when it is needed, for that takes longer than all of this module."""


def assignment_in(text: str) -> re.Match[str] | None:
    """The parts of an assignment, of which the parser gives the whole text."""
    return re.fullmatch(_ASSIGNMENT, text, re.DOTALL)


def assignment_of(kind: str, fields: dict[str, Any]) -> tuple[int, str] | None:
    """The number of the variable that a statement sets as a whole, and the expression: also SELECT … INTO one.

    Whether such a SELECT has exactly one row, its text tells.
    """
    if kind == "PLpgSQL_stmt_assign":
        found = assignment_in(fields["expr"]["PLpgSQL_expr"]["query"])
        return (fields["varno"], found["value"]) if found and found["part"] is None else None
    if kind == "PLpgSQL_stmt_execsql" and fields.get("into"):
        targets = fields["target"].get("PLpgSQL_row", {}).get("fields", ())
        query = fields["sqlstmt"]["PLpgSQL_expr"]["query"].strip()
        if len(targets) == 1 and query[:6].upper() == "SELECT":
            return targets[0]["varno"], query[6:]
    return None


def _from_assignment(value: Any, number: int) -> Iterator[list[Any]]:  # noqa: ANN401  # JSON
    """Lists of statements, from the assignment of that variable on."""
    for each in _lists(value):
        for at, statement in enumerate(each):
            items = statement.items() if isinstance(statement, dict) else ()
            if any(told and told[0] == number for told in (assignment_of(*item) for item in items)):
                yield each[at:]


def _readings(value: Any, name: str) -> int:  # noqa: ANN401  # JSON
    """How often the text of what is evaluated holds the name."""
    word = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])", re.IGNORECASE)
    return sum(len(word.findall(text)) for text in _queries(value))


def _settings(value: Any, number: int) -> int:  # noqa: ANN401  # JSON
    told = (assignment_of(*statement) for statement in _statements(value))
    return sum(each is not None and each[0] == number for each in told)


def _queries(value: Any) -> Iterator[str]:  # noqa: ANN401  # JSON
    for each in everything(value):
        if isinstance(each, dict) and isinstance(each.get("query"), str):
            yield each["query"]


def _lists(value: Any) -> Iterator[list[Any]]:  # noqa: ANN401  # JSON
    return (each for each in everything(value) if isinstance(each, list))


def _statements(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401  # JSON
    for each in everything(value):
        if isinstance(each, dict):
            yield from ((kind, fields) for kind, fields in each.items() if kind.startswith("PLpgSQL_stmt_"))


def everything(value: Any) -> Iterator[Any]:  # noqa: ANN401  # JSON
    """The value and all that it holds, in the order of its text."""
    pending = [value]
    while pending:
        each = pending.pop()
        yield each
        if isinstance(each, list):
            pending.extend(reversed(each))
        elif isinstance(each, dict):
            pending.extend(reversed(each.values()))
