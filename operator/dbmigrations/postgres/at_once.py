"""A whole migration in one exchange with the server: the usual case, about as quick as its script alone.

BEGIN, the script, the checks of deferred constraints, the session put back, the rows that say it is done: sent
together, and COMMIT when all of it was answered as it must be. Where something is unusual (an applied or half-done
migration, a run that was superseded, a lost lock, a script that took away what our statements need) one of ours fails
or writes nothing; then nothing took effect, and it is applied step by step, which knows what to do or to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction
from dbmigrations.postgres import history, journal, prisma
from dbmigrations.postgres.assertions import read_assertions
from dbmigrations.postgres.errors import StatementError
from dbmigrations.postgres.exchange import RefusedError, Request
from dbmigrations.postgres.records import Happening, RowOutcome
from dbmigrations.postgres.sql.together import in_one_go, leave_the_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg.pq.abc import PGresult

    from dbmigrations.postgres.sql.statements import Statement
    from dbmigrations.postgres.sql.units import Unit
    from dbmigrations.postgres.task import Task

_PREPARED = Request(b"SELECT count(*) FROM pg_prepared_statements")
_CONSTRAINTS = Request(b"SET CONSTRAINTS ALL IMMEDIATE")


def run_at_once(task: Task, meanwhile: Callable[[], bool]) -> int | None:
    """Run the task and return the id of its history row; None: it must be run step by step, nothing took effect.

    Args:
        task: an up, to be run in one transaction.
        meanwhile: as of `exchange`.

    Raises:
        StatementError: located; nothing took effect.
        EngineError: as of `run_in_transaction`, but for PlanChangedError.
    """
    (unit,) = task.plan.units
    if not (in_one_go(unit.statements) and _is_usual(task)):
        return None
    row = task.around.retry.until_done(task.around.session, lambda: _attempt(task, unit, meanwhile))
    if row is None:
        task.around.remembered.forget()
    return row


def _is_usual(task: Task) -> bool:
    """Whether the rows beside the history's are as they mostly are; asks what is not remembered."""
    around, remembered = task.around, task.around.remembered
    release = task.migration.release
    if release not in remembered.assertions:
        remembered.assertions[release] = read_assertions(around.session, around.tables, release)
    if remembered.assertions[release] != tuple(task.assertions):
        remembered.forget()  # they are written now
        return False
    if not task.is_prisma:
        return True
    if remembered.prisma is None:
        remembered.prisma = prisma.state(around.session, around.application_schema)
    return remembered.prisma.exists and task.migration.name not in remembered.prisma.open


def _attempt(task: Task, unit: Unit, meanwhile: Callable[[], bool]) -> int | None:
    session = task.around.session
    requests = _Requests.of(task, unit)

    def begins(request: int) -> None:
        if (statement := requests.tells.get(request)) is not None:
            task.runner.tell(statement)

    try:
        results = session.exchange(requests.all, begins=begins, meanwhile=meanwhile)
        row = _row(results[requests.row])
        if row is not None:
            session.commit(meanwhile)
    except RefusedError as refused:
        session.give_up_own()
        _raise_if_final(task, requests, refused)
        return None
    except BaseException:
        session.give_up_own()
        raise
    if row is None:
        session.give_up_own()
    elif requests.all[-1] is _PREPARED and results[-1].get_value(0, 0) != str(len(session.own)).encode():
        session.deallocate()
    return row


def _raise_if_final(task: Task, requests: _Requests, refused: RefusedError) -> None:
    """Raise what the server said, unless it said it of something that is unusual or of statements of ours."""
    error, statement = refused.error, requests.of_script.get(refused.request)
    if not isinstance(error, StatementError):
        raise error from None
    if statement is not None and _is_new(task):
        raise task.runner.at(statement, error) from None
    if requests.all[refused.request] is _CONSTRAINTS:
        raise task.runner.at_end(error) from None


def _is_new(task: Task) -> bool:
    around, migration = task.around, task.migration
    before = history.recorded(around.session, around.tables, migration.kind, migration.name)
    begun = journal.open_journal(around.session, around.tables, migration.kind, migration.name, task.direction)
    return begun is None and (before is None or before[0] is RowOutcome.UNDONE)


def _row(inserted: PGresult) -> int | None:
    """The id of the history row; None: our run or lock is gone, or the migration is not new."""
    return int(inserted.get_value(0, 0) or 0) if inserted.ntuples else None


@dataclass(frozen=True)
class _Requests:
    """Everything that is sent.

    Attributes:
        all: in order.
        of_script: which of them are statements of the script.
        tells: when which statement is told.
        row: which one inserts the history row; behind it only how many statements are prepared may be asked.
    """

    all: list[Request]
    of_script: dict[int, Statement]
    tells: dict[int, Statement]
    row: int

    @classmethod
    def of(cls, task: Task, unit: Unit) -> _Requests:
        around = task.around
        own, tables, migration = around.session.own, around.tables, task.migration
        happening = Happening(migration, Direction.UP, RowOutcome.APPLIED, task.seconds)
        row = history.values(happening, around.provenance)
        composed = task.runner.composed(unit.statements)
        sent = [Request(unit.begin.encode()), *composed.requests, _CONSTRAINTS, *around.session.reset_requests()]
        if task.is_prisma:
            sent += own.requests(
                "prisma",
                lambda: prisma.finished_row(around.application_schema),
                prisma.finished_values(migration.name, migration.raw_checksum, task.seconds),
            )
        sent += own.requests("history", lambda: history.guarded_row(tables), row)
        inserts = len(sent) - 1
        if not leave_the_session(unit.statements):
            sent.append(_PREPARED)
        tells = {n + 1 if n else 0: each for n, each in composed.tells.items()}  # the first one with BEGIN
        return cls(sent, {n: each for n, each in enumerate(composed.of, start=1) if each is not None}, tells, inserts)
