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


def loops_around(function: dict[str, Any], name: str) -> frozenset[str]:
    """The variables of loops outside of which the variable is neither set nor read.

    Returns:
        the name of a variable, or its number where the parser gives only that.
    """
    everywhere = _readings(function, name)
    found: set[str] = set()
    for kind, fields in _statements(function["action"]):
        if kind in _BODIES and _readings(fields.get("body", []), name) == everywhere:
            own = fields.get("var", {}).get("PLpgSQL_var", {}).get("refname")
            found.add(own or f"#{fields['varno']}")
    return frozenset(found)


def _from_assignment(value: Any, number: int) -> Iterator[list[Any]]:  # noqa: ANN401  # JSON
    """Lists of statements, from the assignment of that variable on."""
    for each in _lists(value):
        for at, statement in enumerate(each):
            fields = statement.get("PLpgSQL_stmt_assign") if isinstance(statement, dict) else None
            if fields and fields["varno"] == number:
                yield each[at:]


def _readings(value: Any, name: str) -> int:  # noqa: ANN401  # JSON
    """How often the text of what is evaluated holds the name."""
    word = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])", re.IGNORECASE)
    return sum(len(word.findall(text)) for text in _queries(value))


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
