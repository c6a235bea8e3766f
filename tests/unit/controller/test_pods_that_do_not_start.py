"""Why a Pod does not start, and what becomes of its attempt; deadlines, and results that cannot be read."""

from dataclasses import replace

import pytest

from dbmigrations.api.status import RunState, StepState
from dbmigrations.controller.actions import DeleteJob, Propagation
from dbmigrations.controller.naming import MAIN_CONTAINER
from dbmigrations.controller.plan import plan
from dbmigrations.controller.snapshot import ContainerFacts, JobState, PodPhase, Snapshot
from tests.unit.controller.cluster_model import Cluster, default_spec
from tests.unit.controller.test_spec_changes import in_step
from tests.unit.controller.waiting import one_more_attempt, with_preflight_created


@pytest.mark.parametrize(
    ("why", "reason"),
    [("ErrImagePull", "WaitingForImage"), ("CreateContainerConfigError", "WaitingForPod")],
)
def test_why_a_pod_does_not_start_stands_in_the_message(why: str, reason: str) -> None:
    cluster = with_preflight_created()
    assert cluster.job.pod is not None
    cluster.job.pod.waiting = why

    cluster.reconcile()

    assert cluster.condition("Ready") == ("Unknown", reason)
    assert why in cluster.status["message"]


def test_the_pause_before_the_next_pull_does_not_hide_the_error_of_the_last() -> None:
    cluster = with_preflight_created()
    assert cluster.job.pod is not None
    cluster.job.pod.waiting = "ErrImagePull"
    cluster.reconcile()

    cluster.job.pod.waiting = "ImagePullBackOff"
    decision = cluster.reconcile()

    assert decision is not None
    assert decision.status is None, "a node alternates between the two every few seconds"
    assert "ErrImagePull" in cluster.status["message"]


def test_a_pod_that_starts_after_all_is_no_longer_waited_for() -> None:
    cluster = with_preflight_created()
    assert cluster.job.pod is not None
    cluster.job.pod.waiting = "ErrImagePull"
    cluster.reconcile()

    cluster.start(cluster.job)
    cluster.reconcile()

    assert cluster.condition("Ready") == ("Unknown", "Progressing")


def test_a_pod_that_does_not_start_in_time_is_given_up_and_tried_anew() -> None:
    cluster = with_preflight_created(timeouts={"start": "2m"})
    assert cluster.job.pod is not None
    cluster.job.pod.waiting = "ErrImagePull"
    cluster.pass_time(120)

    decision = cluster.reconcile()

    assert decision is not None
    assert isinstance(decision.effect, DeleteJob)
    assert decision.effect.propagation is Propagation.FOREGROUND
    assert cluster.condition("Ready") == ("Unknown", "WaitingForImage")
    assert "not started within 120 s" in cluster.status["message"]


def test_the_next_attempt_waits_until_the_pod_given_up_has_ended() -> None:
    cluster = with_preflight_created(timeouts={"start": "2m"})
    cluster.pass_time(120)
    cluster.reconcile()
    cluster.pass_time(400)

    blocked = cluster.reconcile()
    cluster.end_pods_of_deleted_jobs()
    cluster.reconcile()

    assert blocked is not None
    assert blocked.effect is None
    assert len(cluster.created) == 2


def test_giving_up_is_repeated_where_the_operator_stopped_in_between() -> None:
    cluster = with_preflight_created(timeouts={"start": "2m"})
    cluster.pass_time(120)
    cluster.reconcile()
    (job,) = cluster.jobs.values()
    job.deleting = False

    decision = cluster.reconcile()

    assert decision is not None
    assert isinstance(decision.effect, DeleteJob)


