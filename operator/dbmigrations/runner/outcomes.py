"""The one place where an error becomes the result of a step: who acts next, the reason, the words."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from dbmigrations.api.reasons import Failure, Refusal, Waiting
from dbmigrations.api.step import PlanSummary, StepRequest, StepResult
from dbmigrations.api.words import Outcome, StepName
from dbmigrations.postgres.errors import FinalError, StatementError, WaitError
from dbmigrations.release.problems import ReleaseInvalidError
from dbmigrations.release.stored import StoredPlanError
from dbmigrations.runner.errors import (
    ReportedError,
    SourceMissingError,
    StepRefusedError,
    VerifyFailedError,
)
from dbmigrations.runner.interruption import Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator


def result_of(error: BaseException, request: StepRequest) -> StepResult:
    """The result of a step that ended with an error. Every error has one; an unforeseen one is InternalError."""
    outcome, reason, message = verdict(error)
    told_again = isinstance(error, ReportedError)  # it is about an earlier run, of which a migration may have failed
    if reason is Failure.MIGRATION_FAILED and request.step.name in _BEFORE_MIGRATIONS and not told_again:
        reason = Failure.PRIVILEGES_MISSING if _is_forbidden(error) else Failure.QUERY_FAILED
    return StepResult(
        step=request.step,
        run=request.run,
        outcome=outcome,
        reason=reason,
        message=message,
        plan=_plan(error),
    )


_BEFORE_MIGRATIONS = frozenset({StepName.PREFLIGHT, StepName.BACKUP, StepName.BASELINE})
"""These steps run no migration, so none can have failed."""


def _is_forbidden(error: BaseException) -> bool:
    return isinstance(error, StatementError) and error.details.sqlstate == "42501"  # insufficient_privilege


def verdict(error: BaseException) -> tuple[Outcome, Refusal | Failure | Waiting, str]:  # noqa: PLR0911 - one for each
    """Who acts next after an error, why, and what people are told."""
    match error:
        case Interrupted(signal_name=name):
            return (
                Outcome.WAITING,
                Waiting.STEP_LOST,
                f"interrupted by {name}; nothing is half-done, the step runs again",
            )
        case WaitError():
            return Outcome.WAITING, error.reason, str(error)
        case SourceMissingError():
            return Outcome.WAITING, Waiting.SOURCE, str(error)
        case StepRefusedError():
            return Outcome.REFUSED, error.reason, str(error)
        case ReportedError():
            return Outcome.FAILED, error.reason, str(error)
        case FinalError():
            return Outcome.FAILED, error.reason, str(error)
        case VerifyFailedError():
            return Outcome.FAILED, Failure.VERIFY_FAILED, str(error)
        case ReleaseInvalidError():
            return Outcome.FAILED, Failure.RELEASE_INVALID, str(error)
        case StoredPlanError():
            return Outcome.FAILED, Failure.FORMAT_TOO_NEW, f"{error}: use the runner that wrote it, or a newer one"
        case _:
            return Outcome.FAILED, Failure.INTERNAL, _bug(error)


def _plan(error: BaseException) -> PlanSummary | None:
    return error.plan if isinstance(error, StepRefusedError) else None


def is_bug(error: BaseException) -> bool:
    """Whether nobody foresaw this error: its trace belongs in the log."""
    return verdict(error)[1] is Failure.INTERNAL


def _bug(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"a bug of this program: {type(error).__name__}{where}; the log holds the trace: please report it"


def trace(error: BaseException) -> str:
    """The trace of an error for the log: places and types, and texts that hold no row data."""
    return "\n".join(_chain(error))


def _chain(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _chain(before)
        yield "then:"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    yield f"{type(error).__name__}: {_safe_text(error)}"


def _safe_text(error: BaseException) -> str:
    if isinstance(error, psycopg.Error):  # its text repeats DETAIL, which is row data, and parts of the connection
        return f"{error.diag.message_primary or ''} (SQLSTATE {error.sqlstate or 'none'})"
    return str(error)
