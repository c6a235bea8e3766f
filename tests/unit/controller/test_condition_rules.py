"""The checker itself: each rule is broken once, so that none of them is silent."""

from typing import Any

import pytest

from tests.rules.condition_rules import broken_rules, broken_transition, kstatus

NOON = "2026-01-01T12:00:00Z"
LATER = "2026-01-01T12:00:01Z"


def condition(kind: str, status: str, *, generation: int = 2, time: str = NOON, **more: str) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": "Because",
        "message": "said",
        "observedGeneration": generation,
        "lastTransitionTime": time,
        **more,
    }


def resource(*conditions: dict[str, Any], generation: int = 2, observed: int = 2, **status: object) -> dict[str, Any]:
    return {
        "metadata": {"generation": generation},
        "status": {"observedGeneration": observed, "conditions": list(conditions), **status},
    }


READY = condition("Ready", "True")
NOT_READY = condition("Ready", "False")
UNKNOWN = condition("Ready", "Unknown")
RECONCILING = condition("Reconciling", "True")
STALLED = condition("Stalled", "True")

LEGAL = {
    "ready": (resource(READY), "Current"),
    "progressing": (resource(UNKNOWN, RECONCILING), "InProgress"),
    "will retry": (resource(NOT_READY, RECONCILING), "InProgress"),
    "stalled": (resource(NOT_READY, STALLED), "Failed"),
    "suspended": (resource(NOT_READY), "InProgress"),
    "fresh": (resource(observed=-1), "InProgress"),
    "changed since": (resource(READY, generation=3), "InProgress"),
}


@pytest.mark.parametrize(("state", "verdict"), LEGAL.values(), ids=LEGAL.keys())
def test_every_legal_shape_breaks_no_rule_and_reads_as_meant(state: dict[str, Any], verdict: str) -> None:
    assert broken_rules(state) == []
    assert kstatus(state) == verdict


ILLEGAL = {
    "Ready is always present": resource(RECONCILING),
    "every type of condition is there once": resource(READY, READY),
    "Reconciling and Stalled are True or absent": resource(READY, condition("Reconciling", "False")),
    "never both Reconciling and Stalled": resource(NOT_READY, RECONCILING, STALLED),
    "Reconciling=True: Ready is not True": resource(READY, RECONCILING),
    "Stalled=True: Ready=False": resource(UNKNOWN, STALLED),
    "Ready=Unknown: Reconciling=True": resource(UNKNOWN),
    "no observedGeneration is above the generation": resource(READY, generation=1),
    "all conditions speak of the generation that the status speaks of": resource(
        condition("Ready", "True", generation=1)
    ),
    "Current to kstatus is Ready=True about the newest generation": {"metadata": {"generation": 2}, "status": {}}
    | {"status": {"conditions": [condition("Other", "True")]}},
    "a reason is one word": resource(condition("Ready", "True", reason="two words")),
    "a message says something": resource(condition("Ready", "True", message="")),
    "a condition has a time": resource(condition("Ready", "True", time="")),
    "lists are bounded": resource(READY, runs=[{}] * 11),
}


@pytest.mark.parametrize(("rule", "state"), ILLEGAL.items(), ids=ILLEGAL.keys())
def test_each_rule_is_heard_when_it_is_broken(rule: str, state: dict[str, Any]) -> None:
    assert rule in broken_rules(state)


def test_peers_11_an_empty_status_is_not_taken_for_healthy() -> None:
    """The default of the CRD is what makes kstatus wait: without it nothing at all would be Current."""
    assert kstatus({"metadata": {"generation": 1}, "status": {"observedGeneration": -1}}) == "InProgress"
    assert kstatus({"metadata": {"generation": 1}}) == "Current"


def test_a_time_that_moves_without_its_status_is_heard() -> None:
    assert broken_transition(resource(READY), resource(condition("Ready", "True", time=LATER)))
    assert not broken_transition(resource(READY), resource(condition("Ready", "False", time=LATER)))


def test_an_observed_generation_that_goes_back_is_heard() -> None:
    assert broken_transition(resource(READY, generation=3, observed=3), resource(READY, generation=3))
