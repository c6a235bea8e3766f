"""A Job's end is not its step's end: results that are lost, wrong, oversized or late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.step import Outcome, StepName, StepRequest, StepResult
from tests.controlplane.fake_kubelet import Fate, only
from tests.controlplane.waiting import never

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.controlplane.world import Json, World


@pytest.mark.parametrize("fate", [Fate.SILENT, Fate.VANISHES, Fate.KILLED])
def test_a_step_whose_result_is_lost_is_run_again_and_takes_effect_once(world: World, fate: Fate) -> None:
    world.kubelet.fate = only(fate, StepName.SQL, times=1)
    world.create("1.0.0")

    world.await_ready("1.0.0")

    assert world.database.effects().count(("SQL", "1.0.0")) == 1
    asked = [request.step.name for request in world.database.asked]
    assert asked.count(StepName.SQL) == (1 if fate is Fate.KILLED else 2)
    assert len([name for name in world.kubelet.created if "-sql-" in name]) == 2
    assert asked.count(StepName.DATA) == 1


def test_a_failed_job_is_never_a_success_whatever_its_pod_says(world: World) -> None:
    def lies(job: Json, pod: str, request: StepRequest) -> None:
        result = world.database.result(request, Outcome.SUCCEEDED)
        world.kubelet.end_pod(pod, result.encode().decode(), succeeded=False)
        world.kubelet.end_job(job, succeeded=False)

    honest = world.kubelet.finish
    once: list[str] = []

    def finish(job: Json, pod: str, request: StepRequest) -> None:
        if request.step.name is StepName.SQL and not once:
            once.append(pod)
            lies(job, pod, request)
        else:
            honest(job, pod, request)

    world.kubelet.finish = finish  # type: ignore[method-assign]
    world.create("1.0.0")

    world.await_ready("1.0.0")

    assert {each["name"]: each["attempts"] for each in world.run()["steps"]}["SQL"] == 2


def foreign_run(_world: World, _request: StepRequest, good: StepResult) -> str:
    return good.model_copy(update={"run": "another-run"}).encode().decode()


def foreign_step(_world: World, request: StepRequest, good: StepResult) -> str:
    return good.model_copy(update={"step": request.step.model_copy(update={"ordinal": 77})}).encode().decode()


def not_json(_world: World, _request: StepRequest, _good: StepResult) -> str:
    return "panic: runtime error"


def other_shape(_world: World, _request: StepRequest, _good: StepResult) -> str:
    return '{"format": 1, "outcome": "Succeeded"}'


def other_format(_world: World, _request: StepRequest, good: StepResult) -> str:
    return good.encode().decode().replace('"format":1', '"format":2')


@pytest.mark.parametrize("message", [foreign_run, foreign_step, not_json, other_shape, other_format])
def test_a_result_that_is_not_this_steps_is_reported_and_nothing_follows(
    world: World, message: Callable[[World, StepRequest, StepResult], str]
) -> None:
    def finish(job: Json, pod: str, request: StepRequest) -> None:
        text = message(world, request, world.database.answer(request))
        world.kubelet.end_pod(pod, text, succeeded=True)
        world.kubelet.end_job(job, succeeded=True)

    world.kubelet.finish = finish  # type: ignore[method-assign]
    world.create("1.0.0")

    world.await_stalled("ResultInvalid")

    never("a further step", lambda: len(world.jobs()) > 1, within=1)


def test_a_waiting_step_is_tried_again_by_itself_and_says_what_it_waits_for(world: World) -> None:
    answers = 0

    def unreachable(request: StepRequest) -> StepResult | None:
        nonlocal answers
        answers += 1
        if answers > 1:
            return None
        return world.database.result(
            request, Outcome.WAITING, reason="WaitingForDatabase", message="connection to shop-db:5432 refused"
        )

    world.database.overrides.append(unreachable)
    world.create("1.0.0")

    world.await_message("shop-db:5432")
    assert world.condition("Stalled") == ("", "")
    assert world.condition("Ready")[0] != "True"
    assert world.condition("Reconciling") == ("True", "WaitingForDatabase")
    world.await_ready("1.0.0")


def test_a_step_that_runs_out_of_time_says_which_one(world: World) -> None:
    world.kubelet.fate = only(Fate.HELD, StepName.DATA, times=1)
    world.create("1.0.0")
    job = world.await_held("Data")

    world.kubelet.end_pod(f"{job['metadata']['name']}-pod", "", succeeded=False, reason="Error", code=143)
    world.kubelet.end_job(job, succeeded=False, reason="DeadlineExceeded")

    status = world.await_stalled("StepTimedOut")
    assert "Data 1.0.0 took longer than its limit of 3600 s" in status["message"]
