"""A run, step by step: what is written, what is started, and when it counts as done."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from dbmigrations.api.resource import FINALIZER, GIT_REVISION, REQUESTED_BY
from dbmigrations.api.step import Outcome, StepName
from dbmigrations.controller.actions import AddFinalizer, CreateJob, DeleteJob, RunEnded, StepEnded, StepStarted
from dbmigrations.controller.plan import needs_pods
from dbmigrations.controller.snapshot import JobState
from tests.unit.controller.cluster_model import Cluster, default_spec


def at(version: str) -> Cluster:
    """A cluster whose database was brought to this version."""
    cluster = Cluster(spec=default_spec(version))
    cluster.settle()
    assert cluster.condition("Ready") == ("True", "Ready")
    return cluster


def shown(cluster: Cluster) -> list[tuple[str, str, str]]:
    return [(step["name"], step["release"], step["state"]) for step in cluster.steps]


def test_the_first_look_records_a_run_and_its_preflight_before_anything_else() -> None:
    cluster = Cluster()

    decision = cluster.reconcile()

    assert decision is not None
    assert isinstance(decision.effect, AddFinalizer)
    assert cluster.run["state"] == "Running"
    assert shown(cluster) == [("Preflight", "", "Starting")]
    assert cluster.created == []
    assert cluster.condition("Reconciling") == ("True", "Progressing")


def test_the_recorded_job_follows_the_finalizer() -> None:
    cluster = Cluster()
    cluster.reconcile()

    decision = cluster.reconcile()

    assert decision is not None
    assert isinstance(decision.effect, CreateJob)
    assert decision.status is None
    assert cluster.created == [cluster.steps[0]["job"]]
    assert cluster.finalizers == {FINALIZER, "someone.else/theirs"}


def test_a_running_job_is_awaited_without_a_write() -> None:
    cluster = Cluster()
    for _ in range(2):
        cluster.reconcile()
    cluster.start(cluster.job)
    cluster.reconcile()

    decision = cluster.reconcile()

    assert decision is not None
    assert (decision.status, decision.effect, decision.requeue_after) == (None, None, 30.0)
    assert cluster.steps[0]["runningSince"]


def test_a_job_that_just_started_is_looked_at_soon_because_no_event_tells_that_its_pod_cannot_start() -> None:
    cluster = Cluster()
    for _ in range(2):
        cluster.reconcile()

    soon = cluster.reconcile()
    cluster.pass_time(12)
    later = cluster.reconcile()

    assert soon is not None
    assert later is not None
    assert (soon.requeue_after, later.requeue_after) == (5.0, 12.0)


def test_the_end_of_a_step_and_the_start_of_the_next_are_one_write() -> None:
    cluster = Cluster()
    for _ in range(2):
        cluster.reconcile()
    cluster.finish(cluster.job)

    decision = cluster.reconcile()

    assert decision is not None
    assert isinstance(decision.effect, CreateJob)
    assert shown(cluster) == [("Preflight", "", "Succeeded"), ("Backup", "", "Starting")]
    assert [type(one) for one in decision.transitions] == [StepEnded, StepStarted]


def test_a_run_walks_release_by_release_and_shows_what_it_left_out() -> None:
    cluster = at("1.0.0")

    cluster.change(version="1.2.0")
    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Ready")
    assert shown(cluster) == [
        ("Preflight", "", "Succeeded"),
        ("Backup", "", "Succeeded"),
        ("Schema", "1.1.0", "Succeeded"),
        ("SQL", "1.1.0", "Succeeded"),
        ("Data", "1.1.0", "Succeeded"),
        ("Verify", "1.1.0", "Succeeded"),
        ("Schema", "1.2.0", "Succeeded"),
        ("SQL", "1.2.0", "Skipped"),
        ("Data", "1.2.0", "Skipped"),
        ("Verify", "1.2.0", "Succeeded"),
    ]
    assert sum(job.startswith("shop-sql") for job in cluster.created) == 2, "a skipped step costs no Job"


def test_each_verified_release_moves_the_version() -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.2.0")
    seen = []

    while cluster.status["currentVersion"] != "1.2.0":
        cluster.reconcile()
        for job in cluster.active:
            cluster.finish(job)
        seen.append(cluster.status["currentVersion"])

    assert list(dict.fromkeys(seen)) == ["1.0.0", "1.0.0*", "1.1.0", "1.1.0*", "1.2.0"]


def test_lowering_the_version_rolls_back_in_the_mirrored_order_with_one_verify() -> None:
    cluster = at("1.2.0")

    cluster.change(version="1.0.0")
    cluster.settle()

    assert [(name, release) for name, release, state in shown(cluster) if state != "Skipped"] == [
        ("Preflight", ""),
        ("Backup", ""),
        ("Schema", "1.2.0"),
        ("Data", "1.1.0"),
        ("SQL", "1.1.0"),
        ("Schema", "1.1.0"),
        ("Verify", "1.0.0"),
    ]
    assert cluster.status["currentVersion"] == "1.0.0"


def test_a_policy_that_takes_no_backup_shows_it_as_skipped() -> None:
    cluster = Cluster(spec=default_spec(steps={"backup": {"when": "Never"}}))

    cluster.settle()

    assert shown(cluster)[1] == ("Backup", "", "Skipped")


def test_a_run_without_anything_to_do_ends_with_its_preflight() -> None:
    cluster = at("1.1.0")
    jobs = len(cluster.created)

    cluster.change(policy={"operations": "Any"})
    cluster.settle()

    assert shown(cluster) == [("Preflight", "", "Succeeded")]
    assert len(cluster.created) == jobs + 1
    assert cluster.condition("Ready") == ("True", "Ready")


def test_a_finished_run_is_looked_at_without_a_write_or_an_effect() -> None:
    cluster = at("1.0.0")

    decision = cluster.reconcile()

    assert decision is not None
    assert (decision.rule, decision.status, decision.effect, decision.requeue_after) == ("settle", None, None, 600.0)


def test_the_status_holds_backup_plan_and_the_last_changing_run() -> None:
    cluster = at("1.1.0")

    assert cluster.status["backup"]["location"].endswith(cluster.run["id"])
    assert cluster.status["lastChangingRun"] == cluster.run["id"]
    assert cluster.status["plan"]["direction"] == "Up"
    assert cluster.run["planHash"] == cluster.status["plan"]["hash"]
    assert cluster.run["changed"]


def test_the_next_run_hands_back_the_last_changing_run() -> None:
    cluster = at("1.1.0")
    last = cluster.run["id"]

    cluster.change(version="1.2.0")
    cluster.reconcile()

    assert cluster.job.request.last_run == last


def test_a_step_is_asked_with_the_plan_of_its_preflight_and_preflight_with_none() -> None:
    cluster = Cluster()
    for _ in range(2):
        cluster.reconcile()
    assert cluster.job.request.plan_hash == ""

    cluster.finish(cluster.job)
    cluster.reconcile()

    assert cluster.job.request.step.name is StepName.BACKUP
    assert cluster.job.request.plan_hash == cluster.status["plan"]["hash"]


def test_who_asked_and_for_which_commit_reach_the_request() -> None:
    cluster = Cluster(annotations={REQUESTED_BY: "ada", GIT_REVISION: "main@sha1:f00"})
    for _ in range(2):
        cluster.reconcile()

    request = cluster.job.request

    assert (request.requested_by, request.git_revision) == ("ada", "main@sha1:f00")
    assert request.requester.owner == "test/prod/shop"


def test_a_run_that_ends_at_another_version_is_never_ready() -> None:
    """The database decides: a runner that says it is done, at a version that was not asked for, is not believed."""
    cluster = Cluster()
    for _ in range(2):
        cluster.reconcile()
    cluster.database.verified, cluster.database.applied = "0.9.0", []
    result = cluster.database.answer(cluster.job.request, Outcome.SUCCEEDED)
    cluster.finish(cluster.job, result)

    cluster.reconcile()

    assert cluster.condition("Stalled") == ("True", "InternalError")
    assert "0.9.0" in cluster.status["message"]


def test_jobs_of_earlier_runs_are_removed_one_a_pass_and_those_of_the_last_run_stay() -> None:
    cluster = at("1.0.0")
    first = set(cluster.jobs)

    cluster.change(version="1.1.0")
    removals = 0
    while cluster.condition("Ready")[0] != "True" or removals < len(first):
        decision = cluster.reconcile()
        assert decision is not None
        removals += isinstance(decision.effect, DeleteJob)
        for job in cluster.active:
            cluster.finish(job)

    assert not first & set(cluster.jobs)
    assert set(cluster.jobs) == {step["job"] for step in cluster.steps if step["job"]}


def test_the_last_ten_runs_are_kept_newest_first() -> None:
    cluster = at("1.0.0")
    for number in range(12):
        cluster.change(version="1.1.0" if number % 2 == 0 else "1.0.0")
        cluster.settle()

    runs = cluster.status["runs"]

    assert len(runs) == 10
    assert runs[0]["id"] == cluster.run["id"]
    assert runs[0]["startedAt"] >= runs[-1]["startedAt"]


def test_transitions_tell_how_a_run_ended_once() -> None:
    cluster = at("1.1.0")

    ended = [one for decision in cluster.history for one in decision.transitions if isinstance(one, RunEnded)]

    assert [(one.run, one.state.value) for one in ended] == [(cluster.run["id"], "Succeeded")]


def test_events_are_told_on_transitions_only() -> None:
    cluster = at("1.0.0")
    told = [event.reason for decision in cluster.history for event in decision.events]

    for _ in range(3):
        cluster.reconcile()

    assert told == [
        "RunStarted",
        "Progressing",
        "StepSucceeded",
        "StepSucceeded",
        "StepSucceeded",
        "StepSucceeded",
        "StepSucceeded",
        "Ready",
    ]
    assert not cluster.history[-1].events


def test_the_last_fifty_steps_of_a_long_run_are_kept() -> None:
    """One more, and the API server would refuse the status."""
    cluster = Cluster()
    in_preflight = [{**step, "state": "Succeeded"} for step in _steps_of(cluster)]
    cluster.status["run"]["steps"] = in_preflight * 49 + cluster.status["run"]["steps"]
    cluster.finish(cluster.job)

    cluster.reconcile()

    assert len(cluster.steps) == 50
    assert cluster.steps[-1]["name"] == "Backup"


def _steps_of(cluster: Cluster) -> list[dict[str, object]]:
    for _ in range(2):
        cluster.reconcile()
    return cluster.steps


def test_no_pods_are_read_where_all_is_done() -> None:
    assert not needs_pods(at("1.0.0").snapshot())


SOMETHING_NEW: dict[str, Callable[[Cluster], None]] = {
    "a request": Cluster.ask_again,
    "a cancel": Cluster.cancel,
    "a lost status": Cluster.lose_status,
    "a deletion": Cluster.delete,
    "a new version": lambda cluster: cluster.change(version="1.1.0"),
    "an invalid spec": lambda cluster: cluster.change(steps={"backup": {}}),
}


@pytest.mark.parametrize("happen", SOMETHING_NEW.values(), ids=SOMETHING_NEW.keys())
def test_pods_are_read_where_there_is_something_new(happen: Callable[[Cluster], None]) -> None:
    cluster = at("1.0.0")

    happen(cluster)

    assert needs_pods(cluster.snapshot())


def test_pods_are_read_while_a_run_is_under_way_or_a_job_is_active() -> None:
    cluster = Cluster()
    cluster.reconcile()
    assert needs_pods(cluster.snapshot())

    settled = at("1.0.0").snapshot()
    stray = replace(settled.jobs[0], state=JobState.ACTIVE)
    assert needs_pods(replace(settled, jobs=(stray,)))
