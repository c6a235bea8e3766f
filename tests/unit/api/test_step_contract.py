"""The result of a step crosses as at most 4,096 bytes, and nothing that comes across crashes the reader."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbmigrations.api.reasons import Failure, Refusal
from dbmigrations.api.step import (
    RESULT_LIMIT,
    SHARED_LIMIT,
    Outcome,
    PlanDirection,
    PlanSummary,
    ResultCutOffError,
    ResultInvalidError,
    ResultTooLargeError,
    StepName,
    StepRef,
    StepResult,
    compact_json,
)

RESULT = StepResult(step=StepRef(name=StepName.SQL, release="1.1.0", ordinal=3), run="r1", outcome=Outcome.SUCCEEDED)


def test_a_result_reads_back_as_it_was_written() -> None:
    written = RESULT.model_copy(
        update={"reason": Refusal.OUT_OF_ORDER, "message": "é—“x”", "next": StepRef(name=StepName.VERIFY, ordinal=4)}
    )

    assert StepResult.decode(written.encode().decode()) == written


@given(st.text(max_size=20_000))
def test_every_message_fits_whatever_it_holds(message: str) -> None:
    raw = RESULT.model_copy(update={"message": message}).encode()

    assert len(raw) <= RESULT_LIMIT
    read = StepResult.decode(raw.decode())
    assert message.startswith(read.message.removesuffix("…"))


def test_the_longest_plan_summary_fits_beside_its_message() -> None:
    summary = PlanSummary(
        hash="sha256:" + "0" * 64,
        direction=PlanDirection.MIXED,
        releases=tuple(f"{n}.100.100-rc.{n}" for n in range(20)),
        release_count=900,
        migrations=10_000,
        operations=dict.fromkeys(("additive", "widening", "restricting", "rewriting", "destructive", "data"), 10_000),
    )

    raw = RESULT.model_copy(update={"plan": summary, "message": "x" * 9000}).encode()

    assert len(raw) <= RESULT_LIMIT
    assert len(StepResult.decode(raw.decode()).message) > 1000


@given(st.text(max_size=20_000))
def test_a_result_without_a_plan_survives_two_containers_that_were_added_to_its_pod(message: str) -> None:
    """A Pod's containers share 12 KiB; where these two take their part, the node cuts what is longer."""
    raw = RESULT.model_copy(update={"message": message}).encode()

    assert len(raw) <= SHARED_LIMIT or len(StepResult.decode(raw.decode()).message) <= 1025


def test_a_message_that_status_can_show_whole_is_cut_little_for_that() -> None:
    read = StepResult.decode(RESULT.model_copy(update={"message": "x" * 9000}).encode().decode())

    assert 2000 < len(read.message) < 2457


@pytest.mark.parametrize("share", [12288 // 4, 12288 // 12, 600])
def test_a_result_of_which_the_node_kept_the_beginning_is_told_from_a_malformed_one(share: int) -> None:
    raw = compact_json(RESULT.model_copy(update={"message": "é" * 3000}))[:share].decode(errors="replace")

    with pytest.raises(ResultCutOffError, match="cut off after"):
        StepResult.decode(raw)


def test_a_result_that_cannot_fit_is_an_error_of_the_writer() -> None:
    unchecked = StepRef.model_construct(name=StepName.SQL, release="x" * 5000, ordinal=3)

    with pytest.raises(ResultTooLargeError, match="SQL"):
        RESULT.model_copy(update={"step": unchecked}).encode()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("", "without a result"),
        ("   \n", "without a result"),
        ("not json", "malformed"),
        ("[]", "malformed"),
        ("{}", "malformed at step"),
        ('{"format": 2}', "malformed at format"),
        (json.dumps({"step": {"name": "Nonsense"}}), "malformed at step.name"),
        ("x" * 5000, "longer than 4096 bytes"),
    ],
)
def test_a_malformed_result_is_an_error_with_its_place(raw: str, says: str) -> None:
    with pytest.raises(ResultInvalidError, match=says):
        StepResult.decode(raw)


@given(st.text(max_size=300))
def test_no_text_that_comes_across_crashes_the_reader(raw: str) -> None:
    with pytest.raises(ResultInvalidError):
        StepResult.decode(raw)


def test_an_error_about_a_result_never_repeats_its_contents() -> None:
    raw = json.dumps({"step": {"name": "canary-secret"}, "canary-secret": "canary-secret"})

    with pytest.raises(ResultInvalidError) as error:
        StepResult.decode(raw)

    assert "canary-secret" not in str(error.value)


def test_reasons_are_one_word_each_and_distinct() -> None:
    words = [*Refusal, *Failure]

    assert all(word.isalpha() for word in words)
    assert len({str(word) for word in words}) == len(words)
