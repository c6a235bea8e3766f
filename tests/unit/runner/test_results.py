"""Writing a result: one write of at most a page, replacing what was there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.step import RESULT_LIMIT, Outcome, PlanDirection, PlanSummary, StepName, StepRef, StepResult
from dbmigrations.runner.results import write_result
from tests.unit.runner.requests import result

if TYPE_CHECKING:
    from pathlib import Path

LONG_VERSION = "1.0.0-" + "x" * 57


def plan(releases: int) -> PlanSummary:
    return PlanSummary(
        hash="sha256:" + "0" * 64,
        direction=PlanDirection.UP,
        releases=(LONG_VERSION,) * releases,
        release_count=releases,
    )


def written(path: Path, answer: StepResult) -> StepResult:
    write_result(str(path), answer)
    assert path.stat().st_size <= RESULT_LIMIT
    return StepResult.decode(path.read_text())


def test_a_result_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    answer = result(message="done", next=StepRef(name=StepName.BACKUP, ordinal=1))
    assert written(tmp_path / "result", answer) == answer


def test_a_shorter_result_leaves_nothing_of_a_longer_one(tmp_path: Path) -> None:
    written(tmp_path / "result", result(message="x" * 3000))
    assert written(tmp_path / "result", result(message="y")) == result(message="y")


def test_a_long_message_is_cut_to_fit(tmp_path: Path) -> None:
    answer = written(tmp_path / "result", result(Outcome.FAILED, message="ü" * 5000))
    assert answer.message.startswith("üüü")
    assert answer.message.endswith("…")


def test_a_plan_of_long_versions_fits_and_keeps_the_next_step(tmp_path: Path) -> None:
    step = StepRef(name=StepName.SCHEMA, release=LONG_VERSION, ordinal=2)
    answer = written(tmp_path / "result", result(plan=plan(20), next=step, message="m" * 5000))
    assert (answer.next, answer.plan and answer.plan.release_count) == (step, 20)


def test_a_refusal_keeps_its_reason_whatever_its_length(tmp_path: Path) -> None:
    answer = written(
        tmp_path / "result",
        result(Outcome.REFUSED, reason=Refusal.AWAITING_APPROVAL, message="m" * 9000, plan=plan(20)),
    )
    assert answer.reason is Refusal.AWAITING_APPROVAL


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_result(str(tmp_path / "no" / "result"), result())
