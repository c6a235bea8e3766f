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
from dbmigrations.postgres.history_row import guarded_row, of_migration, of_step
from dbmigrations.postgres.large import nothing_is_large
from dbmigrations.postgres.records import RowOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg.pq.abc import PGresult

    from dbmigrations.postgres.errors import EngineError
    from dbmigrations.postgres.sql.together import Together
    from dbmigrations.postgres.sql.units import Unit
    from dbmigrations.postgres.task import Task

_CONSTRAINTS = b"SET CONSTRAINTS ALL IMMEDIATE"
_PREPARED = b"SELECT count(*) FROM pg_prepared_statements"
_COMMIT = b"COMMIT"

_ENCODING = "utf-8"
"""Of a session as it is opened, in Python's words."""

_LARGEST = 1 << 16
"""Characters of a stored down that stand in a message; larger ones are sent as parameters."""


def run_at_once(task: Task, together: Together, meanwhile: Callable[[], bool]) -> int | None:
    """Run the task and return the id of its history row; None: it must be run step by step, nothing took effect.

    Args:
        task: an up, to be run in one transaction.
        together: of its statements.
        meanwhile: as of `exchange`.

    Raises:
        StatementError: located; nothing took effect.
        EngineError: as of `run_in_transaction`, but for PlanChangedError.
    """
    (unit,) = task.plan.units
    if len(task.migration.down_script or "") > _LARGEST or not _is_usual(task):
        return None
    sending = _Sending(task, unit, together, meanwhile)
    row = task.around.retry.until_done(task.around.session, sending.attempt)
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


class _UnusualError(Exception):
    """Step by step it can be done, or be said what is wrong."""


@dataclass
class _Sending:
    """One transaction, and the ways to send it."""

    task: Task
    unit: Unit
    together: Together
    meanwhile: Callable[[], bool]
    _ending: list[bytes] = field(default_factory=list)
    """What is done behind the script, all but COMMIT; the last one inserts the history row."""

    def attempt(self) -> int | None:
        """The id of the history row; None: nothing was done, and this is no way to do it."""
        session = self.task.around.session
        self._ending = []
        try:
            row = self._in_one_message()
            return row if row is not None else self._in_two()
        except _UnusualError:
            session.give_up_own()
            return None
        except BaseException:
            session.give_up_own()
            raise

    def _in_one_message(self) -> int | None:
        """The id of the history row; None: nothing was done, as somebody may want to watch, or something is wrong.

        At most one statement may last, which is told as if it were the one that runs from the beginning. What is wrong,
        and where, is told by doing it again in two.
        """
        runner, statements = self.task.runner, self.unit.statements
        watched = self._watched()
        if watched is None:
            return None
        for statement in statements[:watched]:
            runner.tell(statement)
        script = [request.text for request in runner.composed(statements).requests]
        try:
            row = self._send([self.unit.begin.encode(), *script])
        except RefusedError as refused:
            _of_statement(refused.error)
            self.task.around.session.give_up_own()
            self._ending = []  # what it prepares was not prepared
            return None
        for statement in statements[watched:]:
            runner.tell(statement)
        return row

    def _watched(self) -> int | None:
        """How many statements are told at the beginning of one message; None: they do not go in one."""
        if not self.together.in_one_message:
            return None
        remembered = self.task.around.remembered
        if remembered.nothing_is_large is None:
            remembered.nothing_is_large = nothing_is_large(self.task.around.session)
        lasting = () if remembered.nothing_is_large else self.together.lasting
        return None if len(lasting) > 1 else lasting[0] + 1 if lasting else 1

    def _in_two(self) -> int:
        """The id of the history row.

        Raises:
            _UnusualError: nothing was done, and this is no way to do it.
            StatementError: located.
        """
        self._run_script()
        if self.task.around.session.connection.info.encoding != _ENCODING:
            raise _UnusualError  # our texts would have to be said in the script's
        return self._complete()

    def _run_script(self) -> None:
        """BEGIN, and the script.

        Raises:
            StatementError: the script's, if the migration is new.
        """
        runner = self.task.runner
        composed = runner.composed(self.unit.statements)
        tells = {n + 1 if n else 0: each for n, each in composed.tells.items()}  # the first one with BEGIN

        def begins(request: int) -> None:
            if (statement := tells.get(request)) is not None:
                runner.tell(statement)

        try:
            requests = [Request(self.unit.begin.encode()), *composed.requests]
            self.task.around.session.exchange(requests, begins=begins, meanwhile=self._prepare)
        except RefusedError as refused:
            error = _of_statement(refused.error)
            statement = composed.of[refused.request - 1] if refused.request else None
            if statement is None or not _is_new(self.task):
                raise _UnusualError from None
            raise runner.located(error, statement) from None

    def _prepare(self) -> bool:
        if self._ending:
            return self.meanwhile()
        self._ending = _own(self.task)
        return True

    def _complete(self) -> int:
        """What ends the transaction, and the id of the history row.

        Raises:
            StatementError: a deferred constraint does not hold; located at the script's last statement.
        """
        try:
            return self._send([])
        except RefusedError as refused:
            error = _of_statement(refused.error)
            if 0 < refused.request < len(self._ending):
                raise _UnusualError from None
            raise self.task.runner.at_end(error) from None

    def _send(self, script: Sequence[bytes]) -> int:
        """Have the script, and what ends the transaction, done as one message; the id of the history row."""
        session = self.task.around.session
        if not self._ending:
            self._ending = _own(self.task)
        counts = not self.together.leave_the_session
        results = session.simple_query(
            [*script, *self._ending, *([_PREPARED] if counts else []), _COMMIT], meanwhile=self.meanwhile
        )
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
    statements += session.own.statements(
        "history",
        lambda: guarded_row(around.tables),
        of_migration(migration, task.seconds),
        fixed=of_step(around.provenance, Direction.UP, RowOutcome.APPLIED),
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
