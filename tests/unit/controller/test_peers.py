"""What goes wrong in the peers, where the plan is what keeps it from going wrong here; docs/peers.md lists all."""

from dataclasses import replace

import pytest

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.step import Outcome
from dbmigrations.controller.actions import DeleteJob
from dbmigrations.controller.plan import plan
from dbmigrations.controller.snapshot import JobState, PodPhase
from tests.unit.controller.cluster_model import Cluster, Crash
from tests.unit.controller.test_runs import at
from tests.unit.controller.test_spec_changes import in_step


def test_peers_3_a_job_without_a_final_condition_is_neither_failed_nor_succeeded() -> None:
    """Its Pod has failed, and the Job may still start another: only the condition Failed is final."""
    cluster = Cluster()
    in_step(cluster, "preflight")
    cluster.kill(cluster.job)
    (job,) = cluster.jobs.values()
    job.state = JobState.ACTIVE

    cluster.reconcile()

    assert cluster.steps[-1]["state"] == "Running"
    assert cluster.condition("Ready") == ("Unknown", "Progressing")


def test_peers_5_a_conflict_loses_nothing_although_the_database_is_already_migrated() -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    in_step(cluster, "data")
    cluster.finish(cluster.job)

    conflicted = cluster.reconcile(conflict=True)
    unchanged = cluster.steps[-1]["state"]
    cluster.settle()

    assert conflicted is not None
    assert unchanged == "Running"
    assert cluster.condition("Ready") == ("True", "Ready")
    assert cluster.database.violations == []


@pytest.mark.parametrize("crash", [Crash.BEFORE_STATUS, Crash.AFTER_STATUS, Crash.AFTER_EFFECT])
def test_peers_5_nor_does_a_killed_operator_at_any_write_of_a_run(crash: Crash) -> None:
    writes = 0
    while True:
        cluster = at("1.0.0")
        cluster.change(version="1.1.0")
        if not killed_at(cluster, crash, writes):
            break
        cluster.settle()
        assert cluster.condition("Ready") == ("True", "Ready")
        assert cluster.database.violations == []
        assert len(cluster.created) == 11, "no Job is created twice, and none is left out"
        writes += 1

    assert writes >= 6


def killed_at(cluster: Cluster, crash: Crash, write: int) -> bool:
    """Kill the operator at the write of this number; False: the run has fewer."""
    passed = 0
    while cluster.status["currentVersion"] != "1.1.0":
        decision = plan(cluster.snapshot(), cluster.now)
        here = decision.status is not None and passed == write
        cluster.reconcile(crash if here else Crash.NOWHERE)
        if here:
            return True
        passed += decision.status is not None
        if decision.status is None and not isinstance(decision.effect, DeleteJob):
            for job in cluster.active:
                cluster.finish(job)
    return False


def test_peers_6_a_job_is_deleted_only_after_its_result_is_in_the_status() -> None:
    """The model asserts it at every deletion; here the result is there while the Job still is."""
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    in_step(cluster, "backup")
    finished = cluster.job.name
    cluster.finish(cluster.job)

    cluster.reconcile(Crash.AFTER_STATUS)

    assert finished in cluster.jobs
    assert cluster.steps[-2]["state"] == "Succeeded"
    assert cluster.status["backup"]


def test_peers_6_a_job_that_goes_after_its_result_was_stored_is_never_created_again() -> None:
    cluster = at("1.0.0")
    jobs = len(cluster.created)

    cluster.jobs.clear()
    cluster.settle()

    assert len(cluster.created) == jobs
    assert cluster.condition("Ready") == ("True", "Ready")


def test_peers_8_a_job_deleted_behind_our_back_is_noticed_at_the_next_look() -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    in_step(cluster, "schema")
    cluster.vanish(cluster.job)

    cluster.reconcile()

    assert cluster.steps[-1]["state"] == "Waiting"
    assert "is gone" in cluster.status["message"]


def test_peers_12_the_observed_generation_moves_on_failure_too() -> None:
    cluster = at("1.0.0")
    cluster.database.broken = {"projects_rls"}

    cluster.change(version="1.1.0")
    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "MigrationFailed")
    assert cluster.status["observedGeneration"] == cluster.generation


def test_peers_14_after_a_lost_status_the_database_is_asked_and_the_rollback_goes_on() -> None:
    cluster = at("1.2.0")
    cluster.change(version="1.0.0")
    in_step(cluster, "data")
    cluster.lose_status()

    cluster.reconcile()
    waiting = cluster.condition("Ready")
    cluster.finish(cluster.job)
    cluster.settle()

    assert waiting == ("Unknown", "Progressing")
    assert cluster.database.version == "1.0.0"
    assert cluster.database.violations == []


