"""Whole runs against a real API server: the operator by its results, Job by Job."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Failure, Refusal
from dbmigrations.api.step import Outcome, StepName, StepRequest, StepResult
from tests.controlplane.fake_kubelet import Fate, only, request_of
from tests.controlplane.waiting import eventually, never

if TYPE_CHECKING:
    from tests.controlplane.world import World

UP = [("Backup", ""), ("Schema", "1.0.0"), ("SQL", "1.0.0"), ("Data", "1.0.0"), ("Verify", "1.0.0")]


def steps_of(world: World) -> list[tuple[str, str]]:
    return [(each["name"], each["state"]) for each in world.run()["steps"]]


def test_a_new_resource_brings_its_database_to_its_version_step_by_step(world: World) -> None:
    world.create("1.0.0")

    status = world.await_ready("1.0.0")

    assert world.database.effects() == UP
    assert steps_of(world) == [("Preflight", "Succeeded"), *((name, "Succeeded") for name, _ in UP)]
    assert status["run"]["state"] == "Succeeded"
    assert status["backup"]["sizeBytes"] == 7
    assert world.condition("Reconciling") == ("", "")


def test_a_lowered_version_walks_back_release_by_release(world: World) -> None:
    world.database.at("1.2.0")
    world.create("1.0.0")

    world.await_ready("1.0.0")

    assert world.database.effects() == [
        ("Backup", ""),
        ("Data", "1.2.0"),
        ("SQL", "1.2.0"),
        ("Schema", "1.2.0"),
        ("Data", "1.1.0"),
        ("SQL", "1.1.0"),
        ("Schema", "1.1.0"),
        ("Verify", "1.0.0"),
    ]


def test_one_step_runs_at_a_time(world: World) -> None:
    world.kubelet.fate = only(Fate.HELD, StepName.SCHEMA)
    world.create("1.0.0")

    world.await_held("Schema")

    never(
        "a second step",
        lambda: (
            len(world.jobs())
            - [job["metadata"]["name"] for job in world.jobs()].index(world.run()["steps"][-1]["job"])
            - 1
        ),
        within=1,
    )
    assert [each["state"] for each in world.run()["steps"]] == ["Succeeded", "Succeeded", "Running"]


def test_the_next_step_begins_when_the_pod_has_succeeded_whatever_its_job_says_yet(world: World) -> None:
    world.kubelet.fate = lambda _: Fate.UNTOLD
    began = time.monotonic()
    world.create("1.0.0")

    world.await_ready("1.0.0")

    assert world.database.effects() == UP
    assert steps_of(world) == [("Preflight", "Succeeded"), *((name, "Succeeded") for name, _ in UP)]
    assert time.monotonic() - began < 30, "no step waited for the look that defends against a lost wake-up"
    for job in world.jobs():
        world.kubelet.end_job(job, succeeded=True)
    world.await_quiet()
    assert world.condition("Ready")[0] == "True"
    assert len(world.jobs()) == len(UP) + 1


def test_a_pod_that_failed_leaves_the_word_to_its_job(world: World) -> None:
    def fails(request: StepRequest) -> StepResult | None:
        if request.step.name is not StepName.SQL:
            return None
        return world.database.result(request, Outcome.FAILED, reason=Failure.MIGRATION_FAILED, message="no")

    world.kubelet.fate = only(Fate.UNTOLD, StepName.SQL)
    world.database.overrides.append(fails)
    world.create("1.0.0")
    job = world.await_job("SQL")

    never("a verdict", lambda: world.run()["steps"][-1]["state"] not in {"Starting", "Running"}, within=2)
    world.kubelet.end_job(job, succeeded=False)

    world.await_stalled("MigrationFailed")


def test_a_version_raised_again_during_a_run_takes_effect_at_the_next_step_from_a_fresh_preflight(world: World) -> None:
    world.kubelet.fate = only(Fate.HELD, StepName.SCHEMA, times=1)
    world.create("1.0.0")
    world.await_held("Schema")
    first = world.run()["id"]

    world.change(version="1.1.0")
    eventually("the change is seen", world.is_current, seen=world.story)
    assert world.run()["id"] == first
    world.kubelet.release()

    world.await_ready("1.1.0")
    preflights = [request for request in world.database.asked if request.step.name is StepName.PREFLIGHT]
    assert [(each.run == first, each.version) for each in preflights] == [(True, "1.0.0"), (False, "1.1.0")]
    assert world.database.asked.index(preflights[1]) == 3  # Preflight, Backup, Schema, and then at once


def test_a_step_that_fails_for_good_stalls_the_run_and_says_why(world: World) -> None:
    def fails(request: StepRequest) -> StepResult | None:
        if request.step.name is not StepName.SQL:
            return None
        message = "migrations/sql/20260101_0900_rls.sql:3:1: syntax error (SQLSTATE 42601)"
        return world.database.result(request, Outcome.FAILED, reason=Failure.MIGRATION_FAILED, message=message)

    world.database.overrides.append(fails)
    world.create("1.0.0")

    status = world.await_stalled("MigrationFailed")

    assert "20260101_0900_rls.sql:3:1" in status["message"]
    assert world.condition("Ready") == ("False", "MigrationFailed")
    assert [each for each in world.database.effects() if each[0] in {"Data", "Verify"}] == []
    never("another Job", lambda: len(world.jobs()) > 4, within=1.5)


def test_a_stalled_run_is_tried_again_when_asked_and_only_then(world: World) -> None:
    def fails(request: StepRequest) -> StepResult | None:
        if request.step.name is not StepName.VERIFY:
            return None
        return world.database.result(request, Outcome.FAILED, reason=Failure.VERIFY_FAILED, message="not true")

    world.database.overrides.append(fails)
    world.create("1.0.0")
    world.await_stalled("VerifyFailed")
    world.database.overrides.clear()

    world.annotate(requestedAt="2026-01-01T00:00:00Z")

    status = world.await_ready("1.0.0")
    assert status["handledRequestedAt"] == "2026-01-01T00:00:00Z"


def test_a_refusal_of_preflight_starts_nothing(world: World) -> None:
    def refuses(request: StepRequest) -> StepResult | None:
        message = "spec.version 9.9.9 is not in releases.yaml"
        return world.database.result(request, Outcome.REFUSED, reason=Refusal.VERSION_NOT_FOUND, message=message)

    world.database.overrides.append(refuses)
    world.create("9.9.9")

    status = world.await_stalled("VersionNotFound")

    assert "releases.yaml" in status["message"]
    assert len(world.jobs()) == 1


def test_waiting_for_approval_goes_on_with_exactly_the_approved_plan(world: World) -> None:
    def asks(request: StepRequest) -> StepResult | None:
        planned = world.database.perform(request) if request.step.name is StepName.PREFLIGHT else None
        if planned is None or planned.plan is None or request.approved_plan == planned.plan.hash:
            return planned
        return planned.model_copy(
            update={"outcome": Outcome.REFUSED, "reason": Refusal.AWAITING_APPROVAL, "next": None, "message": "approve"}
        )

    world.database.overrides.append(asks)
    world.create("1.0.0", policy={"approval": "Always"})

    def waits() -> bool:
        return world.condition("Reconciling") == ("True", "AwaitingApproval")

    eventually("it waits for approval", waits, seen=world.story)
    assert world.condition("Ready")[0] == "Unknown"
    assert world.condition("Stalled") == ("", "")
    assert len(world.jobs()) == 1

    world.change(approvedPlan=f"sha256:{'0' * 64}")
    asked = world.database.asked
    eventually("a stale approval waits again", lambda: len(asked) == 2 and world.is_current() and waits())
    world.change(approvedPlan=world.status()["plan"]["hash"])

    world.await_ready("1.0.0")


def test_suspending_finishes_the_running_step_and_starts_nothing(world: World) -> None:
    world.kubelet.fate = only(Fate.HELD, StepName.SCHEMA, times=1)
    world.create("1.0.0")
    world.await_held("Schema")

    world.change(suspend=True)
    eventually("the change is seen", world.is_current, seen=world.story)
    world.kubelet.release()
    eventually("the step is done", lambda: ("Schema", "1.0.0") in world.database.effects())

    eventually("it says so", lambda: world.condition("Ready") == ("False", "Suspended"), seen=world.story)
    never("a further step", lambda: world.database.effects()[2:], within=1.5)
    world.change(suspend=False)
    world.await_ready("1.0.0")


def test_cancelling_stops_the_step_reports_the_version_and_starts_nothing_by_itself(world: World) -> None:
    world.kubelet.fate = only(Fate.HELD, StepName.SQL, times=1)
    world.create("1.0.0")
    held = world.await_held("SQL")

    world.annotate(cancel=world.run()["id"])

    world.await_stalled("Cancelled")
    assert world.kube.find("Job", world.ns, held["metadata"]["name"]) is None
    assert world.database.asked[-1].trigger.value == "CancelReport"
    assert ("SQL", "1.0.0") not in world.database.effects()
    jobs = len(world.jobs())
    never("another Job", lambda: len(world.jobs()) != jobs, within=1.5)

    world.annotate(requestedAt="2026-01-01T00:00:00Z")
    world.await_ready("1.0.0")


def test_a_change_that_starts_no_run_costs_no_pod(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")
    jobs = [job["metadata"]["name"] for job in world.jobs()]

    world.change(timeouts={"start": "5m"})

    world.await_ready("1.0.0")
    never("a Job", lambda: {job["metadata"]["name"] for job in world.jobs()} - set(jobs), within=1)


def test_the_run_keeps_the_images_that_it_began_with(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")

    images = world.run()["images"]
    assert images["runner"].startswith("registry.test/runner@sha256:")
    assert images["source"].startswith("registry.test/shop-database@sha256:")
    last = world.jobs()[-1]["spec"]["template"]["spec"]
    assert last["containers"][0]["image"] == images["runner"]
    assert request_of(world.jobs()[-1]).image_digest == images["source"]


def test_each_transition_is_one_event(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")
    eventually("the last event, which is posted behind the status", lambda: ("Normal", "Ready") in world.events())
    told = world.events()

    world.annotate(anything="else")
    never("another event", lambda: world.events()[len(told) :], within=1)
    assert told
    assert len(told) <= 2 * (len(UP) + 2)
    assert {kind for kind, _ in told} == {"Normal"}
