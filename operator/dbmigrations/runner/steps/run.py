"""One step from its request to its result: it always ends with one, whatever happens. The caller hears signals."""

import time
from typing import assert_never

from dbmigrations.api.step import StepName, StepRequest, StepResult
from dbmigrations.runner.context import StepContext
from dbmigrations.runner.outcomes import result_of
from dbmigrations.runner.report.events import StepBegan, StepEnded
from dbmigrations.runner.steps import backup, baseline, data, preflight, schema, sql, verify
from dbmigrations.runner.steps.session import tell_bug


def run_step(request: StepRequest, context: StepContext) -> StepResult:
    """Run a step. Its result holds no secret and is what the log says at its end."""
    began = time.monotonic()
    context.report(StepBegan(request.step))
    try:
        result = _run(request, context)
    except BaseException as error:  # noqa: BLE001 - also an interruption is answered, with a result
        tell_bug(error, context)
        result = result_of(error, request)
    result = result.model_copy(update={"message": context.redactor.clean(result.message)})
    context.report(StepEnded(result, time.monotonic() - began))
    return result


def _run(request: StepRequest, context: StepContext) -> StepResult:  # noqa: PLR0911 - one for each step
    match request.step.name:
        case StepName.PREFLIGHT:
            return preflight.run(request, context)
        case StepName.BASELINE:
            return baseline.run(request, context)
        case StepName.BACKUP:
            return backup.run(request, context)
        case StepName.SCHEMA:
            return schema.run(request, context)
        case StepName.SQL:
            return sql.run(request, context)
        case StepName.DATA:
            return data.run(request, context)
        case StepName.VERIFY:
            return verify.run(request, context)
        case _:
            assert_never(request.step.name)
