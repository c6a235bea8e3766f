"""Whether the watches still deliver. Pure: the caller brings the lists, the events and the time.

A watch can freeze without an error, and Kopf drops the server's bookmarks before handlers see them, so a silent watch
and a dead one look alike. A periodic LIST tells them apart: what stands in it with a version that no event has brought
for a while was missed. A deletion that no event brought is no sign of a dead watch: a watch that starts anew after
410 Gone leaves it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = tuple[str, str]
"""Namespace and name of a DatabaseMigration."""

GRACE = 15.0
"""Seconds that an event may take from the API server to us."""


class Watchfulness:
    """What the watch has brought, compared with what is there."""

    def __init__(self) -> None:
        self._seen: dict[Key, str] = {}
        self._missed_since: dict[Key, float] = {}

    def saw(self, key: Key, version: str) -> None:
        """An event came."""
        self._seen[key] = version
        self._missed_since.pop(key, None)

    def saw_end(self, key: Key) -> None:
        """The event of a deletion came, or the resource was found gone."""
        self._seen.pop(key, None)
        self._missed_since.pop(key, None)

    def listed(self, versions: Mapping[Key, str], now: float) -> frozenset[Key]:
        """What a LIST found. The answer is what needs a look because no event told of it; what is gone is forgotten."""
        for key, version in versions.items():
            if self._seen.get(key) == version:
                self._missed_since.pop(key, None)
            else:
                self._missed_since.setdefault(key, now)
        gone = (self._seen.keys() | self._missed_since.keys()) - versions.keys()
        for key in gone:
            self.saw_end(key)
        return frozenset(gone | self._missed_since.keys())

    def overdue(self, now: float) -> frozenset[Key]:
        """What was missed for longer than an event may take: the watch is dead."""
        return frozenset(key for key, since in self._missed_since.items() if now - since >= GRACE)
