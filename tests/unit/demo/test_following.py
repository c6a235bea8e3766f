"""What the demo says of a run, and when it takes it for done."""

from __future__ import annotations

import io
from itertools import chain, repeat
from typing import Any

import pytest
from rich.console import Console

from demo.following import DemoError, ended_steps, follow, is_done

Json = dict[str, Any]


def resource(*, generation: int = 2, observed: int = 2, steps: tuple[Json, ...] = (), **conditions: str) -> Json:
    return {
        "metadata": {"generation": generation},
        "status": {
            "observedGeneration": observed,
            "run": {"id": "r1", "steps": list(steps)},
            "conditions": [
                {"type": kind, "status": "True", "reason": reason, "observedGeneration": observed, "message": "Look."}
                for kind, reason in conditions.items()
            ],
        },
    }


def step(name: str, state: str, ordinal: int) -> Json:
    times = {"startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:03Z"}
    return {"name": name, "state": state, "ordinal": ordinal, "attempts": 1, **times}


def test_ready_at_the_newest_generation_is_done() -> None:
    assert is_done(resource(Ready="Ready"))


def test_ready_at_an_older_generation_is_not_done() -> None:
    assert not is_done(resource(generation=3, Ready="Ready"))


def test_an_unobserved_resource_is_not_done() -> None:
    assert not is_done({"metadata": {"generation": 1}, "status": {"observedGeneration": -1}})


def test_a_resource_that_stands_still_ends_the_demo_with_its_reason() -> None:
    with pytest.raises(DemoError, match=r"VerifyFailed\. Look\."):
        is_done(resource(Stalled="VerifyFailed"))


def test_only_steps_that_ended_are_told() -> None:
    steps = (step("Preflight", "Succeeded", 0), step("Backup", "Skipped", 1), step("Schema", "Running", 2))
    assert [line.key[1] for line in ended_steps(resource(steps=steps))] == [0, 1]


def test_each_step_is_told_once_and_those_of_the_run_before_are_not() -> None:
    before = resource(generation=2, observed=1, steps=(step("Preflight", "Succeeded", 0),))
    middle = resource(steps=(step("Preflight", "Succeeded", 0), step("Schema", "Succeeded", 1)))
    ended = resource(steps=(step("Preflight", "Succeeded", 0), step("Schema", "Succeeded", 1)), Ready="Ready")
    looks = chain([before, before, middle], repeat(ended))
    said = io.StringIO()
    assert follow(Console(file=said), lambda: next(looks), within=10) == ended
    assert said.getvalue().count("Schema") == 1
    assert "Preflight" not in said.getvalue()
    assert " 3 s " in said.getvalue()


def test_a_run_that_takes_too_long_ends_the_demo() -> None:
    with pytest.raises(DemoError, match="has not ended"):
        follow(Console(file=io.StringIO()), resource, within=0)
