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
    SEVERED = "connection lost before a statement"
    SWALLOWED = "reply swallowed"
    TERMINATED = "SIGTERM"
    BACKEND_ENDED = "pg_terminate_backend"
    RESTARTED = "immediate restart of the server"
    DISK_FULL = "disk full"


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
    Fault.SEVERED: Moment.BEFORE,
    Fault.SWALLOWED: Moment.AFTER,
    Fault.TERMINATED: Moment.BEFORE,
    Fault.BACKEND_ENDED: Moment.DURING,
    Fault.RESTARTED: Moment.DURING,
    Fault.DISK_FULL: Moment.BEFORE,
}


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
