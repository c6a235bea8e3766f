"""Statements of our own that go with every migration, prepared once in a session and then only filled in.

Reading and planning them costs the server more than running them. They have names that no script uses by accident, and
a session that is put back with DEALLOCATE ALL lacks them: then they are prepared anew, under other names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from psycopg import pq, sql

from dbmigrations.postgres.queries import Numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import psycopg


@dataclass
class OwnStatements:
    """What is prepared in one session. Their number is `len`."""

    connection: psycopg.Connection[Any]
    _generation: int = 0
    _known: dict[tuple[str, tuple[object, ...]], tuple[bytes, Numbered]] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many the session has."""
        return len(self._known)

    def forget(self) -> None:
        """They are gone, or nobody knows whether they are there."""
        self._known.clear()
        self._generation += 1

    def statements(
        self,
        key: str,
        query: Callable[[], sql.Composed],
        values: Mapping[str, object] = MappingProxyType({}),
        *,
        fixed: Mapping[str, object] = MappingProxyType({}),
    ) -> tuple[bytes, ...]:
        """What has the query of this key run, preparing it before where it is not yet.

        `forget` them if these statements are not all done.

        Args:
            key: names the query.
            query: makes it, with named parameters.
            values: those that differ from time to time.
            fixed: those that mostly do not: they are prepared with it.
        """
        known = self._known.get(place := (key, tuple(fixed.values())))
        if known is not None:
            return (self._filled(*known, values),)
        name = sql.Identifier(f"dbmigrations {key} {self._generation}.{len(self._known)}").as_bytes(None)
        numbered = Numbered.of(query(), fixed)
        self._known[place] = (name, numbered)
        return b"PREPARE " + name + b" AS " + numbered.text, self._filled(name, numbered, values)

    def _filled(self, name: bytes, numbered: Numbered, values: Mapping[str, object]) -> bytes:
        filled = numbered.filled(values)
        if not filled:
            return b"EXECUTE " + name
        literal = pq.Escaping(self.connection.pgconn).escape_literal
        words = [b"NULL" if value is None else bytes(literal(value.encode())) for value in filled]
        return b"EXECUTE " + name + b"(" + b", ".join(words) + b")"
