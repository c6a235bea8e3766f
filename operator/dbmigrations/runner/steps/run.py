"""One step from its request to its result: it always ends with one, whatever happens. The caller hears signals."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module

from dbmigrations.api.step import StepRequest, StepResult
from dbmigrations.runner.context import StepContext
from dbmigrations.runner.interruption import interruption_behind
from dbmigrations.runner.outcomes import result_of
from dbmigrations.runner.report.events import StepBegan, StepEnded
from dbmigrations.runner.steps.losses import through_losses
from dbmigrations.runner.steps.session import tell_details

Step = Callable[[StepRequest, StepContext], StepResult]
"""What every module of a step has as `run`."""

_OUT_OF_REACH = 60.0
"""Seconds that one attempt of a step waits for a server that went away under it; then the step is tried later."""


def run_step(request: StepRequest, context: StepContext) -> StepResult:
    """Run a step. Its result holds no secret and is what the log says at its end."""
    began = time.monotonic()
    context.report(StepBegan(request.step))
    try:
        result = _run(request, context)
    except BaseException as error:  # noqa: BLE001 - also an interruption is answered, with a result
        context.interruption.answer()
        error = interruption_behind(error) or error
        tell_details(error, context)
        result = result_of(error, request)
    result = result.model_copy(update={"message": context.redactor.clean(result.message)})
    context.report(StepEnded(result, time.monotonic() - began))
    return result


def _run(request: StepRequest, context: StepContext) -> StepResult:
    # A Job runs one step: the modules of the others are not loaded.
    step: Step = import_module(f"dbmigrations.runner.steps.{request.step.name.lower()}").run
    within = min(request.timeouts.wait, _OUT_OF_REACH)
    return through_losses(lambda: step(request, context), seconds=within, report=context.report)
