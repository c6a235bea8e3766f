"""What the plan may decide: a status to write, then at most one effect. Executed in this order, or not at all.

1. `status`, if any, replaces the whole status subresource, on condition of its `resource_version`. A conflict ends
   the pass: nothing else is done, and the resource is looked at anew.
2. `effect`, if any, on condition of what it names. AddFinalizer and RemoveFinalizer take the resourceVersion that the
   status write returned. An effect that finds its work done has succeeded.
3. `events` and `transitions` (metrics, logs) are told after the status was written; they are lost rather than repeated.
4. The resource is looked at again after `requeue_after` seconds, or as soon as something about it changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dbmigrations.api.resource import GROUP
from dbmigrations.api.status import DatabaseMigrationStatus, RunState, StepState
from dbmigrations.api.step import StepName, Trigger

SPEC_HASH = f"{GROUP}/spec-hash"
"""Annotation of a Job: the digest of what it was built from."""


@dataclass(frozen=True)
class WriteStatus:
    """Replace the status, where the resource still has this version."""

    status: DatabaseMigrationStatus
    resource_version: str


@dataclass(frozen=True)
class CreateJob:
    """Create the Job.

    409 AlreadyExists: read it; where owner uid and spec hash are these, it is ours and the work is done; else fail the
    pass. Other 4xx answers: gather anew with `Snapshot.refused` and plan again, so that the status says why.
    """

    name: str
    namespace: str
    owner_uid: str
    spec_hash: str
    manifest: Mapping[str, object]  # JSON-able, complete


class Propagation(StrEnum):
    """`propagationPolicy` of a deletion."""

    FOREGROUND = "Foreground"  # the Job stays until its Pods are gone
    BACKGROUND = "Background"


@dataclass(frozen=True)
class DeleteJob:
    """Delete the Job of this uid (precondition); its Pods end by their own grace period. Gone already: done."""

    name: str
    namespace: str
    uid: str
    propagation: Propagation


@dataclass(frozen=True)
class AddFinalizer:
    """Add this finalizer, touching no other, where the resource still has the version last seen."""

    finalizer: str


@dataclass(frozen=True)
class RemoveFinalizer:
    """Remove this finalizer, touching no other, where the resource still has the version last seen."""

    finalizer: str


Effect = CreateJob | DeleteJob | AddFinalizer | RemoveFinalizer


class EventType(StrEnum):
    """`type` of an event."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True)
class EmitEvent:
    """An event about the resource. `message` has at most 1,024 characters, `reason` is one word."""

    type: EventType
    reason: str
    message: str


@dataclass(frozen=True)
class RunStarted:
    """A run was recorded; its first Job follows."""

    run: str
    trigger: Trigger
    target_version: str


@dataclass(frozen=True)
class StepStarted:
    """An attempt of a step was recorded; its Job follows."""

    run: str
    step: StepName
    release: str
    attempt: int
    job: str


@dataclass(frozen=True)
class StepEnded:
    """An attempt of a step ended, in whatever way. `seconds` since the first attempt of the step was recorded."""

    run: str
    step: StepName
    release: str
    attempt: int
    state: StepState
    reason: str
    message: str
    seconds: float


@dataclass(frozen=True)
class RunEnded:
    """A run ended. `seconds` since it was recorded."""

    run: str
    trigger: Trigger
    state: RunState
    reason: str
    message: str
    seconds: float


@dataclass(frozen=True)
class ReadyChanged:
    """The Ready condition has another status or reason."""

    status: str
    reason: str
    message: str


Transition = RunStarted | StepStarted | StepEnded | RunEnded | ReadyChanged


@dataclass(frozen=True)
class Decision:
    """What to do now. `rule` is the name of the sentence that matched, for the log."""

    rule: str
    status: WriteStatus | None = None
    effect: Effect | None = None
    requeue_after: float | None = None  # seconds; None: nothing is awaited (the resource is going)
    events: tuple[EmitEvent, ...] = ()
    transitions: tuple[Transition, ...] = ()