def test_peers_17_jobs_of_the_run_under_way_are_not_pruned() -> None:
    """The backup itself is the runner's to keep; what the operator removes are Jobs, and never one of this run."""
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    in_step(cluster, "data")

    for _ in range(10):
        cluster.reconcile()

    assert [step["job"] for step in cluster.steps if step["job"]] == [
        name for name in cluster.created if name in cluster.jobs
    ]


def test_peers_18_after_a_restore_the_refusal_of_preflight_stands_and_nothing_runs() -> None:
    cluster = at("1.1.0")
    cluster.database.rows.clear()
    cluster.database.applied = cluster.database.applied[:2]
    cluster.database.verified = "1.0.0"

    cluster.ask_again()
    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "DatabaseMovedBack")
    assert cluster.run["state"] == "Refused"
    assert len(cluster.database.applied) == 2


def test_a_lost_status_begins_with_a_preflight_and_repeats_nothing() -> None:
    cluster = at("1.1.0")
    applied = list(cluster.database.applied)
    cluster.lose_status()

    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Ready")
    assert [step["name"] for step in cluster.steps] == ["Preflight"]
    assert cluster.database.applied == applied


def test_a_lost_status_does_not_repeat_a_failed_run() -> None:
    cluster = at("1.0.0")
    cluster.database.broken = {"projects_rls"}
    cluster.change(version="1.1.0")
    cluster.settle()
    cluster.lose_status()

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "MigrationFailed")
    assert [step["name"] for step in cluster.steps] == ["Preflight"]


def test_an_unknown_job_of_a_lost_status_is_waited_for() -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    in_step(cluster, "schema")
    cluster.lose_status()

    decision = cluster.reconcile()

    assert decision is not None
    assert decision.rule == "wait for another Job"
    assert not cluster.job.deleting
    assert cluster.run == {}


def test_an_unknown_job_that_never_starts_is_removed_in_time() -> None:
    cluster = Cluster()
    for _ in range(2):
        cluster.reconcile()
    cluster.lose_status()
    cluster.pass_time(600)

    decision = cluster.reconcile()

    assert decision is not None
    assert decision.rule == "stop what never started"


def test_a_running_job_of_a_run_that_the_status_does_not_know_is_never_stopped() -> None:
    """Somebody wrote an old status over a newer one: the Job may be in the middle of a migration."""
    cluster = at("1.0.0")
    before = cluster.status
    cluster.change(version="1.1.0")
    in_step(cluster, "schema")
    cluster.status = before
    cluster.version += 1

    decision = cluster.reconcile()

    assert decision is not None
    assert decision.rule == "wait for another Job"
    assert decision.effect is None


@pytest.mark.parametrize("phase", [PodPhase.PENDING, PodPhase.RUNNING, PodPhase.UNKNOWN])
def test_a_living_pod_whose_job_is_gone_is_waited_for(phase: PodPhase) -> None:
    """Unknown: its node does not answer, and may run it all the same."""
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    in_step(cluster, "schema")
    snapshot = cluster.snapshot()
    active = [job for job in snapshot.jobs if job.state is JobState.ACTIVE]
    without_job = replace(
        snapshot,
        jobs=tuple(job for job in snapshot.jobs if job not in active),
        pods=tuple(replace(pod, phase=phase) if pod.job == active[0].name else pod for pod in snapshot.pods),
    )

    lost = plan(without_job, cluster.now)
    assert lost.status is not None
    cluster.pass_time(1000)
    resource = replace(snapshot.resource, status=lost.status.status)
    blocked = plan(replace(without_job, resource=resource), cluster.now)

    assert blocked.rule == "wait for another Pod"
    assert blocked.effect is None


def test_jobs_that_another_resource_controls_are_not_ours() -> None:
    cluster = at("1.0.0")
    snapshot = cluster.snapshot()
    stranger = replace(snapshot.jobs[0], state=JobState.ACTIVE, owner_uid="another", name="stranger")
    cluster.change(version="1.1.0")
    snapshot = replace(cluster.snapshot(), jobs=(*snapshot.jobs, stranger))

    assert plan(snapshot, cluster.now).rule == "begin a run"


def test_a_refusal_between_two_steps_stops_the_run() -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    in_step(cluster, "sql")
    said = cluster.database.answer(
        cluster.job.request, Outcome.REFUSED, reason=Refusal.HISTORY_DIVERGED, message="another row"
    )
    cluster.finish(cluster.job, said)

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "HistoryDiverged")
