"""Reading a request: what cannot be read is answered with a result, as far as it can be known for whom."""

from __future__ import annotations

import json

import pytest

from dbmigrations.api.reasons import Failure
from dbmigrations.api.step import Outcome, StepName, StepRequest
from dbmigrations.runner.requests import RequestInvalidError, read_request
from tests.unit.runner.requests import RUN, request


def refusal(text: str, step: StepName = StepName.PREFLIGHT) -> RequestInvalidError:
    with pytest.raises(RequestInvalidError) as caught:
        read_request(text, step)
    return caught.value


def wire(**changes: object) -> str:
    return json.dumps(request().to_wire() | changes)


def test_a_request_is_read_as_it_was_written() -> None:
    assert read_request(json.dumps(request().to_wire()), StepName.PREFLIGHT) == request()


def test_the_models_own_json_is_a_request() -> None:
    text = request(approvedPlan="sha256:1").model_dump_json(by_alias=True)
    assert read_request(text, StepName.PREFLIGHT).approved_plan == "sha256:1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON at character 0"),
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "step: Field required"),
        (wire(format=2), "not of format 1"),
        (wire(version=7), "version: Input should be a valid string"),
        (wire(surprise=True), "surprise: Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_by_field(text: str, words: str) -> None:
    assert words in str(refusal(text))


def test_a_request_for_another_step_is_refused() -> None:
    assert "for step Preflight, the command line says Schema" in str(refusal(wire(), StepName.SCHEMA))


@pytest.mark.parametrize("field", ["lock", "statement"])
@pytest.mark.parametrize("value", [597 * 3600, -1])
def test_a_timeout_that_postgres_cannot_be_told_is_refused_by_its_field(field: str, value: float) -> None:
    refused = refusal(wire(timeouts={field: value}))
    assert f"spec.timeouts.{field} is {value} s, and PostgreSQL takes 0 to 2147483 s (596h)" in str(refused)
    assert (refused.result.outcome, refused.result.reason) == (Outcome.FAILED, Failure.INVALID_SPEC)


def test_the_longest_timeout_that_postgres_can_be_told_is_taken() -> None:
    text = wire(timeouts={"lock": 596 * 3600, "statement": 0})
    assert read_request(text, StepName.PREFLIGHT).timeouts.lock == 596 * 3600


@pytest.mark.parametrize(("alias", "field"), [("schema", "schema"), ("historySchema", "historySchema")])
@pytest.mark.parametrize("name", ["pg_x", "information_schema"])
def test_a_schema_that_is_postgres_own_is_refused_by_its_field(alias: str, field: str, name: str) -> None:
    refused = refusal(wire(**{alias: name}))
    assert f"spec.database.{field} is {name}" in str(refused)
    assert refused.result.reason is Failure.INVALID_SPEC


def test_the_values_of_a_malformed_request_are_not_repeated() -> None:
    assert "hunter2" not in str(refusal(wire(version=["hunter2"])))


def test_the_answer_carries_the_run_and_step_where_they_can_be_read() -> None:
    answer = refusal(wire(format=2)).result
    assert (answer.run, answer.step, answer.outcome, answer.reason) == (
        RUN,
        request().step,
        Outcome.FAILED,
        Failure.INTERNAL,
    )


@pytest.mark.parametrize("text", ["nonsense", '{"run": 7, "step": "x"}', json.dumps({"run": "x" * 100})])
def test_where_they_cannot_the_answer_names_the_step_of_the_command_line(text: str) -> None:
    answer = refusal(text, StepName.SQL).result
    assert (answer.run, answer.step.name) == ("", StepName.SQL)


def test_a_request_round_trips_through_its_own_schema() -> None:
    assert StepRequest.model_validate_json(wire()) == request()
