"""A step always ends with a result, whatever happens, and says it in the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import Failure, Waiting
from dbmigrations.api.step import Outcome, StepName, StepResult
from dbmigrations.postgres.errors import CredentialsMissingError
from dbmigrations.postgres.settings import Secret
from dbmigrations.runner.context import StepContext
from dbmigrations.runner.interruption import Interrupted, Interruption
from dbmigrations.runner.report.events import Event, StepBegan, StepEnded, to_all
from dbmigrations.runner.report.json_lines import json_lines
from dbmigrations.runner.report.redaction import Redactor
from dbmigrations.runner.steps.run import run_step
from tests.unit.runner.requests import request

if TYPE_CHECKING:
    from dbmigrations.postgres.settings import ConnectionSettings


@dataclass(frozen=True)
class FailingLogins:
    """Logins that cannot be had."""

    error: BaseException

    def main(self) -> ConnectionSettings:
        raise self.error

    def backup(self) -> ConnectionSettings:
        raise self.error


@dataclass
class Ended:
    """A step that was run, with what it told."""

    error: BaseException
    name: StepName = StepName.PREFLIGHT
    events: list[Event] = field(default_factory=list)
    log: StringIO = field(default_factory=StringIO)

    def result(self) -> StepResult:
        redactor = Redactor()
        redactor.hide(Secret("hunter2"))
        asked = request(self.name)
        now = partial(datetime.now, UTC)
        context = StepContext(
            logins=FailingLogins(self.error),
            report=to_all(self.events.append, json_lines(self.log, redactor, asked, now)),
            now=now,
            redactor=redactor,
            interruption=Interruption(),
        )
        return run_step(asked, context)


@pytest.mark.parametrize("name", list(StepName))
def test_every_step_begins_and_ends_in_the_log(name: StepName) -> None:
    ended = Ended(CredentialsMissingError("no Secret"), name)
    result = ended.result()
    assert (result.outcome, result.reason) == (Outcome.WAITING, Waiting.CREDENTIALS)
    assert isinstance(ended.events[0], StepBegan)
    assert isinstance(ended.events[-1], StepEnded)
    assert ended.events[-1].result == result


def test_a_bug_is_a_result_and_its_trace_stands_in_the_log_alone() -> None:
    ended = Ended(ZeroDivisionError("by hunter2"))
    result = ended.result()
    assert (result.outcome, result.reason) == (Outcome.FAILED, Failure.INTERNAL)
    assert "Traceback" not in result.message
    assert "test_run.py" in ended.log.getvalue()
    assert "ZeroDivisionError: by ********" in ended.log.getvalue()


def test_a_known_secret_in_a_message_is_hidden_in_result_and_log() -> None:
    ended = Ended(CredentialsMissingError("the password is hunter2"))
    assert ended.result().message == "the password is ********"
    assert "hunter2" not in ended.log.getvalue()


def test_an_interruption_is_answered_too() -> None:
    result = Ended(Interrupted("SIGTERM")).result()
    assert (result.outcome, result.reason) == (Outcome.WAITING, Waiting.STEP_LOST)
    assert "SIGTERM" in result.message
