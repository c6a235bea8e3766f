"""The gates of a request: what its steps' work passes, and whether its role can see what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.postgres.gates.gates import Gates
from dbmigrations.postgres.gates.limits import GateLimits
from dbmigrations.postgres.gates.reading import check_sight
from dbmigrations.runner.steps.listening import listener

if TYPE_CHECKING:
    from dbmigrations.api.step import StepRequest
    from dbmigrations.runner.steps.session import Work

_AT_GATES = 60.0
"""Seconds that one attempt of a step waits at a closed gate: its result is what makes that seen in the status."""


def gates_of(work: Work) -> Gates:
    """The gates that a step's work passes."""
    wait = min(work.request.timeouts.wait, _AT_GATES)
    return Gates(_limits(work.request), wait=wait, listener=listener(work.context.report))


def check_gates(work: Work) -> None:
    """A gate that would be blind is found before anything is changed.

    Raises:
        PrivilegesMissingError: the text says which grant is missing.
    """
    check_sight(work.session, _limits(work.request))


def _limits(request: StepRequest) -> GateLimits:
    return GateLimits(**request.gates.model_dump()) if request.gates else GateLimits()
