"""Requests and results of steps, as tests need them."""

from __future__ import annotations

from dbmigrations.api.step import Outcome, Requester, StepName, StepRef, StepRequest, StepResult

RUN = "4f9c1f0e-3d0a-4a53-9d6c-2f6f3f1f7a11"


def request(name: StepName = StepName.PREFLIGHT, **fields: object) -> StepRequest:
    """A request of an ordinary resource."""
    given: dict[str, object] = {
        "step": StepRef(name=name),
        "run": RUN,
        "requester": Requester(cluster="c", namespace="prod", name="shop", uid="uid-1", generation=3),
        "version": "1.1.0",
    }
    return StepRequest.model_validate(given | fields)


def result(outcome: Outcome = Outcome.SUCCEEDED, **fields: object) -> StepResult:
    """A result of that request."""
    given: dict[str, object] = {"step": StepRef(name=StepName.PREFLIGHT), "run": RUN, "outcome": outcome}
    return StepResult.model_validate(given | fields)
