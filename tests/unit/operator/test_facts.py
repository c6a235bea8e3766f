"""From what the API server says to facts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dbmigrations.api.resource import FINALIZER
from dbmigrations.controller import facts
from dbmigrations.controller.gather import NEW, PATIENCE, is_new, troubled
from dbmigrations.controller.snapshot import JobState, PodPhase, Resource

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
Json = dict[str, Any]


def job(*conditions: tuple[str, str], **status: object) -> Json:
    shown = [{"type": kind, "status": value, "reason": "Why", "message": "words"} for kind, value in conditions]
    return {
        "metadata": {
            "name": "shop-sql-1",
            "uid": "j1",
            "creationTimestamp": "2026-01-01T11:00:00Z",
            "annotations": {"dbmigrations.dev/spec-hash": "sha256:1"},
            "ownerReferences": [{"uid": "other"}, {"uid": "o1", "controller": True}],
        },
        "status": {"conditions": shown, **status},
    }


def pod(phase: str = "Pending", created: datetime = NOW, job_name: str = "shop-sql-1") -> Json:
    return {
        "metadata": {
            "name": "p",
            "uid": "p1",
            "labels": {"batch.kubernetes.io/job-name": job_name},
            "creationTimestamp": created.isoformat(),
        },
        "spec": {"initContainers": [{"name": "tools", "image": "t"}], "containers": [{"name": "step", "image": "i"}]},
        "status": {"phase": phase},
    }


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        ([], JobState.ACTIVE),
        ([("FailureTarget", "True")], JobState.ACTIVE),
        ([("SuccessCriteriaMet", "True")], JobState.ACTIVE),
        ([("Failed", "False")], JobState.ACTIVE),
        ([("Suspended", "True")], JobState.ACTIVE),
        ([("SuccessCriteriaMet", "True"), ("Complete", "True")], JobState.COMPLETE),
        ([("FailureTarget", "True"), ("Failed", "True")], JobState.FAILED),
    ],
)
def test_only_the_final_conditions_say_that_a_job_has_ended(conditions: list[tuple[str, str]], state: JobState) -> None:
    assert facts.job(job(*conditions, failed=3, active=1)).state is state


def test_a_failed_job_says_why_and_a_complete_one_does_not() -> None:
    assert facts.job(job(("Failed", "True"))).reason == "Why"
    assert facts.job(job(("Complete", "True"))).reason == ""


def test_a_jobs_owner_is_its_controller() -> None:
    found = facts.job(job())
    assert (found.owner_uid, found.spec_hash) == ("o1", "sha256:1")


def test_a_job_without_anything_optional_is_a_job() -> None:
    found = facts.job({"metadata": {"name": "x", "uid": "u"}})
    assert (found.state, found.owner_uid, found.created_at, found.deleting) == (JobState.ACTIVE, "", None, False)


@pytest.mark.parametrize(("spec", "suspended"), [({"suspend": True}, True), ({"suspend": False}, False), ({}, False)])
def test_a_job_that_is_held_back_says_so(spec: dict[str, bool], suspended: bool) -> None:  # noqa: FBT001
    assert facts.job({"metadata": {"name": "x", "uid": "u"}, "spec": spec}).suspended is suspended


def test_a_pods_containers_are_there_before_they_have_a_status() -> None:
    names = [(each.name, each.init, each.waiting_reason) for each in facts.pod(pod()).containers]
    assert names == [("tools", True, ""), ("step", False, "")]


def test_a_container_that_ended_carries_its_message() -> None:
    raw = pod("Succeeded")
    ended = {"exitCode": 0, "reason": "Completed", "message": "{}", "startedAt": "2026-01-01T11:00:00Z"}
    raw["status"]["containerStatuses"] = [{"name": "step", "imageID": "i@sha256:1", "state": {"terminated": ended}}]

    main = facts.pod(raw).containers[-1]

    assert (main.exit_code, main.exit_message, main.image_id) == (0, "{}", "i@sha256:1")
    assert main.started_at == datetime(2026, 1, 1, 11, tzinfo=UTC)


def test_a_phase_that_nobody_knows_is_unknown() -> None:
    assert facts.pod(pod("Dreaming")).phase is PodPhase.UNKNOWN


def test_a_pod_that_finds_no_node_says_so() -> None:
    raw = pod()
    raw["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "message": "no nodes"}]
    assert facts.pod(raw).unschedulable == "no nodes"


def test_an_event_was_seen_last_when_its_series_says_so() -> None:
    raw = {
        "metadata": {"creationTimestamp": "2026-01-01T09:00:00Z"},
        "involvedObject": {"kind": "Pod", "name": "p", "uid": "p1"},
        "series": {"lastObservedTime": "2026-01-01T11:00:00.000000Z"},
        "eventTime": "2026-01-01T10:00:00.000000Z",
        "reason": "FailedMount",
    }
    assert facts.event(raw).last_seen == datetime(2026, 1, 1, 11, tzinfo=UTC)


def test_warnings_are_read_about_a_job_that_should_have_a_pod_by_now() -> None:
    active = facts.job(job())
    assert list(troubled((active,), (), NOW)) == ["j1"]
    assert list(troubled((active,), (facts.pod(pod()),), NOW)) == []
    assert list(troubled((facts.job(job(("Complete", "True"))),), (), NOW)) == []


def test_warnings_are_read_about_a_pod_that_should_run_by_now() -> None:
    waits = facts.pod(pod(created=NOW - PATIENCE))
    assert list(troubled((), (waits,), NOW)) == ["p1"]
    assert list(troubled((), (facts.pod(pod()),), NOW)) == []
    assert list(troubled((), (facts.pod(pod("Running", NOW - PATIENCE)),), NOW)) == []


def resource(*finalizers: str, **status: object) -> Resource:
    meta = {"name": "shop", "namespace": "prod", "uid": "o1", "resourceVersion": "7", "finalizers": list(finalizers)}
    return facts.resource({"metadata": meta, "spec": {}, "status": status})


def test_a_resource_without_a_trace_of_ours_is_new_for_a_while() -> None:
    created = NOW.isoformat()
    assert is_new(resource(), created, NOW)
    assert not is_new(resource(), created, NOW + NEW)


def test_a_lost_status_does_not_make_a_resource_new() -> None:
    assert not is_new(resource(FINALIZER), NOW.isoformat(), NOW + timedelta(seconds=1))


def test_a_resource_with_a_run_is_not_new() -> None:
    assert not is_new(resource(run={"id": "r1"}), NOW.isoformat(), NOW)
