"""What goes wrong in the peers, where a real API server is what it goes wrong with; docs/peers.md lists all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.step import StepName
from tests.controlplane.fake_kubelet import Fate, only
from tests.controlplane.waiting import eventually, never

if TYPE_CHECKING:
    from tests.controlplane.world import World


def test_peers_3_a_failed_pod_of_a_job_that_is_not_over_is_no_verdict(world: World) -> None:
    """`status.failed` counts Pods: the Job goes on, and succeeds."""
    world.kubelet.fate = only(Fate.HELD, StepName.SCHEMA, times=1)
    world.create("1.0.0")
    job = world.await_held("Schema")["metadata"]["name"]
    run = world.run()["id"]
    world.kube.patch("Job", world.ns, job, {"status": {"failed": 1}}, "/status")

    never("a verdict", lambda: world.run()["steps"][-1]["state"] not in {"Starting", "Running"}, within=2)
    world.kubelet.release()

    world.await_ready("1.0.0")
    assert world.run()["id"] == run
    assert {each["name"]: each["attempts"] for each in world.run()["steps"]}["Schema"] == 1


def test_peers_3_an_announced_failure_is_none_before_its_pod_has_ended(world: World) -> None:
    """FailureTarget comes while Pods are still being stopped; only Failed says that nothing runs any more."""
    world.kubelet.fate = only(Fate.HELD, StepName.SCHEMA, times=1)
    world.create("1.0.0")
    job = world.await_held("Schema")
    announced = {"type": "FailureTarget", "status": "True", "reason": "BackoffLimitExceeded"}
    world.kube.patch("Job", world.ns, job["metadata"]["name"], {"status": {"conditions": [announced]}}, "/status")

    never("a verdict", lambda: world.run()["steps"][-1]["state"] not in {"Starting", "Running"}, within=2)
    world.kubelet.release(well=False)

    world.await_ready("1.0.0")
    assert {each["name"]: each["attempts"] for each in world.run()["steps"]}["Schema"] == 2


def test_peers_8_a_job_deleted_while_the_operator_was_away_is_missed_at_once(world: World) -> None:
    """No watch tells the new operator of a deletion before its time: it looks at what is there, not into a cache."""
    world.kubelet.fate = only(Fate.HELD, StepName.SCHEMA, times=1)
    world.create("1.0.0")
    job = world.await_held("Schema")["metadata"]["name"]
    eventually("it was seen", lambda: world.run()["steps"][-1]["state"] == "Running")  # else no attempt was lost
    world.operator.kill()
    world.kubelet.held.clear()
    world.kube.delete("Job", world.ns, job)
    eventually("the Job is gone", lambda: world.kube.find("Job", world.ns, job) is None)

    world.operator.start()

    world.await_ready("1.0.0")
    assert {each["name"]: each["attempts"] for each in world.run()["steps"]}["Schema"] == 2


def test_peers_8_so_is_one_deleted_under_the_eyes_of_the_operator(world: World) -> None:
    world.kubelet.fate = only(Fate.HELD, StepName.SCHEMA, times=1)
    world.create("1.0.0")
    job = world.await_held("Schema")["metadata"]["name"]

    world.kubelet.held.clear()
    world.kube.delete("Job", world.ns, job)

    world.await_ready("1.0.0")
    assert {each["name"]: each["attempts"] for each in world.run()["steps"]}["Schema"] == 2
