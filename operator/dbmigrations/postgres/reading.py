"""A script read as far as it must be to be run; the next one meanwhile, while the server works on this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.postgres.errors import EngineError
from dbmigrations.postgres.execution import invalid, read_script
from dbmigrations.postgres.lock_bounds import LockBounds
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.together import Together
from dbmigrations.postgres.sql.transactions import ExecutionPlan, Mode, execution_plan

if TYPE_CHECKING:
    from collections.abc import Generator

    from dbmigrations.postgres.sql.script import SqlScript
    from dbmigrations.release.migration import BulkData


@dataclass(frozen=True, slots=True)
class Source:
    """The script to run, from its file or from the database."""

    path: str
    text: str
    bulk: tuple[BulkData, ...] = ()


@dataclass(frozen=True)
class Reading:
    """What is known of a script before it runs.

    `together` is None where its statements do not share one transaction, or some of them must be sent alone.
    """

    path: str
    script: SqlScript
    plan: ExecutionPlan
    bounds: LockBounds
    together: Together | None


@dataclass
class ReadAhead:
    """Reads scripts, one of them ahead."""

    _ahead: Source | None = None
    _pieces: Generator[None, None, Reading] | None = None
    _reading: Reading | None = None

    def expect(self, source: Source, schema: str) -> None:
        """This one will be asked for next; it is read by `piece`."""
        self._ahead, self._reading, self._pieces = source, None, _pieces(source, schema)

    def piece(self) -> bool:
        """Read a little of what is expected; whether there was anything to do. An error is raised when it is taken."""
        if self._pieces is None:
            return False
        try:
            next(self._pieces)
        except StopIteration as done:
            self._reading, self._pieces = done.value, None
        except EngineError:
            self._ahead = self._pieces = None
        return True

    def take(self, source: Source, schema: str) -> Reading:
        """The script, as far as it was read before, or read now.

        Raises:
            StatementError: it cannot be run as it is written; names file, line and column.
        """
        if source != self._ahead:
            self.expect(source, schema)
        while self._pieces is not None:
            try:
                next(self._pieces)
            except StopIteration as done:
                self._reading, self._pieces = done.value, None
        reading, self._reading, self._ahead = self._reading, None, None
        assert reading is not None  # noqa: S101 - what was expected was read
        return reading


def _pieces(source: Source, schema: str) -> Generator[None, None, Reading]:
    script = read_script(source.path, source.text, source.bulk)
    yield
    try:
        plan = execution_plan(script)
    except SqlInvalidError as error:
        raise invalid(source.path, error, script.excerpt(error.position)) from None
    yield
    bounds = LockBounds.of(script, schema)
    yield
    together = Together.of(plan.units[0].statements) if plan.mode is Mode.TRANSACTION else None
    return Reading(source.path, script, plan, bounds, together)
