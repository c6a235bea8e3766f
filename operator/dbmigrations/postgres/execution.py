"""Running the statements of one script, with errors that name file, line and column.

Within a transaction they are sent ahead of the answers where that changes nothing (sql/together.py); each is told when
the server comes to it, and an error is that of the statement that it belongs to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from dbmigrations.postgres.connection import Cursor, Session
from dbmigrations.postgres.errors import EngineError, StatementDetails, StatementError
from dbmigrations.postgres.events import Listener, StatementStarted, silent
from dbmigrations.postgres.exchange import RefusedError, Request
from dbmigrations.postgres.session_settings import lock_timeout_query
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.metacommands import variable_at
from dbmigrations.postgres.sql.position import locate
from dbmigrations.postgres.sql.script import SqlScript, excerpt_of, read
from dbmigrations.postgres.sql.statements import Statement
from dbmigrations.postgres.sql.together import stretches
from dbmigrations.release.migration import BulkData

if TYPE_CHECKING:
    from dbmigrations.postgres.lock_bounds import LockBounds

SYNTAX_ERROR = "42601"

_NEEDS_NO_TRANSACTION = frozenset({"25001", "2D000"})
"""active_sql_transaction, invalid_transaction_termination: the statement must run outside a transaction."""

_ALONE = (
    "it cannot run in a transaction: write `-- migrate: tx=none` at the top of the file, and above the statement "
    "`-- migrate: check=<boolean SQL>` that is true when it has taken effect"
)


def read_script(path: str, text: str, bulk: tuple[BulkData, ...] = ()) -> SqlScript:
    """Read a script, of which the data in `bulk` was left out.

    Raises:
        StatementError: it cannot be read; names file, line and column.
    """
    try:
        return read(text, bulk)
    except SqlInvalidError as error:
        raise invalid(path, error, excerpt_of(text, error.position.offset, bulk)) from None


def invalid(path: str, error: SqlInvalidError, excerpt: str) -> StatementError:
    """The engine's error for a script that cannot be run as it is written."""
    details = StatementDetails(sqlstate=SYNTAX_ERROR, primary=error.message)
    return StatementError(details, where=f"{path}:{error.position.reference}", excerpt=excerpt)


@dataclass(frozen=True)
class Composed:
    """What is sent for some statements.

    Attributes:
        requests: in order.
        of: the statement of each request; None: it only sets how long the next one may wait for locks.
        tells: which statement is told when a request begins: the setting belongs to the one behind it.
        bounded: whether lock waits are bounded afterwards.
    """

    requests: Sequence[Request]
    of: Sequence[Statement | None]
    tells: Mapping[int, Statement]
    bounded: bool


