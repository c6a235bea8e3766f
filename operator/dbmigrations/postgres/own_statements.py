"""Statements of our own that go with every migration, prepared once in a session and then only filled in.

Reading and planning them costs the server more than running them. They have names that no script uses by accident, and
a session that is put back with DEALLOCATE ALL lacks them: then they are prepared anew, under other names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dbmigrations.postgres.exchange import Request
from dbmigrations.postgres.queries import Numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from psycopg import sql


@dataclass
class OwnStatements:
    """What is prepared in one session. Their number is `len`."""

    _generation: int = 0
    _known: dict[str, tuple[bytes, Numbered]] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many the session has."""
        return len(self._known)

    def forget(self) -> None:
        """They are gone, or nobody knows whether they are there."""
        self._known.clear()
        self._generation += 1

    def requests(
        self, key: str, query: Callable[[], sql.Composed], values: Mapping[str, object]
    ) -> tuple[Request, ...]:
        """What has the query of this key run, preparing it before where it is not yet.

        `forget` them if these requests are not all done.
        """
        known = self._known.get(key)
        if known is not None:
            name, numbered = known
            return (Request(b"", name, numbered.filled(values)),)
        name, numbered = f"dbmigrations {key} {self._generation}".encode(), Numbered.of(query())
        self._known[key] = (name, numbered)
        return Request(numbered.text, name), Request(b"", name, numbered.filled(values))
