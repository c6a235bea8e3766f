"""What can strike a running migration."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Fault(StrEnum):
    """The kinds, as they are printed."""

    KILLED_BEFORE = "SIGKILL before a statement reaches the server"
    KILLED_DURING = "SIGKILL while a statement runs"
    KILLED_AFTER = "SIGKILL between effect and report"
    KILLED_LATER = "SIGKILL some milliseconds after a statement"
    SEVERED = "connection lost before a statement"
    SWALLOWED = "reply swallowed"
    TERMINATED = "SIGTERM"
    BACKEND_ENDED = "pg_terminate_backend"
    RESTARTED = "immediate restart of the server"
    DISK_FULL = "disk full"
    RESULT_LOST = "result of the Job lost"


class Moment(Enum):
    """When, seen from the query that is struck."""

    BEFORE = auto()
    """The server has not got it."""
    DURING = auto()
    """The server has just got it."""
    AFTER = auto()
    """The server has done it and the client has not heard of it."""


MOMENTS = {
    Fault.KILLED_BEFORE: Moment.BEFORE,
    Fault.KILLED_DURING: Moment.DURING,
    Fault.KILLED_AFTER: Moment.AFTER,
    Fault.KILLED_LATER: Moment.DURING,
    Fault.SEVERED: Moment.BEFORE,
    Fault.SWALLOWED: Moment.AFTER,
    Fault.TERMINATED: Moment.BEFORE,
    Fault.BACKEND_ENDED: Moment.DURING,
    Fault.RESTARTED: Moment.DURING,
    Fault.DISK_FULL: Moment.BEFORE,
    Fault.RESULT_LOST: Moment.BEFORE,
}

OF_COMMANDS = tuple(fault for fault in Fault if fault not in {Fault.KILLED_LATER, Fault.RESULT_LOST})
"""What strikes a command on a laptop: it has no result, and between its queries it does nothing that lasts."""

OF_STEPS = (*OF_COMMANDS, Fault.RESULT_LOST)
"""What strikes the steps of a run."""

OF_BACKUPS = (
    Fault.KILLED_LATER,
    Fault.KILLED_DURING,
    Fault.BACKEND_ENDED,
    Fault.KILLED_LATER,
    Fault.SWALLOWED,
    Fault.TERMINATED,
    Fault.KILLED_LATER,
    Fault.KILLED_BEFORE,
    Fault.KILLED_AFTER,
    Fault.SEVERED,
    Fault.RESTARTED,
    Fault.RESULT_LOST,
)
"""What strikes a backup: between its queries it works on files."""


@dataclass(frozen=True)
class Struck:
    """The connection that is hit: the process id of its backend."""

    backend: int


@dataclass(frozen=True)
class Strike:
    """What is done, and when. `severs`: the connection ends with it."""

    moment: Moment
    do: Callable[[Struck], None]
    severs: bool
