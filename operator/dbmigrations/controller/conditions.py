"""The conditions Ready, Reconciling and Stalled, as kstatus, Flux, Argo CD and Helm read them.

How things stand is one of a closed list of outlooks; each has exactly one set of conditions. Ready is always there.
Reconciling and Stalled are there when they are true and absent otherwise, and never both. Every condition carries the
generation that was looked at, and `lastTransitionTime` moves only when `status` does.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, assert_never

from dbmigrations.api.reasons import Note, Refusal
from dbmigrations.api.status import Condition
from dbmigrations.controller.texts import CONDITION_MESSAGE, clip

READY = "Ready"
RECONCILING = "Reconciling"
STALLED = "Stalled"


@dataclass(frozen=True)
class Ready:
    """The database is verified at spec.version."""

    message: str


@dataclass(frozen=True)
class Progressing:
    """A run is under way."""

    message: str


@dataclass(frozen=True)
class Waiting:
    """Something is not there yet; it is tried again by itself."""

    reason: str
    message: str


@dataclass(frozen=True)
class Retrying:
    """An attempt came to nothing; the next one follows by itself."""

    message: str


@dataclass(frozen=True)
class AwaitingApproval:
    """A person has to approve the plan. No failure."""

    message: str


@dataclass(frozen=True)
class Stalled:
    """A person has to act: this does not go away by itself."""

    reason: str
    message: str


@dataclass(frozen=True)
class Suspended:
    """Suspended, and not at the desired version."""

    message: str


@dataclass(frozen=True)
class Deleting:
    """The resource goes; what runs is being stopped."""

    message: str


Outlook = Ready | Progressing | Waiting | Retrying | AwaitingApproval | Stalled | Suspended | Deleting

_Status = Literal["True", "False", "Unknown"]


@dataclass(frozen=True)
class _Shape:
    """What an outlook looks like: the status of Ready, and the abnormal condition that is true beside it."""

    ready: _Status
    beside: str
    reason: str


def conditions_of(
    outlook: Outlook, before: tuple[Condition, ...], generation: int, now: datetime
) -> tuple[Condition, ...]:
    """The conditions of this outlook; times of those whose status did not change are kept from `before`."""
    shape = _shape(outlook)
    since = {(one.type, one.status): one.last_transition_time for one in before}
    wanted: list[tuple[str, _Status]] = [(READY, shape.ready)]
    if shape.beside:
        wanted.append((shape.beside, "True"))
    return tuple(
        Condition(
            type=kind,
            status=status,
            reason=shape.reason,
            message=clip(outlook.message, CONDITION_MESSAGE),
            observed_generation=generation,
            last_transition_time=since.get((kind, status), now),
        )
        for kind, status in wanted
    )


def _shape(outlook: Outlook) -> _Shape:
    match outlook:
        case Ready():
            shape = _Shape("True", "", Note.READY)
        case Progressing():
            shape = _Shape("Unknown", RECONCILING, Note.PROGRESSING)
        case Waiting(reason=reason):
            shape = _Shape("Unknown", RECONCILING, reason)
        case Retrying():
            shape = _Shape("False", RECONCILING, Note.PROGRESSING_WITH_RETRY)
        case AwaitingApproval():
            shape = _Shape("Unknown", RECONCILING, Refusal.AWAITING_APPROVAL)
        case Stalled(reason=reason):
            shape = _Shape("False", STALLED, reason)
        case Suspended():
            shape = _Shape("False", "", Note.SUSPENDED)
        case Deleting():
            shape = _Shape("Unknown", RECONCILING, Note.DELETING)
        case _:
            assert_never(outlook)
    return shape
