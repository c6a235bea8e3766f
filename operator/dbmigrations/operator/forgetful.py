"""What keeps Kopf from remembering what it never needs.

For handlers of changes Kopf copies and compares each object, at each event, with what it has stored in an annotation.
There are no such handlers here; the copies were a quarter of the operator's work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import kopf

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kopf import Body, BodyEssence, FieldSpec, HandlerId, Patch, ProgressRecord


class NoDifferences(kopf.DiffBaseStorage):
    """Every object looks the same, always."""

    def build(self, *, body: Body, extra_fields: Iterable[FieldSpec] | None = None) -> BodyEssence:
        """Nothing of the object."""
        _ = body, extra_fields
        return kopf.BodyEssence()

    def fetch(self, *, body: Body) -> BodyEssence | None:
        """Nothing was stored."""
        _ = body
        return None

    def store(self, *, body: Body, patch: Patch, essence: BodyEssence) -> None:
        """Nothing is stored."""


class NoProgress(kopf.ProgressStorage):
    """No handler is ever under way."""

    def fetch(self, *, key: HandlerId, body: Body) -> ProgressRecord | None:
        """Nothing was stored."""
        _ = key, body
        return None

    def store(self, *, key: HandlerId, record: ProgressRecord, body: Body, patch: Patch) -> None:
        """Nothing is stored."""

    def purge(self, *, key: HandlerId, body: Body, patch: Patch) -> None:
        """There is nothing to remove."""

    def touch(self, *, body: Body, patch: Patch, value: str | None) -> None:
        """Nobody needs to be woken."""

    def clear(self, *, essence: BodyEssence) -> BodyEssence:
        """There is nothing of ours in it."""
        return essence
