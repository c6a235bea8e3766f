"""Queries of our own, as psycopg takes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg.abc import Params

Query = LiteralString | sql.SQL | sql.Composed


def ready(query: Query, params: Params | None) -> Query:
    """Where there are parameters, psycopg takes every `%` for the beginning of one: also that in a quoted name."""
    if params is None or not isinstance(query, sql.Composed):
        return query
    return sql.Composed([_without_percent(part) for part in query])


def _without_percent(part: sql.Composable) -> sql.Composable:
    match part:
        case sql.SQL():
            return part
        case sql.Composed():
            return sql.Composed([_without_percent(inner) for inner in part])
        case _:
            return sql.SQL(part.as_string(None).replace("%", "%%"))


_NAMED = re.compile(r"%\((\w+)\)s|%%")


@dataclass(frozen=True)
class Numbered:
    """A query with named parameters as the protocol takes it: `$1` for the first of `names`."""

    text: bytes
    names: tuple[str, ...]

    @classmethod
    def of(cls, query: sql.Composed, fixed: Mapping[str, object]) -> Numbered:
        """The same query, where the parameters in `fixed` have these values for good."""
        names: dict[str, None] = {}

        def number(found: re.Match[str]) -> str:
            if found[1] is None:
                return "%"
            if found[1] in fixed:
                return sql.Literal(fixed[found[1]]).as_string(None)
            names.setdefault(found[1])
            return f"${list(names).index(found[1]) + 1}"

        named = sql.Composed([_without_percent(query)]).as_string(None)
        return cls(_NAMED.sub(number, named).encode(), tuple(names))

    def filled(self, values: Mapping[str, object]) -> tuple[str | None, ...]:
        """The parameters in order, as text: texts, numbers, None."""
        return tuple(None if (value := values[name]) is None else str(value) for name in self.names)


def milliseconds(seconds: float) -> str:
    """A time as PostgreSQL's settings take it; anything above 0 stays above 0, which would mean no limit."""
    return f"{max(1, round(seconds * 1000)) if seconds > 0 else 0}ms"