def test_a_job_that_the_api_server_refuses_is_waited_for_with_its_words() -> None:
    cluster = Cluster(quota='admission webhook "policy" denied the request: no owner label')
    for _ in range(2):
        cluster.reconcile()

    assert cluster.condition("Ready") == ("Unknown", "WaitingForPod")
    assert "no owner label" in cluster.status["message"]
    cluster.quota = ""
    cluster.settle()
    assert cluster.condition("Ready") == ("True", "Ready")


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("preflight", "Preflight took longer than its limit of 3600 s (spec.timeouts.step)"),
        ("sql", "SQL 1.0.0 took longer than its limit of 90 s (spec.steps.sql.timeout, or spec.timeouts.step)"),
    ],
)
def test_a_step_past_its_limit_is_stalled_and_says_which_step_and_which_limit(step: str, says: str) -> None:
    backup = default_spec()["steps"]["backup"]
    cluster = Cluster(spec=default_spec(steps={"backup": backup, "sql": {"timeout": "1m30s"}}))
    in_step(cluster, step)
    cluster.start(cluster.job)
    cluster.reconcile()
    cluster.overrun(cluster.job)

    cluster.reconcile()

    assert cluster.condition("Stalled") == ("True", "StepTimedOut")
    assert says in cluster.status["message"]


def test_a_deadline_that_passed_before_the_pod_ran_is_waiting_for_what_was_missing() -> None:
    cluster = with_preflight_created()
    assert cluster.job.pod is not None
    cluster.job.pod.waiting = "ErrImagePull"
    cluster.reconcile()
    cluster.overrun(cluster.job)

    cluster.reconcile()

    assert cluster.condition("Ready") == ("Unknown", "WaitingForImage")
    assert "ErrImagePull" in cluster.status["message"]


@pytest.mark.parametrize("said", ["{", "x" * 5000, '{"format":2}'])
def test_a_malformed_or_oversized_result_is_reported(said: str) -> None:
    cluster = with_preflight_created()
    cluster.finish(cluster.job, said)

    cluster.reconcile()

    assert cluster.condition("Stalled") == ("True", "ResultInvalid")


def test_a_pod_in_an_unknown_state_is_waited_for() -> None:
    """Its node does not answer: the runner may still be at work."""
    cluster = with_preflight_created()
    job = cluster.job
    assert job.pod is not None
    cluster.start(job)
    cluster.reconcile()
    job.pod.phase = PodPhase.UNKNOWN

    decision = cluster.reconcile()

    assert decision is not None
    assert decision.effect is None
    assert cluster.steps[0]["state"] == "Running"


def test_an_attempt_given_up_for_a_spec_that_was_taken_back_goes_on_and_has_not_ended() -> None:
    cluster = with_preflight_created()
    assert cluster.job.pod is not None
    cluster.job.pod.waiting = "ErrImagePull"
    cluster.reconcile()
    cluster.change(version="1.1.0")
    cluster.reconcile()
    assert cluster.steps[-1]["state"] == "Stopped"

    cluster.change(version="1.0.0")
    cluster.end_pods_of_deleted_jobs()
    for _ in range(3):
        cluster.reconcile()

    assert (cluster.steps[-1]["state"], cluster.steps[-1]["attempts"]) == ("Running", 2)
    assert "finishedAt" not in cluster.steps[-1]


@pytest.mark.parametrize("waiting", ["ErrImagePull", "CreateContainerConfigError"])
def test_whatever_keeps_a_pod_from_starting_a_newer_spec_does_not_wait_for_it(waiting: str) -> None:
    cluster = with_preflight_created()
    assert cluster.job.pod is not None
    cluster.job.pod.waiting = waiting
    cluster.reconcile()
    cluster.change(version="1.1.0")

    decision = cluster.reconcile()

    assert decision is not None
    assert decision.rule == "give up an attempt that does not start"


def test_a_pod_that_is_only_starting_is_not_given_up_for_a_newer_spec() -> None:
    cluster = with_preflight_created()
    cluster.reconcile()
    cluster.change(version="1.1.0")

    decision = cluster.reconcile()

    assert decision is not None
    assert decision.rule == "await the running step"
    assert decision.effect is None


