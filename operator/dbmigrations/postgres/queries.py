"""Queries of our own, as psycopg takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

if TYPE_CHECKING:
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


def milliseconds(seconds: float) -> str:
    """A time as PostgreSQL's settings take it; anything above 0 stays above 0, which would mean no limit."""
    return f"{max(1, round(seconds * 1000)) if seconds > 0 else 0}ms"
