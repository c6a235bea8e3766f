"""A whole migration in one message or two: the usual case, about as quick as its script alone.

Where the script is over in a moment, one message has all of it: BEGIN, the script, the checks of deferred constraints,
the session put back, the rows that say it is done, and COMMIT, which is not reached behind anything that the server
refuses. What lasts is watched: BEGIN and the script go ahead of the answers, and a message with the rest follows.

Where something is unusual (an applied or half-done migration, a run that was superseded, a lost lock, a script that
took away what our statements need) one of ours is refused; then nothing took effect, and it is applied step by step,
which knows what to do or to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction
from dbmigrations.postgres import history, journal, prisma
from dbmigrations.postgres.assertions import read_assertions
from dbmigrations.postgres.errors import StatementError
from dbmigrations.postgres.exchange import RefusedError, Request
from dbmigrations.postgres.history_row import guarded_row, values
from dbmigrations.postgres.large import nothing_is_large
from dbmigrations.postgres.records import Happening, RowOutcome
from dbmigrations.postgres.sql.brief import lasting
from dbmigrations.postgres.sql.together import in_one_go, leave_the_session, may_be_read_at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg.pq.abc import PGresult

    from dbmigrations.postgres.errors import EngineError
    from dbmigrations.postgres.sql.statements import Statement
    from dbmigrations.postgres.sql.units import Unit
    from dbmigrations.postgres.task import Task

_CONSTRAINTS = b"SET CONSTRAINTS ALL IMMEDIATE"
_PREPARED = b"SELECT count(*) FROM pg_prepared_statements"
_COMMIT = b"COMMIT"

_ENCODING = "utf-8"
"""Of a session as it is opened, in Python's words."""

_LARGEST = 1 << 16
"""Characters of a stored down that stand in a message; larger ones are sent as parameters."""


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
    if len(task.migration.down_script or "") > _LARGEST or not (in_one_go(unit.statements) and _is_usual(task)):
        return None
    row = task.around.retry.until_done(task.around.session, lambda: _attempt(task, unit, meanwhile))
    remembered = task.around.remembered
    if row is None:
        remembered.forget()
    elif task.is_prisma and remembered.prisma is not None:
        remembered.prisma = replace(remembered.prisma, exists=True, schema_exists=True)
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
    return task.migration.name not in remembered.prisma.open


def _attempt(task: Task, unit: Unit, meanwhile: Callable[[], bool]) -> int | None:
    session = task.around.session
    ending = _Ending(task)
    try:
        row = _in_one_message(task, unit, ending, meanwhile)
        return row if row is not None else _in_two(task, unit, ending, meanwhile)
    except _UnusualError:
        session.give_up_own()
        return None
    except BaseException:
        session.give_up_own()
        raise


def _in_one_message(task: Task, unit: Unit, ending: _Ending, meanwhile: Callable[[], bool]) -> int | None:
    """The id of the history row; None: nothing was done, because somebody may want to watch, or something is wrong.

    At most one statement may last, which is told as if it were the one that runs from the beginning. What is wrong, and
    where, is told by doing it again in two.
    """
    session, statements = task.around.session, unit.statements
    watched = _watched(task, statements)
    if watched is None:
        return None
    for statement in statements[:watched]:
        task.runner.tell(statement)
    script = [request.text for request in task.runner.composed(statements).requests]
    try:
        row = _send(task, [unit.begin.encode(), *script], ending, statements, meanwhile)
    except RefusedError as refused:
        _of_statement(refused.error)
        session.give_up_own()
        ending.forget()
        return None
    for statement in statements[watched:]:
        task.runner.tell(statement)
    return row


def _watched(task: Task, statements: Sequence[Statement]) -> int | None:
    """How many statements are told at the beginning of one message; None: they do not go in one."""
    if not may_be_read_at_once(statements):
        return None
    remembered = task.around.remembered
    if remembered.nothing_is_large is None:
        remembered.nothing_is_large = nothing_is_large(task.around.session)
    lasts = () if remembered.nothing_is_large else lasting(statements)
    return None if len(lasts) > 1 else lasts[0] + 1 if lasts else 1


def _in_two(task: Task, unit: Unit, ending: _Ending, meanwhile: Callable[[], bool]) -> int:
    """The id of the history row.

    Raises:
        _UnusualError: nothing was done, and this is no way to do it.
        StatementError: located.
    """
    _run_script(task, unit, lambda: ending.make() or meanwhile())
    if task.around.session.connection.info.encoding != _ENCODING:
        raise _UnusualError  # our texts would have to be said in the script's
    return _complete(task, unit, ending, meanwhile)


