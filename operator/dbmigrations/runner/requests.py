"""Reading the request of a step: one JSON argument. What cannot be read is said with a result, as far as possible."""

import json
from collections.abc import Iterator

from pydantic import ValidationError

from dbmigrations.api.limits import LONGEST_TIMEOUT, is_postgres_own
from dbmigrations.api.reasons import Failure
from dbmigrations.api.step import FORMAT, StepRef, StepRequest, StepResult
from dbmigrations.api.words import Outcome, StepName

RUN_LIMIT = 36


class RequestInvalidError(Exception):
    """A request that this runner cannot read; `str()` names the fields, never their values.

    Attributes:
        result: what to answer: with the run and the step of the request, where these could be read.
    """

    def __init__(self, message: str, result: StepResult) -> None:
        super().__init__(message)
        self.result = result


def read_request(text: str, step: StepName) -> StepRequest:
    """The request for a step that was named on the command line.

    Raises:
        RequestInvalidError: where it is not JSON, of another format, of another shape, for another step, or asks for
            what PostgreSQL cannot be told.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise _invalid(f"the request is not JSON{where}", {}, step) from None
    if not isinstance(document, dict):
        raise _invalid("the request is not a JSON object", {}, step)
    if document.get("format", FORMAT) != FORMAT:
        raise _invalid(
            f"the request is not of format {FORMAT}, the only one that this runner knows: "
            "use the runner image that belongs to the operator's version",
            document,
            step,
        )
    try:
        request = StepRequest.model_validate_json(text)
    except ValidationError as error:
        fields = [f"{'.'.join(map(str, e['loc'])) or 'request'}: {e['msg']}" for e in error.errors()[:3]]
        raise _invalid(f"the request is malformed: {'; '.join(fields)}", document, step) from None
    if request.step.name is not step:
        raise _invalid(f"the request is for step {request.step.name}, the command line says {step}", document, step)
    for problem in _beyond_postgres(request):
        raise _invalid(problem, document, step, Failure.INVALID_SPEC)
    return request


def _beyond_postgres(request: StepRequest) -> Iterator[str]:
    for field, name in (("schema", request.schema_name), ("historySchema", request.history_schema)):
        if is_postgres_own(name):
            own = "schemas named pg_… and information_schema are PostgreSQL's own"
            yield f"spec.database.{field} is {name}: {own}: choose another one"
    timeouts = request.timeouts
    for field, value in (("lock", timeouts.lock), ("statement", timeouts.statement)):
        if not 0 <= value <= LONGEST_TIMEOUT:
            yield (
                f"spec.timeouts.{field} is {value:.0f} s, and PostgreSQL takes 0 to {LONGEST_TIMEOUT} s (596h) for "
                f"{field}_timeout: shorten it, or set 0s for no limit"
            )


def _invalid(
    message: str, document: dict[str, object], step: StepName, reason: Failure = Failure.INTERNAL
) -> RequestInvalidError:
    run = document.get("run")
    result = StepResult(
        step=_step_of(document, step),
        run=run if isinstance(run, str) and len(run) <= RUN_LIMIT else "",
        outcome=Outcome.FAILED,
        reason=reason,
        message=message,
    )
    return RequestInvalidError(message, result)


def _step_of(document: dict[str, object], step: StepName) -> StepRef:
    try:
        return StepRef.model_validate(document.get("step"))
    except ValidationError:
        return StepRef(name=step)
