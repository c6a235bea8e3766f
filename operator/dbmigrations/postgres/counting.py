"""Counting what a plan would lose: under row_security = off, 30 s for each question, then the planner's estimate."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, assert_never

from psycopg import sql

from dbmigrations.api.step import DataLoss
from dbmigrations.postgres import lookup
from dbmigrations.postgres.cascading import reaches_data
from dbmigrations.postgres.errors import StatementError
from dbmigrations.postgres.queries import milliseconds
from dbmigrations.postgres.sql.conversions import Conversion, loses_nothing
from dbmigrations.postgres.sql.loss import Loss, RowsOf, UnknownLoss, ValuesOf
from dbmigrations.postgres.sql.names import ColumnName, RelationName
from dbmigrations.postgres.sql.retyping import retyping_cuts_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dbmigrations.postgres.connection import Session

_TIMED_OUT = "57014"


@dataclass(frozen=True)
class CountedLoss:
    """The answer: a sum for the plan, and a line for each loss for people (`12 rows of projects`).

    Attributes:
        never: losses that are none whatever rows there are: of what does not exist, and changes of a type that keep or
            refuse each value.
    """

    total: DataLoss
    lines: tuple[str, ...] = ()
    never: frozenset[Loss] = frozenset()


@dataclass(frozen=True)
class _Answer:
    loss: DataLoss
    line: str


_NEVER = _Answer(DataLoss(), "")
"""There is nothing to lose, whatever rows there are."""


def count_losses(session: Session, losses: Sequence[Loss], *, seconds: float = 30.0) -> CountedLoss:
    """Count. Losses of what does not exist are none; what is lost twice counts once.

    Args:
        session: set up with row_security off; outside a transaction.
        losses: as read from the scripts, in order.
        seconds: time for each count before it is estimated.

    Raises:
        ContentionError: a table is locked; try again.
        UnavailableError: the session was lost.
    """
    answers = {loss: tuple(_Counter(session, seconds).answers(loss)) for loss in dict.fromkeys(losses)}
    never = frozenset(loss for loss, every in answers.items() if all(each is _NEVER for each in every))
    found = [answer for answer in dict.fromkeys(chain.from_iterable(answers.values())) if answer.loss.any]
    total = DataLoss(
        rows=sum(answer.loss.rows for answer in found),
        values=sum(answer.loss.values for answer in found),
        unknown=any(answer.loss.unknown for answer in found),
        estimated=any(answer.loss.estimated for answer in found),
    )
    return CountedLoss(total, tuple(answer.line for answer in found), never)


@dataclass(frozen=True)
class _Table:
    name: str
    qualified: sql.Identifier
    kind: str
    """pg_class.relkind."""

    @property
    def holds_rows(self) -> bool:
        return self.kind in {"r", "p", "m"}


@dataclass(frozen=True)
class _Column:
    type: str
    """As format_type() prints it."""
    is_enumeration: bool

    def loses_nothing(self, loss: ValuesOf) -> bool:
        """Whether no value can be lost. One that is dropped loses all of them."""
        return bool(loss.new_type) and loses_nothing(
            loss.conversion, self.type, loss.new_type, is_utc=loss.is_utc, of_enumeration=self.is_enumeration
        )

    def cut_at(self, loss: ValuesOf) -> int | None:
        """The length that only longer values lose something at; None: all may lose something."""
        is_plain = loss.conversion in {Conversion.ASSIGNED, Conversion.CAST}
        return retyping_cuts_at(self.type, loss.new_type) if is_plain else None


@dataclass(frozen=True)
class _Counter:
    session: Session
    seconds: float

    def answers(self, loss: Loss) -> Iterator[_Answer]:
        match loss:
            case RowsOf():
                for table in self._tables(loss.relation):
                    yield self._rows(table, only=loss.only)
            case ValuesOf():
                for table in self._tables(loss.column.relation):
                    yield self._values(table, loss)
            case UnknownLoss():
                reached = loss.cascade is None or reaches_data(self.session, loss.cascade)
                if reached and self._exists(loss.only_if):
                    yield _unknown(loss.why)
            case _:
                assert_never(loss)

    def _rows(self, table: _Table, *, only: bool) -> _Answer:
        if table.kind == "f":
            return _unknown(f"rows of the foreign table {table.name}")
        if not table.holds_rows:
            return _NEVER
        source = sql.SQL("ONLY {}" if only and table.kind == "r" else "{}").format(table.qualified)
        return self._count(source, "rows", table.name)

    def _values(self, table: _Table, loss: ValuesOf) -> _Answer:
        column = self._column(table, loss.column.column)
        if column is None or not table.holds_rows or column.loses_nothing(loss):
            return _NEVER
        condition = sql.SQL("char_length({column}) > {length}" if column.cut_at(loss) else "{column} IS NOT NULL")
        where = sql.SQL("{} WHERE {}").format(
            table.qualified,
            condition.format(column=sql.Identifier(loss.column.column), length=sql.Literal(column.cut_at(loss))),
        )
        return self._count(where, "values", f"{table.name}.{loss.column.column}")

    def _count(self, source: sql.Composed, what: str, name: str) -> _Answer:
        try:
            number = self._ask(source)
            estimated = number is None
            number = self._estimate(source) if number is None else number
        except StatementError as error:
            # No privilege, or a policy that would hide rows: what cannot be seen cannot be counted.
            return _unknown(f"{what} of {name}: {error.details.primary}")
        about = "about " if estimated else ""
        loss = DataLoss(
            rows=number if what == "rows" else 0, values=number if what == "values" else 0, estimated=estimated
        )
        return _Answer(
            loss, f"{about}{number} {what if number != 1 else what[:-1]} of {name}{' (estimated)' if estimated else ''}"
        )

    def _ask(self, source: sql.Composed) -> int | None:
        """The count, None where it took too long."""
        try:
            with self.session.transaction("BEGIN READ ONLY"):
                self.session.execute(
                    sql.SQL("SET LOCAL statement_timeout = {}").format(sql.Literal(milliseconds(self.seconds)))
                )
                return int(self.session.one(sql.SQL("SELECT count(*) FROM {}").format(source))[0])
        except StatementError as error:
            if error.details.sqlstate != _TIMED_OUT:
                raise
            return None

    def _estimate(self, source: sql.Composed) -> int:
        (plan,) = self.session.one(sql.SQL("EXPLAIN (FORMAT JSON) SELECT 1 FROM {}").format(source))
        return int(plan[0]["Plan"]["Plan Rows"])

    def _exists(self, name: RelationName | ColumnName | None) -> bool:
        match name:
            case None:
                return True
            case RelationName():
                return bool(self._tables(name))
            case ColumnName():
                return any(self._column(table, name.column) for table in self._tables(name.relation))
            case _:
                assert_never(name)

    def _tables(self, relation: RelationName) -> list[_Table]:
        """The relation; where the script names no schema and its path has none, every one of that name."""
        found = self.session.execute(
            sql.SQL(
                "SELECT n.nspname, c.relname, c.relkind::text, c.oid = {found} AS visible"
                " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE c.relname = %(name)s AND (n.nspname = %(schema)s OR %(schema)s::text IS NULL)"
                " AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%%'"
                " AND c.relkind IN ('r', 'p', 'm', 'f', 'v', 'S', 'i', 'I', 'c') ORDER BY 1"
            ).format(found=lookup.relation(self.session, RelationName(None, relation.name))),
            {"name": relation.name, "schema": relation.schema},
        ).fetchall()
        visible = [row for row in found if row[3]]
        return [
            _Table(str(relation), sql.Identifier(schema, name), kind) for schema, name, kind, _ in (visible or found)
        ]

    def _column(self, table: _Table, column: str) -> _Column | None:
        row = self.session.execute(
            "SELECT format_type(a.atttypid, a.atttypmod),"
            " t.typtype = 'e' AND NOT EXISTS (SELECT FROM pg_cast WHERE castsource = t.oid)"
            " FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid"
            " WHERE a.attrelid = to_regclass(%s) AND a.attname = %s AND a.attnum > 0 AND NOT a.attisdropped",
            (table.qualified.as_string(None), column),
        ).fetchone()
        return None if row is None else _Column(str(row[0]), bool(row[1]))


def _unknown(why: str) -> _Answer:
    return _Answer(DataLoss(unknown=True), f"unknown: {why}")
