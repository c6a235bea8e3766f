"""Drift: what a database is, compared with what it was when it was last left. Pure but for `look_for_drift`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.postgres.catalog.difference import Change, Difference, changed_keys, compare
from dbmigrations.postgres.catalog.doings import Doings, doings_of
from dbmigrations.postgres.catalog.ignoring import without
from dbmigrations.postgres.catalog.reading import take_snapshot
from dbmigrations.postgres.catalog.sentences import headline, sentence
from dbmigrations.postgres.catalog.since import UpScript, scripts_since
from dbmigrations.postgres.catalog.snapshot import ObjectKey, Snapshot
from dbmigrations.postgres.catalog.store import Taken, expected, found_since

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def look_for_drift(
    session: Session, tables: Tables, history: DatabaseHistory, ignored: Sequence[str], up_script: UpScript
) -> Drift:
    """Compare what is there with the newest stored snapshot.

    Args:
        session: set up for the application's schema; not in a transaction.
        tables: the history schema.
        history: as it was just read.
        ignored: patterns of what does not count.
        up_script: asked for what was applied since that snapshot.

    Raises:
        EngineError: the database does not answer.
    """
    known = expected(session, tables)
    if known is None:
        return Drift(unknown="no run has recorded yet what the database consists of: the next passed verify does")
    if history.partial or history.newest_change > known.history_id:
        return _half_way(session, tables, known, ignored, up_script)
    seen = take_snapshot(session, tables)
    unknown = ""
    if seen.major != known.snapshot.major:
        unknown = (
            f"recorded on PostgreSQL {known.snapshot.major}, which prints some definitions otherwise than {seen.major}"
        )
    found = compare(without(known.snapshot, ignored), without(seen, ignored))
    return Drift(found, unknown if found else "", _since(known), seen)


def _half_way(session: Session, tables: Tables, known: Taken, ignored: Sequence[str], up_script: UpScript) -> Drift:
    """A run was killed before it recorded anything: told is what it had found, and what it cannot have done."""
    scripts = scripts_since(session, tables, known.history_id, up_script)
    doings = Doings(frozenset(), sweeping=True) if scripts is None else doings_of(scripts, session.settings.schema)
    before = found_since(session, tables, known)
    unknown = "migrations were applied or undone since it was last recorded: " + (
        "what else was changed the next verify records"
        if doings.sweeping
        else "told is only what they cannot have done, the rest the next verify records"
    )
    if doings.sweeping and before is None:
        return Drift(unknown=unknown)
    now = take_snapshot(session, tables)
    left = still_there(known.snapshot, before.snapshot, now) if before else known.snapshot
    left = with_others_doings(left, now, doings)
    found = compare(without(known.snapshot, ignored), without(left, ignored))
    return Drift(found, unknown, _since(known), left)


def with_others_doings(should: Snapshot, now: Snapshot, doings: Doings) -> Snapshot:
    """What the database should be, but for the differences that the scripts cannot have made.

    Args:
        should: what it should be.
        now: what it is.
        doings: of the scripts that ran since.
    """
    theirs = [each for each in compare(should, now) if not doings.may_explain(each)]
    keys = {each.subject.key for each in theirs}
    # What came or went with its relation is told with that.
    relations = {each.subject.name for each in theirs if each.change is not Change.CHANGED and not each.subject.parent}
    objects = dict(should.objects)
    for key in changed_keys(should, now):
        each = now.objects.get(key) or should.objects[key]
        if key not in keys and each.parent not in relations:
            continue
        if key in now.objects:
            objects[key] = now.objects[key]
        else:
            objects.pop(key, None)
    return Snapshot.of(now.major, objects.values())


def _since(known: Taken) -> str:
    return f"{known.version or 'no version'}, {known.taken_at:%Y-%m-%d %H:%M}"


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
