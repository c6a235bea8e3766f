"""The heart: `plan(snapshot, now)` decides what happens next. Pure: no I/O, no clock, no client."""

from datetime import datetime

from dbmigrations.controller.actions import Decision
from dbmigrations.controller.snapshot import Snapshot


def plan(snapshot: Snapshot, now: datetime) -> Decision:
    """What to do about the resource of `snapshot` at `now` (aware, UTC). Never raises, whatever the facts."""
    raise NotImplementedError


def needs_pods(snapshot: Snapshot) -> bool:
    """Whether the plan needs Pods and events beside what the snapshot already has (resource and Jobs)."""
    raise NotImplementedError
