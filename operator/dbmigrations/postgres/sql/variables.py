"""What EXECUTE of a variable may run: a text that the body assigns to it, where it has none from elsewhere."""

import re
from collections.abc import Iterator
from typing import Any

from dbmigrations.postgres.sql.steps import Either, Execute, Repeat, Step, Steps

_ASSIGNMENT = (
    r"""\s*(?:"(?:[^"]|"")+"|[\w$\x80-\U0010ffff]+)"""
    r"""(?P<part>\s*\.\s*(?:"(?:[^"]|"")+"|[\w$\x80-\U0010ffff]+)|\s*\[(?P<index>[^\]=]*)\])*\s*:?=(?P<value>.*)"""
)
"""Compiled when it is needed, for that takes longer than all of this module."""

Texts = dict[str, tuple[str, ...]]
"""The expressions that a variable may have its value from, by its name."""


def assignment_in(text: str) -> re.Match[str] | None:
    """The parts of an assignment, of which the parser gives the whole text."""
    return re.fullmatch(_ASSIGNMENT, text, re.DOTALL)


def texts_of_variables(function: dict[str, Any], parameters: frozenset[str]) -> Texts:
    """The texts of each variable of a parsed body that is only ever set by assignments and its declaration.

    Not of `parameters`, which the caller sets, nor of names that are declared more than once.
    """
    datums = function.get("datums", [])
    names = [each.get("refname") for datum in datums for each in datum.values()]
    assigned: dict[int, list[str]] = {}
    otherwise: set[int] = set()
    for kind, fields in _everything([datums, function["action"]]):
        if kind == "PLpgSQL_stmt_assign":
            found = assignment_in(fields["expr"]["PLpgSQL_expr"]["query"])
            if found and found["part"] is None:
                assigned.setdefault(fields["varno"], []).append(found["value"])
            else:
                otherwise.add(fields["varno"])
        elif kind == "PLpgSQL_diag_item":
            otherwise.add(fields["target"])
        elif kind == "PLpgSQL_stmt_call":
            return {}  # an argument may be set by the procedure
        else:
            otherwise.update(_set_by(fields))
    return {
        each["refname"]: tuple(texts)
        for number, datum in enumerate(datums)
        if (each := datum.get("PLpgSQL_var"))
        and number not in otherwise
        and names.count(each["refname"]) == 1
        and each["refname"] not in parameters
        and (texts := [*_declared(each), *assigned.get(number, ())])
    }


def _declared(variable: dict[str, Any]) -> Iterator[str]:
    text = variable.get("default_val", {}).get("PLpgSQL_expr", {}).get("query", "NULL")
    if text.strip().upper() != "NULL":  # EXECUTE of NULL is an error
        yield text


def _set_by(fields: dict[str, Any]) -> Iterator[int]:
    """The numbers of variables that a statement sets by itself: a loop, or INTO a row of them."""
    if "varno" in fields:
        yield fields["varno"]
    for each in fields.get("fields", ()):
        yield each["varno"]


def _everything(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401  # JSON
    """Every node of the parsed body with its kind."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, list):
            pending.extend(reversed(each))
        elif isinstance(each, dict):
            yield from ((key, inner) for key, inner in each.items() if isinstance(inner, dict))
            pending.extend(reversed(each.values()))


def with_texts(steps: Steps, texts: Texts) -> Steps:
    """EXECUTE of a variable is EXECUTE of one of its texts."""
    return tuple(_with_text(step, texts) for step in steps) if texts else steps


def _with_text(step: Step, texts: Texts) -> Step:
    match step:
        case Execute(expression=expression) if found := texts.get(expression.strip().lower()):
            first, *others = (Execute(text) for text in found)
            return Either(((first,), *((each,) for each in others))) if others else first
        case Either(blocks=blocks):
            return Either(tuple(with_texts(block, texts) for block in blocks))
        case Repeat(block=block):
            return Repeat(with_texts(block, texts))
        case _:
            return step