@dataclass
class _Ending:
    """What is done behind the script; made while the server works on that."""

    task: Task
    _made: list[bytes] = field(default_factory=list)

    def make(self) -> bool:
        """Make it, unless it is there; whether there was anything to do."""
        if self._made:
            return False
        self._made = _own(self.task)
        return True

    def forget(self) -> None:
        """Make it anew: what it prepares was not prepared."""
        self._made = []

    @property
    def statements(self) -> list[bytes]:
        """All but COMMIT; the last one inserts the history row."""
        self.make()
        return self._made


class _UnusualError(Exception):
    """Step by step it can be done, or be said what is wrong."""


def _run_script(task: Task, unit: Unit, meanwhile: Callable[[], bool]) -> None:
    """BEGIN, and the script.

    Raises:
        StatementError: the script's, if the migration is new.
    """
    composed = task.runner.composed(unit.statements)
    tells = {n + 1 if n else 0: each for n, each in composed.tells.items()}  # the first one with BEGIN

    def begins(request: int) -> None:
        if (statement := tells.get(request)) is not None:
            task.runner.tell(statement)

    try:
        requests = [Request(unit.begin.encode()), *composed.requests]
        task.around.session.exchange(requests, begins=begins, meanwhile=meanwhile)
    except RefusedError as refused:
        error = _of_statement(refused.error)
        statement = composed.of[refused.request - 1] if refused.request else None
        if statement is None or not _is_new(task):
            raise _UnusualError from None
        raise task.runner.located(error, statement) from None


def _complete(task: Task, unit: Unit, ending: _Ending, meanwhile: Callable[[], bool]) -> int:
    """What ends the transaction, and the id of the history row.

    Raises:
        StatementError: a deferred constraint does not hold; located at the script's last statement.
    """
    try:
        return _send(task, [], ending, unit.statements, meanwhile)
    except RefusedError as refused:
        error = _of_statement(refused.error)
        if 0 < refused.request < len(ending.statements):
            raise _UnusualError from None
        raise task.runner.at_end(error) from None


def _send(
    task: Task,
    script: Sequence[bytes],
    ending: _Ending,
    statements: Sequence[Statement],
    meanwhile: Callable[[], bool],
) -> int:
    """Have the script, and what ends the transaction, done as one message; the id of the history row."""
    session = task.around.session
    counts = not leave_the_session(statements)
    sent = [*script, *ending.statements, *([_PREPARED] if counts else []), _COMMIT]
    results = session.simple_query(sent, meanwhile=meanwhile)
    if counts and results[-2].get_value(0, 0) != str(len(session.own)).encode():
        session.deallocate()
    return _row(results[-3 if counts else -2])


def _row(inserted: PGresult) -> int:
    return int(inserted.get_value(0, 0) or 0)


def _own(task: Task) -> list[bytes]:
    around, migration = task.around, task.migration
    session = around.session
    statements = [_CONSTRAINTS, *session.reset_statements()]
    if task.is_prisma:
        known = around.remembered.prisma
        if known is not None and not known.exists:
            making = prisma.making(around.application_schema, schema_exists=known.schema_exists)
            statements += [query.as_bytes(None) for query in making]
        statements += session.own.statements(
            "prisma",
            lambda: prisma.finished_row(around.application_schema),
            prisma.finished_values(migration.name, migration.raw_checksum, task.seconds),
        )
    happening = Happening(migration, Direction.UP, RowOutcome.APPLIED, task.seconds)
    statements += session.own.statements(
        "history",
        lambda: guarded_row(around.tables),
        values(happening, around.provenance),
    )
    return statements


def _of_statement(error: EngineError) -> StatementError:
    """The error, where it is one of a statement.

    Raises:
        EngineError: it is none: a lost session, a lock that is held.
    """
    if not isinstance(error, StatementError):
        raise error from None
    return error


def _is_new(task: Task) -> bool:
    around, migration = task.around, task.migration
    around.session.give_up_own()
    before = history.recorded(around.session, around.tables, migration.kind, migration.name)
    begun = journal.open_journal(around.session, around.tables, migration.kind, migration.name, task.direction)
    return begun is None and (before is None or before[0] is RowOutcome.UNDONE)
