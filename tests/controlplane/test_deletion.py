"""A resource that goes: what runs is stopped, our finalizer goes, everybody else's stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.resource import FINALIZER
from dbmigrations.api.step import StepName
from tests.controlplane.fake_kubelet import Fate, only
from tests.controlplane.waiting import eventually

if TYPE_CHECKING:
    from tests.controlplane.world import World

OTHERS = "example.com/somebody-elses"


def test_deleting_stops_the_running_step_and_releases_the_resource(world: World) -> None:
    world.kubelet.fate = only(Fate.HELD, StepName.SCHEMA)
    world.create("1.0.0")
    world.await_held("Schema")

    world.delete()

    eventually("the resource is gone", lambda: world.find() is None, seen=world.story)
    eventually("its Jobs are gone", lambda: not world.jobs())
    assert ("Schema", "1.0.0") not in world.database.effects()


def test_a_resource_at_rest_goes_at_once(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")

    world.delete()

    eventually("the resource is gone", lambda: world.find() is None, within=12, seen=world.story)


def test_the_finalizers_of_others_survive_ours(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")
    finalizers = world.get()["metadata"]["finalizers"]
    assert finalizers == [FINALIZER]
    world.kube.patch(
        "DatabaseMigration", world.ns, world.name, {"metadata": {"finalizers": [OTHERS, *finalizers, f"{OTHERS}-2"]}}
    )

    world.delete()

    eventually(
        "only ours is gone", lambda: world.get()["metadata"]["finalizers"] == [OTHERS, f"{OTHERS}-2"], seen=world.story
    )
    world.kube.patch("DatabaseMigration", world.ns, world.name, {"metadata": {"finalizers": None}})
    eventually("the resource is gone", lambda: world.find() is None)


def test_a_finalizer_of_somebody_else_is_joined_not_replaced(world: World) -> None:
    resource = world.create("1.0.0")
    world.kube.patch("DatabaseMigration", world.ns, world.name, {"metadata": {"finalizers": [OTHERS]}})
    eventually(
        "both are there",
        lambda: set(world.get()["metadata"]["finalizers"]) == {OTHERS, FINALIZER},
        seen=lambda: resource,
    )
    world.kube.patch("DatabaseMigration", world.ns, world.name, {"metadata": {"finalizers": [FINALIZER]}})


def test_a_resource_deleted_while_the_operator_is_down_goes_when_it_is_back(world: World) -> None:
    world.kubelet.fate = only(Fate.HELD, StepName.SCHEMA)
    world.create("1.0.0")
    world.await_held("Schema")
    world.operator.kill()

    world.delete()
    world.operator.start()

    eventually("the resource is gone", lambda: world.find() is None, seen=world.story)


def test_a_resource_made_again_under_the_same_name_is_another_one(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")
    first = world.get()["metadata"]["uid"]
    world.delete()
    eventually("the resource is gone", lambda: world.find() is None)

    world.create("1.1.0")
    world.await_ready("1.1.0")

    assert world.get()["metadata"]["uid"] != first
    uids = {request.requester.uid for request in world.database.asked}
    assert uids == {first, world.get()["metadata"]["uid"]}
    assert 'name="shop"' in world.operator.answer("/metrics")[1]


def test_the_metrics_of_a_deleted_resource_go_with_it(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")
    assert 'dbmigrations_resource_info{name="shop"' in world.operator.answer("/metrics")[1]

    world.delete()

    eventually("they are gone", lambda: 'name="shop"' not in world.operator.answer("/metrics")[1])