@dataclass(frozen=True)
class ScriptRunner:
    """Sends the statements of a script."""

    session: Session
    path: str
    script: SqlScript
    listener: Listener = silent
    bounds: "LockBounds | None" = None
    """Which statements wait under lock_timeout; None: all of them."""

    @cached_property
    def _ordinals(self) -> dict[int, int]:
        return {statement.position.offset: n for n, statement in enumerate(self.script.statements)}

    def ordinal(self, statement: Statement) -> int:
        """Which statement of the script this is, from 0."""
        return self._ordinals[statement.position.offset]

    def run(self, statements: Iterable[Statement]) -> None:
        """Run statements in order, each with the lock_timeout that it needs; it is the session's own before and after.

        Raises:
            StatementError: at `file:line:column`; whoever opened the transaction rolls it back.
            EngineError: anything else that the server or the connection said.
        """
        bounded = True
        for stretch in stretches(statements) if self.session.in_transaction else ((each,) for each in statements):
            if len(stretch) == 1:
                bounded = self._bound(stretch[0], bounded=bounded)
                self.run_one(stretch[0])
            else:
                sent = self.composed(stretch, bounded=bounded)
                bounded = sent.bounded
                self._send(sent)
        if not bounded:
            self.session.bound_lock_waits(bounded=True)

    def composed(self, statements: Sequence[Statement], *, bounded: bool = True) -> "Composed":
        """What is sent for statements that may be sent in one go, where lock waits are bounded or not before."""
        requests: list[Request] = []
        of: list[Statement | None] = []
        tells: dict[int, Statement] = {}
        for statement in statements:
            tells[len(requests)] = statement
            wanted = self._wanted(statement)
            if wanted is not None and wanted is not bounded:
                bounded = wanted
                requests.append(Request(lock_timeout_query(self.session.settings, bounded=bounded).encode()))
                of.append(None)
            # What follows the last one is ours, and quick; it comes with the end of the exchange.
            requests.append(Request(self._encoded(statement), at_once=statement is not statements[-1]))
            of.append(statement)
        return Composed(requests, of, tells, bounded)

    def tell(self, statement: Statement) -> None:
        """Tell that this statement is running now."""
        total = len(self.script.statements)
        self.listener(StatementStarted(self.path, statement.position.line, self.ordinal(statement) + 1, of=total))

    def _send(self, sent: "Composed") -> None:
        def begins(request: int) -> None:
            if (statement := sent.tells.get(request)) is not None:
                self.tell(statement)

        try:
            self.session.exchange(sent.requests, begins=begins)
        except RefusedError as refused:
            raise self.at(sent.of[refused.request], refused.error) from None

    def at(self, statement: Statement | None, error: EngineError) -> EngineError:
        """The error of a statement with its place, if it is the statement's."""
        if statement is None or not isinstance(error, StatementError):
            return error
        return self.located(error, statement)

    def _bound(self, statement: Statement, *, bounded: bool) -> bool:
        """Have lock waits bounded as the statement needs it; how they are then."""
        wanted = self._wanted(statement)
        if wanted is None or wanted is bounded:
            return bounded
        self.session.bound_lock_waits(bounded=wanted)
        return wanted

    def _wanted(self, statement: Statement) -> bool | None:
        return self.bounds.bounded[self.ordinal(statement)] if self.bounds else None

    def _encoded(self, statement: Statement) -> bytes:
        try:
            return self.session.encoded(statement.text)
        except StatementError as error:
            raise self.located(error, statement) from None

    def run_one(self, statement: Statement) -> Cursor | None:
        """Run one statement; its cursor, None for COPY FROM STDIN. Raises as `run`."""
        self.tell(statement)
        try:
            if statement.copy_data is None:
                return self.session.send(statement.text)
            self.session.copy_in(statement.text, statement.copy_data)
        except StatementError as error:
            raise self.located(error, statement) from None
        return None

    def located(self, error: StatementError, statement: Statement) -> StatementError:
        """The error with its place: where the server says, else where the statement begins."""
        position = statement.position
        if error.details.position:
            position = self.script.server_position(statement, error.details.position)
        if error.details.sqlstate in _NEEDS_NO_TRANSACTION and not error.details.hint:
            error = StatementError(replace(error.details, hint=_ALONE))
        if error.details.sqlstate == SYNTAX_ERROR and (variable := variable_at(self.script.text, position.offset)):
            hint = f"{variable} is a variable that psql fills in: write the value itself"
            error = StatementError(replace(error.details, hint=hint))
        return error.located(f"{self.path}:{position.reference}", self.script.excerpt(position))

    def located_at(self, error: StatementError, offset: int) -> StatementError:
        """The error at a place of the script that is no statement's: a directive."""
        position = locate(self.script.text, offset)
        return error.located(f"{self.path}:{position.reference}", self.script.excerpt(position))

    def at_end(self, error: StatementError) -> StatementError:
        """The error with the place of the last statement: what was deferred to the end of the transaction failed."""
        if not self.script.statements:
            return error.located(self.path)
        return self.located(error, self.script.statements[-1])
