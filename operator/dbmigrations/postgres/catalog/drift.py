"""Drift: what a database is, compared with what it was when it was last left. Pure but for `look_for_drift`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.postgres.catalog.difference import Difference, changed_keys, compare
from dbmigrations.postgres.catalog.ignoring import without
from dbmigrations.postgres.catalog.reading import take_snapshot
from dbmigrations.postgres.catalog.sentences import headline, sentence
from dbmigrations.postgres.catalog.snapshot import Snapshot
from dbmigrations.postgres.catalog.store import expected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.tables import Tables
    from dbmigrations.release.history import DatabaseHistory


@dataclass(frozen=True)
class Drift:
    """What somebody changed since."""

    differences: tuple[Difference, ...] = ()
    unknown: str = ""
    """Why it cannot be said; empty: it can."""
    since: str = ""
    """`1.1.0, 2026-05-01 10:00`: what it is compared with."""
    seen: Snapshot | None = None
    """What is there now; None: nobody looked."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """Each difference with its values."""
        return tuple(sentence(each, by="someone") for each in self.differences)

    @property
    def headlines(self) -> tuple[str, ...]:
        """Each difference without values: fit for a status."""
        return tuple(headline(each) for each in self.differences)


def look_for_drift(session: Session, tables: Tables, history: DatabaseHistory, ignored: Sequence[str]) -> Drift:
    """Compare what is there with the newest stored snapshot.

    Raises:
        EngineError: the database does not answer.
    """
    known = expected(session, tables)
    if known is None:
        return Drift(unknown="no run has recorded yet what the database consists of: the next passed verify does")
    if history.partial or history.newest_change > known.history_id:
        return Drift(unknown="migrations were applied or undone since it was last recorded: the next verify records it")
    seen = take_snapshot(session, tables)
    unknown = ""
    if seen.major != known.snapshot.major:
        unknown = (
            f"recorded on PostgreSQL {known.snapshot.major}, which prints some definitions otherwise than {seen.major}"
        )
    found = compare(without(known.snapshot, ignored), without(seen, ignored))
    return Drift(
        found, unknown if found else "", f"{known.version or 'no version'}, {known.taken_at:%Y-%m-%d %H:%M}", seen
    )


def carried(should: Snapshot, found: Snapshot, now: Snapshot) -> Snapshot:
    """What the database should be after a run that found drift: what is there now, but for the drift that is left.

    Args:
        should: what it should have been when the run began.
        found: what it was.
        now: what the run made of it.
    """
    objects = dict(now.objects)
    for key in changed_keys(should, found):
        ours, theirs = found.objects.get(key), now.objects.get(key)
        untouched = (ours is None and theirs is None) or (
            ours is not None and theirs is not None and ours.counting == theirs.counting
        )
        if not untouched:
            continue
        before = should.objects.get(key)
        if before is None:
            objects.pop(key, None)
        else:
            objects[key] = before
    return Snapshot.of(now.major, objects.values())
