"""Why a Pod does not start: a table over what the cluster says, and what becomes of it in the status."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dbmigrations.api.reasons import Waiting
from dbmigrations.controller.naming import MAIN_CONTAINER, SOURCE_CONTAINER
from dbmigrations.controller.snapshot import ContainerFacts, EventFacts, JobFacts, JobState, PodFacts, PodPhase
from dbmigrations.controller.startup import IMAGE_REASONS, Hindrance, hindrance

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
JOB = JobFacts(name="shop-preflight", uid="job-uid", labels={}, owner_uid="u", state=JobState.ACTIVE, created_at=NOON)
POD = PodFacts(name="shop-preflight-x", uid="pod-uid", job=JOB.name, phase=PodPhase.PENDING, created_at=NOON)


def waiting(reason: str, message: str = "", name: str = MAIN_CONTAINER) -> PodFacts:
    one = ContainerFacts(
        name=name, init=name != MAIN_CONTAINER, image="shop:1", waiting_reason=reason, waiting_message=message
    )
    return replace(POD, containers=(one,))


def event(reason: str, message: str, *, kind: str = "Pod", minute: int = 0) -> EventFacts:
    uid = JOB.uid if kind == "Job" else POD.uid
    name = JOB.name if kind == "Job" else POD.name
    return EventFacts(kind, name, uid, reason, message, NOON + timedelta(minutes=minute))


CASES: dict[str, tuple[tuple[PodFacts, ...], tuple[EventFacts, ...], Waiting, str]] = {
    "a quota": ((), (event("FailedCreate", "exceeded quota: compute", kind="Job"),), Waiting.POD, "exceeded quota"),
    "a wrong image": ((waiting("ErrImagePull", "not found"),), (), Waiting.IMAGE, "image shop:1"),
    "a source image": ((waiting("ErrImagePull", "denied", SOURCE_CONTAINER),), (), Waiting.IMAGE, "denied"),
    "a backed off pull": ((waiting("ImagePullBackOff", "Back-off"),), (), Waiting.IMAGE, "ImagePullBackOff"),
    "an impossible image": ((waiting("InvalidImageName", "bad"),), (), Waiting.IMAGE, "InvalidImageName"),
    "a wrong config": ((waiting("CreateContainerConfigError", "no such user"),), (), Waiting.POD, "no such user"),
    "no node": ((replace(POD, unschedulable="0/1 nodes: taint"),), (), Waiting.POD, "taint"),
    "no claim": (
        (replace(POD, unschedulable='persistentvolumeclaim "shop-backups" not found'),),
        (),
        Waiting.POD,
        "shop-backups",
    ),
    "no ConfigMap": (
        (waiting("ContainerCreating"),),
        (event("FailedMount", 'MountVolume.SetUp failed for volume "source" : configmap "shop" not found'),),
        Waiting.SOURCE,
        'configmap "shop" not found',
    ),
    "another volume": (
        (waiting("ContainerCreating"),),
        (event("FailedMount", 'MountVolume.SetUp failed for volume "backups": timeout'),),
        Waiting.POD,
        "timeout",
    ),
}


@pytest.mark.parametrize(("pods", "events", "reason", "words"), CASES.values(), ids=CASES.keys())
def test_the_clusters_own_words_are_found(
    pods: tuple[PodFacts, ...], events: tuple[EventFacts, ...], reason: Waiting, words: str
) -> None:
    found = hindrance(JOB, pods, events)

    assert isinstance(found, Hindrance)
    assert found.reason is reason
    assert words in found.message


@pytest.mark.parametrize("reason", sorted(IMAGE_REASONS))
def test_whatever_a_node_says_about_an_image_is_waiting_for_the_image(reason: str) -> None:
    assert hindrance(JOB, (waiting(reason),), ()) == Hindrance(
        Waiting.IMAGE, f"image shop:1 of Pod shop-preflight-x: {reason}"
    )


def test_a_job_that_a_queue_holds_back_says_so() -> None:
    found = hindrance(replace(JOB, suspended=True), (), (event("FailedCreate", "quota", kind="Job"),))

    assert found is not None
    assert found.reason is Waiting.POD
    assert "spec.suspend" in found.message


ORDINARY = {
    "no Pod yet": (),
    "being created": (waiting("ContainerCreating"),),
    "init containers run": (waiting("PodInitializing"),),
}


@pytest.mark.parametrize("pods", ORDINARY.values(), ids=ORDINARY.keys())
def test_an_ordinary_start_is_no_hindrance(pods: tuple[PodFacts, ...]) -> None:
    assert hindrance(JOB, pods, ()) is None


def test_the_newest_event_speaks() -> None:
    events = (event("FailedMount", "old", minute=0), event("FailedMount", "new", minute=1))

    found = hindrance(JOB, (waiting("ContainerCreating"),), events)

    assert found is not None
    assert "new" in found.message


def test_events_of_other_objects_do_not_speak() -> None:
    stranger = replace(event("FailedCreate", "theirs", kind="Job"), uid="another")

    assert hindrance(JOB, (), (stranger,)) is None
