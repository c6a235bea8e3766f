"""An operator with nothing to do does nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.step import Outcome, StepRequest, StepResult
from tests.controlplane.waiting import eventually, never

if TYPE_CHECKING:
    from tests.controlplane.world import World


def test_a_settled_resource_is_never_written_to(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")
    world.await_quiet()
    version = world.get()["metadata"]["resourceVersion"]

    world.mark()
    never("a write", world.writes, within=4)

    assert world.get()["metadata"]["resourceVersion"] == version


def test_a_restarted_operator_writes_nothing_about_a_settled_resource(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")
    world.await_quiet()
    world.operator.stop()

    world.mark()
    world.operator.start()
    eventually("it has looked", lambda: any(each["verb"] == "get" for each in world.requests()))

    never("a write", world.writes, within=2)
    looked_at = [
        (each["verb"], each["objectRef"]["resource"], each["objectRef"].get("name")) for each in world.requests()
    ]
    assert ("get", "databasemigrations", world.name) in looked_at
    assert not [each for each in looked_at if each[1] != "databasemigrations"]  # it reads nothing else


def test_a_stalled_resource_is_never_written_to(world: World) -> None:
    def refuses(request: StepRequest) -> StepResult:
        return world.database.result(request, Outcome.REFUSED, reason=Refusal.DOWN_MISSING, message="no way back")

    world.database.overrides.append(refuses)
    world.create("1.0.0")
    world.await_stalled("DownMissing")
    world.await_quiet()

    world.mark()
    never("a write", world.writes, within=3)


def test_fifty_changes_at_once_are_a_handful_of_looks(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")
    world.await_quiet()

    world.mark()
    for number in range(50):
        world.annotate(note=str(number))
    eventually("it has looked", lambda: len(world.requests()) > 1)
    never("a write", world.writes, within=1)

    looks = [each for each in world.requests() if each["verb"] == "get"]
    assert len(looks) <= 50


def test_a_whole_run_costs_two_writes_a_step_and_a_handful_of_reads(world: World) -> None:
    world.mark()
    world.create("1.0.0")
    world.await_ready("1.0.0")
    writes = Counter(write for write in world.writes() if write != "create events")
    steps = len(world.run()["steps"])

    assert writes["create jobs"] == steps
    assert writes["patch databasemigrations"] == 1  # the finalizer
    assert writes["patch databasemigrations/status"] <= 3 * steps + 2
    reads = [each for each in world.requests() if each["verb"] in {"get", "list"}]
    assert len(reads) <= 12 * steps + 12
