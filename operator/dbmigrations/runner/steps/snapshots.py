"""What a step keeps of what the database consists of, so that drift can be told later.

Drift that a run finds stays drift: what it left untouched of that is kept as it should have been.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.postgres.catalog import store
from dbmigrations.postgres.catalog.drift import carried
from dbmigrations.postgres.catalog.reading import take_snapshot
from dbmigrations.postgres.catalog.store import Cause
from dbmigrations.postgres.history import newest_change

if TYPE_CHECKING:
    from dbmigrations.postgres.catalog.drift import Drift
    from dbmigrations.postgres.catalog.snapshot import Snapshot
    from dbmigrations.runner.steps.session import Work


def remember_drift(work: Work, drift: Drift) -> None:
    """Keep what the run found, where that is not what it should have been. Call it when the run row is written."""
    if drift.found is not None and drift.differences:
        with work.session.transaction():
            keep(work, drift.found, Cause.BEFORE, version="")


def what_it_should_be(work: Work) -> Snapshot:
    """What is there now, but for the drift that the run found and left. Not within a transaction."""
    now = take_snapshot(work.session, work.tables)
    found = store.found_by(work.session, work.tables, work.request.run)
    should = store.expected(work.session, work.tables, before=found.id) if found else None
    return carried(should.snapshot, found.snapshot, now) if found and should else now


def keep(work: Work, snapshot: Snapshot, cause: Cause, *, version: str) -> None:
    """Store a snapshot as one of this run."""
    request = work.request
    by = request.requester.owner if request.requester.uid else request.requested_by
    store.store(work.session, work.tables, snapshot, cause, version=version, run=request.run, by=by)


def remember_end(work: Work) -> None:
    """Keep what a step that failed left behind, where migrations took effect since the last look."""
    known = store.expected(work.session, work.tables)
    if known is None or newest_change(work.session, work.tables) <= known.history_id:
        return
    should_be = what_it_should_be(work)
    with work.session.transaction():
        keep(work, should_be, Cause.ENDED, version=known.version)
