"""Why a Pod does not start, in the cluster's own words.

A Job alone does not tell: a missing ConfigMap leaves its Pod at ContainerCreating, a wrong image leaves it active, and
a quota leaves no Pod at all. So Pods and events are read as well. What is found here is waiting, never failing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from dbmigrations.api.reasons import Waiting
from dbmigrations.controller.naming import MAIN_CONTAINER, SOURCE_CONTAINER
from dbmigrations.controller.snapshot import ContainerFacts, EventFacts, JobFacts, PodFacts, PodPhase

IMAGE_REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ImageInspectError",
        "ErrImageNeverPull",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
ORDINARY_REASONS = frozenset({"", "ContainerCreating", "PodInitializing"})
NOT_STARTED_REASONS = frozenset({"StartError", "ContainerCannotRun"})
"""Exit reasons of a container that never ran; its start time is then 1970."""
RUNTIME_REASONS = NOT_STARTED_REASONS | {"ContainerStatusUnknown"}
"""Exit reasons whose message is the node's, not the container's."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Hindrance:
    """What stands in the way of a Pod's start."""

    reason: Waiting
    message: str


def main_container(pod: PodFacts) -> ContainerFacts | None:
    """The container of our runner."""
    return next((one for one in pod.containers if one.name == MAIN_CONTAINER and not one.init), None)


def running_since(pods: Iterable[PodFacts]) -> datetime | None:
    """When the runner first began to run in one of these Pods; None: it has not."""
    mains = (main_container(pod) for pod in pods)
    begun = (one for one in mains if one is not None and one.exit_reason not in NOT_STARTED_REASONS)
    return min((one.started_at for one in begun if one.started_at is not None), default=None)


def newest_of(pods: Iterable[PodFacts]) -> PodFacts | None:
    """The Pod that was created last."""
    return max(pods, key=lambda pod: (pod.created_at or _LONG_AGO, pod.name), default=None)


def is_replaced(pods: Iterable[PodFacts]) -> bool:
    """Whether a Pod was disrupted, and the one in its place has not begun to run: a drained node, preemption."""
    pods = tuple(pods)
    newest = newest_of(pods)
    return newest is not None and newest.phase is PodPhase.PENDING and len(pods) > 1 and running_since([newest]) is None


def hindrance(job: JobFacts, pods: Iterable[PodFacts], events: Iterable[EventFacts]) -> Hindrance | None:
    """What keeps the newest Pod of an active Job from starting, or the Job from having one; None: nothing known."""
    newest = newest_of(pods)
    if newest is None:
        return _refused_pod(job, events)
    return _refused_container(newest) or _unschedulable(newest) or _unmounted(newest, events)


def failed_init(pod: PodFacts) -> Hindrance | None:
    """The init container that ended the Pod before the runner could start."""
    for one in pod.containers:
        if one.init and one.exit_code not in {None, 0}:
            reason = Waiting.SOURCE if one.name == SOURCE_CONTAINER else Waiting.POD
            said = one.exit_message.strip() or f"{one.exit_reason or 'Error'}, exit code {one.exit_code}"
            return Hindrance(reason, f"init container {one.name} of Pod {pod.name} failed: {said}")
    return None


def failed_start(pod: PodFacts) -> Hindrance | None:
    """The node could not start the runner's container at all."""
    main = main_container(pod)
    if main is None or main.exit_reason not in NOT_STARTED_REASONS:
        return None
    return Hindrance(Waiting.POD, f"Pod {pod.name} could not start: {main.exit_reason}: {main.exit_message}")


def ended_unstarted(pod: PodFacts) -> Hindrance | None:
    """The Pod failed before its runner's container began: a node that had no room after all, an eviction in between."""
    main = main_container(pod)
    if pod.phase is not PodPhase.FAILED or main is None:
        return None
    if main.started_at is not None or main.exit_code is not None:
        return None
    said = f"{pod.reason}: {pod.message}" if pod.reason and pod.message else pod.reason or pod.message or "no word why"
    return Hindrance(Waiting.POD, f"Pod {pod.name} ended before it ran: {said}")


def _refused_pod(job: JobFacts, events: Iterable[EventFacts]) -> Hindrance | None:
    if job.suspended:
        who = "its spec.suspend is true, as a queue of Jobs or a person sets it"
        return Hindrance(Waiting.POD, f"Job {job.name} is held back: {who}")
    event = _newest(events, job.uid, {"FailedCreate"})
    return Hindrance(Waiting.POD, f"Job {job.name} has no Pod: {event.message}") if event else None


def _refused_container(pod: PodFacts) -> Hindrance | None:
    for one in pod.containers:
        if one.waiting_reason in ORDINARY_REASONS:
            continue
        said = f": {one.waiting_message}" if one.waiting_message else ""
        if one.waiting_reason in IMAGE_REASONS:
            return Hindrance(Waiting.IMAGE, f"image {one.image} of Pod {pod.name}: {one.waiting_reason}{said}")
        return Hindrance(Waiting.POD, f"container {one.name} of Pod {pod.name}: {one.waiting_reason}{said}")
    return None


def _unschedulable(pod: PodFacts) -> Hindrance | None:
    if not pod.unschedulable:
        return None
    return Hindrance(Waiting.POD, f"Pod {pod.name} is not scheduled: {pod.unschedulable}")


def _unmounted(pod: PodFacts, events: Iterable[EventFacts]) -> Hindrance | None:
    event = _newest(events, pod.uid, {"FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"})
    if event is None:
        return None
    reason = Waiting.SOURCE if 'volume "source"' in event.message else Waiting.POD
    return Hindrance(reason, f"Pod {pod.name}: {event.reason}: {event.message}")


def _newest(events: Iterable[EventFacts], uid: str, reasons: set[str]) -> EventFacts | None:
    matching = (event for event in events if event.uid == uid and event.reason in reasons)
    return max(matching, key=lambda event: (event.last_seen or _LONG_AGO, event.message), default=None)
