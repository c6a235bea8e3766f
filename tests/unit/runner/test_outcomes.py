"""Every error has a result: who acts next, and why."""

from __future__ import annotations

import psycopg
import pytest

from dbmigrations.api.reasons import Failure, Refusal, Waiting
from dbmigrations.api.step import Outcome, StepName
from dbmigrations.postgres import errors as engine
from dbmigrations.release.problems import Problem, ReleaseInvalidError
from dbmigrations.release.stored import StoredPlanError
from dbmigrations.runner.errors import ReportedError, SourceMissingError, StepRefusedError, VerifyFailedError
from dbmigrations.runner.exits import Exit, of_result
from dbmigrations.runner.interruption import Interrupted
from dbmigrations.runner.outcomes import result_of, trace
from tests.unit.runner.requests import request

DETAILS = engine.StatementDetails(sqlstate="42P01", primary='relation "a" does not exist')


@pytest.mark.parametrize(
    ("error", "outcome", "reason", "code"),
    [
        (engine.CredentialsMissingError("x"), Outcome.WAITING, Waiting.CREDENTIALS, Exit.UNAVAILABLE),
        (engine.UnavailableError("x"), Outcome.WAITING, Waiting.DATABASE, Exit.UNAVAILABLE),
        (engine.AuthenticationError("x"), Outcome.WAITING, Waiting.DATABASE, Exit.UNAVAILABLE),
        (engine.ConnectionLostError("x"), Outcome.WAITING, Waiting.DATABASE, Exit.UNAVAILABLE),
        (engine.LockHeldError("x"), Outcome.WAITING, Waiting.LOCK, Exit.UNAVAILABLE),
        (engine.ContentionError("x", sqlstate="55P03"), Outcome.WAITING, Waiting.LOCK, Exit.UNAVAILABLE),
        (SourceMissingError("x"), Outcome.WAITING, Waiting.SOURCE, Exit.UNAVAILABLE),
        (Interrupted("SIGTERM"), Outcome.WAITING, Waiting.STEP_LOST, Exit.UNAVAILABLE),
        (engine.ConnectionUnsuitableError("x"), Outcome.FAILED, Failure.CONNECTION_UNSUITABLE, Exit.FAILED),
        (engine.PrivilegesMissingError("x"), Outcome.FAILED, Failure.PRIVILEGES_MISSING, Exit.FAILED),
        (engine.PrivilegesUnsafeError("x"), Outcome.FAILED, Failure.PRIVILEGES_UNSAFE, Exit.FAILED),
        (engine.FormatTooNewError("x"), Outcome.FAILED, Failure.FORMAT_TOO_NEW, Exit.FAILED),
        (engine.StatementError(DETAILS), Outcome.FAILED, Failure.MIGRATION_FAILED, Exit.FAILED),
        (engine.PlanChangedError("x"), Outcome.FAILED, Failure.PLAN_CHANGED, Exit.FAILED),
        (engine.NotResumableError("x"), Outcome.FAILED, Failure.MIGRATION_FAILED, Exit.FAILED),
        (engine.BackupError("x"), Outcome.FAILED, Failure.BACKUP_FAILED, Exit.FAILED),
        (VerifyFailedError("x"), Outcome.FAILED, Failure.VERIFY_FAILED, Exit.FAILED),
        (ReleaseInvalidError([Problem("a.sql", "x")]), Outcome.FAILED, Failure.RELEASE_INVALID, Exit.FAILED),
        (StoredPlanError("x"), Outcome.FAILED, Failure.FORMAT_TOO_NEW, Exit.FAILED),
        (ReportedError(Failure.CANCELLED, "x"), Outcome.FAILED, Failure.CANCELLED, Exit.FAILED),
        (StepRefusedError(Refusal.HISTORY_DIVERGED, "x"), Outcome.REFUSED, Refusal.HISTORY_DIVERGED, Exit.REFUSED),
        (ZeroDivisionError("x"), Outcome.FAILED, Failure.INTERNAL, Exit.BUG),
        (SystemExit(3), Outcome.FAILED, Failure.INTERNAL, Exit.BUG),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_an_error_says_who_acts_next_and_why(
    error: BaseException, outcome: Outcome, reason: Failure | Refusal | Waiting, code: Exit
) -> None:
    answer = result_of(error, request(StepName.SQL))
    assert (answer.outcome, answer.reason, of_result(answer)) == (outcome, reason, code)


@pytest.mark.parametrize("step", [StepName.PREFLIGHT, StepName.BACKUP, StepName.BASELINE])
def test_before_any_migration_ran_none_has_failed(step: StepName) -> None:
    assert result_of(engine.StatementError(DETAILS), request(step)).reason is Failure.QUERY_FAILED


def test_what_the_role_may_not_see_is_a_privilege_that_it_lacks() -> None:
    error = engine.StatementError(engine.StatementDetails("42501", "permission denied for schema app"))
    assert result_of(error, request(StepName.PREFLIGHT)).reason is Failure.PRIVILEGES_MISSING
    assert result_of(error, request(StepName.SQL)).reason is Failure.MIGRATION_FAILED


def engine_errors(kind: type[engine.EngineError]) -> set[type[engine.EngineError]]:
    return {kind} | {deeper for below in kind.__subclasses__() for deeper in engine_errors(below)}


def test_no_error_of_the_engine_is_taken_for_a_bug() -> None:
    abstract = {engine.EngineError}
    for kind in engine_errors(engine.EngineError) - abstract:
        error = kind.__new__(kind)
        Exception.__init__(error, "x")
        assert result_of(error, request(StepName.SQL)).reason is not Failure.INTERNAL, kind


def test_a_bug_is_named_by_its_place_and_never_by_its_text() -> None:
    try:
        {"password": "hunter2"}["hunter2"]
    except KeyError as error:
        message = result_of(error, request()).message
    assert "KeyError at test_outcomes.py:" in message
    assert "hunter2" not in message


def test_a_trace_tells_the_whole_chain_without_row_data() -> None:
    text_of_the_server = "duplicate key\nDETAIL:  Key (email)=(ada@example.org) already exists."

    def fail() -> None:
        try:
            raise psycopg.errors.UniqueViolation(text_of_the_server)
        except psycopg.Error as error:
            raise RuntimeError("while it was recorded") from error

    with pytest.raises(RuntimeError) as caught:
        fail()
    text = trace(caught.value)
    assert "UniqueViolation" in text
    assert "RuntimeError: while it was recorded" in text
    assert "ada@example.org" not in text


def test_what_an_earlier_run_failed_with_is_reported_as_it_was() -> None:
    told = result_of(ReportedError(Failure.MIGRATION_FAILED, "x"), request(StepName.PREFLIGHT))
    assert told.reason is Failure.MIGRATION_FAILED
