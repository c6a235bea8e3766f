"""A cancelled run waits for nothing: it ends, with what its one report could tell."""

import pytest

from tests.unit.controller.cluster_model import Cluster
from tests.unit.controller.test_runs import at


def cancelled_while_the_database_is_away() -> Cluster:
    cluster = at("1.0.0")
    cluster.database.up = False
    cluster.change(version="1.1.0")
    for _ in range(4):
        cluster.reconcile()
        if cluster.active:
            cluster.finish(cluster.job)
    assert cluster.condition("Reconciling") == ("True", "WaitingForDatabase")
    cluster.cancel()
    return cluster


def test_a_run_that_waits_for_its_database_ends_cancelled_and_says_that_it_could_not_look() -> None:
    cluster = cancelled_while_the_database_is_away()

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "Cancelled")
    assert "its last report: WaitingForDatabase" in cluster.status["message"]
    assert cluster.run["state"] == "Cancelled"


def test_it_does_not_go_on_when_the_database_comes_back() -> None:
    cluster = cancelled_while_the_database_is_away()
    cluster.settle()
    jobs = len(cluster.created)

    cluster.database.up = True
    cluster.pass_time(100_000)
    cluster.settle()

    assert len(cluster.created) == jobs
    assert cluster.database.version == "1.0.0"


@pytest.mark.parametrize("waiting", ["ErrImagePull", "ImagePullBackOff"])
def test_a_run_that_waits_for_an_image_ends_cancelled_and_its_job_goes(waiting: str) -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    cluster.reconcile()
    for _ in range(6):
        for job in cluster.active:
            if job.pod is not None:
                job.pod.waiting = waiting
        cluster.pass_time(10)
        cluster.reconcile()
    assert cluster.condition("Reconciling") == ("True", "WaitingForImage")
    cluster.cancel()

    for _ in range(12):
        cluster.reconcile()
        cluster.end_pods_of_deleted_jobs()
        for job in cluster.active:
            if job.pod is not None:
                job.pod.waiting = waiting
        cluster.pass_time(10)

    assert cluster.condition("Stalled") == ("True", "Cancelled")
    assert not cluster.active


def test_a_report_that_is_killed_is_not_tried_again() -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    cluster.reconcile()
    cluster.cancel()
    cluster.reconcile()
    cluster.end_pods_of_deleted_jobs()
    cluster.reconcile()
    cluster.reconcile()
    assert cluster.job.request.trigger == "CancelReport"

    cluster.kill(cluster.job)
    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "Cancelled")