def test_a_newer_error_of_a_pull_takes_the_place_of_an_older_one_and_the_pause_between_two_does_not() -> None:
    def told(waiting: str) -> str:
        assert cluster.job.pod is not None
        cluster.job.pod.waiting = waiting
        cluster.reconcile()
        return str(cluster.status["message"])

    cluster = with_preflight_created()

    assert "ErrImagePull" in told("ErrImagePull")
    assert "ErrImagePull" in told("ImagePullBackOff")
    assert "RegistryUnavailable" in told("RegistryUnavailable")


def test_the_step_under_way_is_shown_until_the_run_is_over() -> None:
    cluster = with_preflight_created()
    assert cluster.status["step"] == "Preflight"

    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Ready")
    assert cluster.status["step"] == ""


def test_an_attempt_that_runs_is_past_what_its_pod_waited_for_at_once_also_the_second() -> None:
    cluster = with_preflight_created()
    assert cluster.job.pod is not None
    cluster.job.pod.waiting = "ErrImagePull"
    cluster.pass_time(601)
    cluster.reconcile()
    cluster.end_pods_of_deleted_jobs()
    one_more_attempt(cluster)
    assert cluster.condition("Ready") == ("Unknown", "WaitingForImage")

    cluster.start(cluster.job)
    cluster.reconcile()

    assert cluster.steps[-1]["attempts"] == 2
    assert cluster.condition("Ready") == ("Unknown", "Progressing")


def test_a_job_that_is_being_stopped_is_not_stopped_again() -> None:
    cluster = with_preflight_created()
    cluster.start(cluster.job)
    cluster.reconcile()
    cluster.cancel()
    stopped = cluster.reconcile()

    again = cluster.reconcile()

    assert stopped is not None
    assert isinstance(stopped.effect, DeleteJob)
    assert again is not None
    assert again.effect is None


def replaced(cluster: Cluster) -> Snapshot:
    """The node of the running Pod was drained: its Job has made another one, for which there is no node."""
    snapshot = cluster.snapshot()
    (old,) = [pod for pod in snapshot.pods if pod.job == cluster.job.name]
    disrupted = replace(old, phase=PodPhase.FAILED, reason="Evicted")
    waits = ContainerFacts(name=MAIN_CONTAINER)
    new = replace(
        old,
        name=f"{old.name}-2",
        uid="another",
        phase=PodPhase.PENDING,
        containers=(waits,),
        created_at=cluster.now,
        unschedulable="0/1 nodes are available: 1 node(s) were unschedulable",
    )
    return replace(snapshot, pods=(disrupted, new))


def test_a_pod_in_the_place_of_a_disrupted_one_says_why_it_does_not_start() -> None:
    cluster = in_step(Cluster(spec=default_spec("1.0.0")), "schema")
    cluster.pass_time(60)

    decision = plan(replaced(cluster), cluster.now)

    assert decision.status is not None
    status = decision.status.status
    assert "were unschedulable" in status.message
    assert status.conditions[0].reason == "WaitingForPod"
    assert status.run is not None
    assert status.run.steps[-1].running_since is not None


def test_a_deadline_that_passed_while_no_node_took_the_replacing_pod_is_no_timeout_of_the_step() -> None:
    """Infrastructure is never final."""
    cluster = in_step(Cluster(spec=default_spec("1.0.0")), "schema")
    cluster.pass_time(60)
    snapshot = replaced(cluster)
    waiting = plan(snapshot, cluster.now).status
    assert waiting is not None
    overdue = replace(snapshot.jobs[-1], state=JobState.FAILED, reason="DeadlineExceeded")
    assert overdue.name == cluster.job.name
    snapshot = replace(
        snapshot,
        resource=replace(snapshot.resource, status=waiting.status),
        jobs=(*snapshot.jobs[:-1], overdue),
        pods=(),
    )

    status = plan(snapshot, cluster.now).status

    assert status is not None
    assert status.status.run is not None
    assert (status.status.run.state, status.status.run.steps[-1].state) == (RunState.RUNNING, StepState.WAITING)
