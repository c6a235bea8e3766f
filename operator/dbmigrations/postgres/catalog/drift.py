"""Drift: what a database is, compared with what it was when it was last left. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.postgres.catalog.difference import Difference, changed_keys
from dbmigrations.postgres.catalog.sentences import headline, sentence
from dbmigrations.postgres.catalog.snapshot import ObjectKey, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Drift:
    """What somebody changed since."""

    differences: tuple[Difference, ...] = ()
    unknown: str = ""
    """Why it cannot be said; empty: it can."""
    since: str = ""
    """`1.1.0, 2026-05-01 10:00`: what it is compared with."""
    found: Snapshot | None = None
    """What is there now, as far as somebody else made it so; None: nobody looked."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """Each difference with its values."""
        return tuple(sentence(each, by="someone") for each in self.differences)

    @property
    def headlines(self) -> tuple[str, ...]:
        """Each difference without values: fit for a status."""
        return tuple(headline(each) for each in self.differences)


def still_there(should: Snapshot, found: Snapshot, now: Snapshot) -> Snapshot:
    """What the database should have been, with what was found instead wherever nothing has become of that since.

    Args:
        should: what it should have been when a run began.
        found: what it was.
        now: what is there since.
    """
    objects = dict(should.objects)
    for key in _untouched(should, found, now):
        if key in now.objects:
            objects[key] = now.objects[key]
        else:
            objects.pop(key, None)
    return Snapshot.of(now.major, objects.values())


def carried(should: Snapshot, found: Snapshot, now: Snapshot) -> Snapshot:
    """What the database should be after a run that found drift: what is there now, but for the drift that is left.

    Args:
        should: what it should have been when the run began.
        found: what it was.
        now: what the run made of it.
    """
    objects = dict(now.objects)
    for key in _untouched(should, found, now):
        before = should.objects.get(key)
        if before is None:
            objects.pop(key, None)
        else:
            objects[key] = before
    return Snapshot.of(now.major, objects.values())


def _untouched(should: Snapshot, found: Snapshot, now: Snapshot) -> Iterator[ObjectKey]:
    """What was drift, and is as it was found."""
    for key in changed_keys(should, found):
        then, since = found.objects.get(key), now.objects.get(key)
        if (then is None and since is None) or (
            then is not None and since is not None and then.counting == since.counting
        ):
            yield key
