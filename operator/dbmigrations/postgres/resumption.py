"""How far a script came that is taken up where it stopped: what ran, what follows, what was edited since. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.postgres.journal import is_same_statement
from dbmigrations.postgres.sql.transactions import execution_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dbmigrations.postgres.sql.position import Position
    from dbmigrations.postgres.sql.script import SqlScript
    from dbmigrations.postgres.sql.statements import Statement
    from dbmigrations.postgres.sql.units import ExecutionPlan
    from dbmigrations.release.history import BegunStatement


@dataclass(frozen=True, slots=True)
class Resumption:
    """A script that goes on.

    Attributes:
        ran: the ordinals of the statements that ran, from 0.
        count: how many statements it has.
        next: the ordinal of the first one that is left, from 0; None: only the end was not written.
        position: of that one.
        begun: whether that one was sent before, and nobody wrote that it took effect.
        edited: the ordinals of those that ran and read otherwise now, from 0.
    """

    ran: tuple[int, ...]
    count: int
    next: int | None
    position: Position | None
    begun: bool
    edited: tuple[int, ...]


def resumption(script: SqlScript, begun: Iterable[BegunStatement]) -> Resumption:
    """Where a script goes on, by what its journal has of it.

    Raises:
        SqlInvalidError: it cannot be run as it is written.
    """
    known = {each.ordinal: each for each in begun}
    ran = tuple(ordinal for ordinal, each in known.items() if each.applied)
    run = statements_by_ordinal(script, execution_plan(script))
    left = next(((ordinal, each) for ordinal, each in run.items() if ordinal not in ran), None)
    return Resumption(
        ran=ran,
        count=len(script.statements),
        next=left[0] if left else None,
        position=left[1].position if left else None,
        begun=left is not None and left[0] in known,
        edited=tuple(ordinal for ordinal in ran if not stands(run, ordinal, known[ordinal].checksum)),
    )


def statements_by_ordinal(script: SqlScript, plan: ExecutionPlan) -> dict[int, Statement]:
    """The statements that are journalled, each with its ordinal: the file's own BEGIN and COMMIT are not."""
    ordinals = {statement.position.offset: ordinal for ordinal, statement in enumerate(script.statements)}
    return {ordinals[each.position.offset]: each for unit in plan.units for each in unit.statements}


def stands(statements: Mapping[int, Statement], ordinal: int, checksum: str) -> bool:
    """Whether the statement that was journalled so is in the script as it was."""
    if ordinal not in statements:
        return False
    return is_same_statement(checksum, statements[ordinal].text, statements[ordinal].copy_data)
