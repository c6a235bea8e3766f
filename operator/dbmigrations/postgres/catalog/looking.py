"""Looking for drift: what a database is, beside what it was when it was last left, or what a killed run made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.postgres.catalog.difference import Change, changed_keys, compare
from dbmigrations.postgres.catalog.doings import Doings, doings_of
from dbmigrations.postgres.catalog.drift import Drift, still_there
from dbmigrations.postgres.catalog.ignoring import without
from dbmigrations.postgres.catalog.reading import take_snapshot
from dbmigrations.postgres.catalog.since import UpScript, scripts_since
from dbmigrations.postgres.catalog.snapshot import Snapshot
from dbmigrations.postgres.catalog.store import Taken, expected, found_since

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.tables import Tables
    from dbmigrations.release.history import DatabaseHistory


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
