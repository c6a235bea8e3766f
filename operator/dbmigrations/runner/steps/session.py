"""The session of a step: logged in, holding the migration lock, with the error of its work turned into a result.

Only while that session lives can be said what an error left behind: the version that the database is at now, and, for
an error that will not go away, that the run has failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.api.step import StepRequest, StepResult
from dbmigrations.api.words import Outcome
from dbmigrations.postgres import facts, runs
from dbmigrations.postgres.connection import Session, SessionSettings
from dbmigrations.postgres.errors import ConnectionLostError, EngineError
from dbmigrations.postgres.lock import migration_lock
from dbmigrations.postgres.records import Provenance
from dbmigrations.postgres.tables import Tables
from dbmigrations.release.problems import ReleaseInvalidError
from dbmigrations.runner.interruption import interruption_behind
from dbmigrations.runner.outcomes import is_bug, result_of, trace
from dbmigrations.runner.program import runner_version
from dbmigrations.runner.report.events import Noted
from dbmigrations.runner.steps.listening import listener

if TYPE_CHECKING:
    from dbmigrations.runner.context import StepContext


@dataclass(frozen=True)
class Work:
    """What the body of a step works with."""

    request: StepRequest
    context: StepContext
    session: Session
    tables: Tables

    def provenance(self, approved_plan: str = "") -> Provenance:
        """What the rows of this step say of who did it and why."""
        requester = self.request.requester
        return Provenance(
            run=self.request.run,
            owner=requester.owner if requester.uid else "",
            uid=requester.uid,
            requested_by=self.request.requested_by,
            git_revision=self.request.git_revision,
            approved_plan=approved_plan,
            runner_version=runner_version(),
            image_digest=self.request.image_digest,
        )

    def current_version(self) -> str:
        """The database's version as it says itself; empty before any verify."""
        return facts.read_version(self.session, self.tables)

    def last_run(self) -> str:
        """The newest changing run of this resource that succeeded; empty: none."""
        return runs.last_changing(self.session, self.tables, self.request.requester.uid)


Body = Callable[[Work], StepResult]


def in_database(
    request: StepRequest, context: StepContext, body: Body, *, row_security: bool, wait: float | None = None
) -> StepResult:
    """Run the body of a step in a session of its own that holds the lock.

    Args:
        request: what is asked for.
        context: the surroundings.
        body: the work.
        row_security: False where a policy must not hide rows (preflight, data, verify, backup): then it is an error.
        wait: seconds to wait for another migration; None: as the request says.

    Raises:
        EngineError: before the body began: no login, no connection, no lock.
        ConnectionLostError: at any time; what took effect only the database knows.
    """
    with open_work(request, context, row_security=row_security) as work, locked(work, wait):
        try:
            return body(work)
        except ConnectionLostError:
            raise  # whoever runs the step begins it again
        except Exception as error:  # noqa: BLE001 - every error has a result; what it left behind is read here
            if (interrupted := interruption_behind(error)) is not None:
                raise interrupted from None
            return _ended_by(error, work)


@contextmanager
def open_work(request: StepRequest, context: StepContext, *, row_security: bool) -> Iterator[Work]:
    """A session without the lock: for those who only look. Names in its queries are the catalog's, until scripts run.

    Raises:
        EngineError: no login, no connection.
    """
    settings = session_settings(request, row_security=row_security)
    with Session.open(context.logins.main(), settings) as session:
        session.mean_the_catalog_alone()
        yield Work(request, context, session, Tables(request.history_schema))


def locked(work: Work, wait: float | None = None) -> AbstractContextManager[None]:
    """The migration lock, for as long as the request says (or `wait` seconds).

    Raises:
        LockHeldError: another migration did not end meanwhile.
    """
    request = work.request
    return migration_lock(
        work.session,
        work.tables,
        wait=request.timeouts.wait if wait is None else wait,
        application_schema=request.schema_name,
        listener=listener(work.context.report),
    )


def run_mark(run: str) -> str:
    """What the names of a run's sessions end with."""
    return run[:8]


def session_settings(request: StepRequest, *, row_security: bool) -> SessionSettings:
    """How the session of a step is set up."""
    return SessionSettings(
        application_name=f"dbmigrate {request.step.name.lower()} {run_mark(request.run)}",
        schema=request.schema_name,
        role=request.role,
        row_security=row_security,
        lock_timeout=request.timeouts.lock,
        statement_timeout=request.timeouts.statement,
    )


def _ended_by(error: Exception, work: Work) -> StepResult:
    from dbmigrations.runner.steps.snapshots import remember_end

    tell_details(error, work.context)
    result = result_of(error, work.request)
    try:
        work.session.roll_back()
        work.session.mean_the_catalog_alone()
        if result.outcome in {Outcome.FAILED, Outcome.REFUSED}:
            message = work.context.redactor.clean(result.message)
            runs.finish(
                work.session,
                work.tables,
                work.request.run,
                runs.RunOutcome.FAILED,
                reason=result.reason.value if result.reason else "",
                message=message,
            )
            remember_end(work)
        # The last run stays unread: the status goes on remembering what the database should know.
        return result.model_copy(update={"current_version": work.current_version()})
    except EngineError:
        return result  # the session went with the error: what it left behind the next preflight reads


def tell_details(error: BaseException, context: StepContext) -> None:
    """Put into the log what a result has no place for: the trace of an unforeseen error, the lines of invalid files."""
    if is_bug(error):
        context.report(Noted("a bug of this program", detail=trace(error), warning=True))
    for problem in error.problems if isinstance(error, ReleaseInvalidError) else ():
        context.report(Noted(str(problem), detail=problem.excerpt, warning=True))
