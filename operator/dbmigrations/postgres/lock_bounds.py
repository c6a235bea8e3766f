"""Which statements may wait for their locks only as long as `lock_timeout` says.

DDL on what exists must not wait long: everybody who comes later waits behind it. DML waits for single rows and holds up
nobody, so it may take its time; what an author sets himself is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.kinds import CATALOG, ROWS
from dbmigrations.postgres.sql.naming import relation_in, table_made
from dbmigrations.postgres.sql.placement import Inside, placement_of
from dbmigrations.postgres.sql.tree import Unparsed, parse

if TYPE_CHECKING:
    from dbmigrations.postgres.sql.names import RelationName
    from dbmigrations.postgres.sql.operations import Operation
    from dbmigrations.postgres.sql.script import SqlScript


@dataclass(frozen=True)
class LockBounds:
    """For each statement of a script, by its ordinal: True bounded, False not, None no matter."""

    bounded: tuple[bool | None, ...]

    @classmethod
    def of(cls, script: SqlScript, schema: str) -> Self:
        """As the statements ask for it; no matter where the script sets lock_timeout itself."""
        if "lock_timeout" in script.text.lower():
            return cls((None,) * len(script.statements))
        told, asked = _by_kind(script)
        if asked:
            from dbmigrations.postgres.sql.batch import Batch
            from dbmigrations.postgres.sql.review import operations_of

            for n, operations in operations_of(script, asked, Batch.of(schema)).items():
                told[n] = _bounded(operations)
        if False not in told:
            return cls((None,) * len(told))  # as the session has it: bounded
        return cls(tuple(told))


_BOUNDED = CATALOG | {"AlterDomainStmt", "CreateExtensionStmt", "TruncateStmt"}
"""Kinds that are bounded wherever they lock what existed: most of what a migration is made of."""


def _by_kind(script: SqlScript) -> tuple[list[bool | None], set[int]]:
    """What each statement tells by itself, and those (from 0) that do not."""
    made: set[RelationName] = set()
    told: list[bool | None] = []
    asked: set[int] = set()
    for n, statement in enumerate(script.statements):
        tree = parse(statement.text)
        told.append(None)
        if isinstance(tree, Unparsed) or not isinstance(placement_of(tree), Inside):  # CONCURRENTLY
            asked.add(n)
        elif tree.kind in _BOUNDED:
            told[n] = True
            if (table := table_made(tree)) is not None:
                made.add(table)
        elif tree.kind in ROWS and not tree.find("FuncCall"):  # they wait for rows alone, unless they call something
            told[n] = None if relation_in(tree) in made else False
        else:
            asked.add(n)
    return told, asked


def _bounded(operations: tuple[Operation, ...]) -> bool | None:
    if any(each.lock_timeout or each.operation_class is OperationClass.UNKNOWN for each in operations):
        return True
    return False if any(each.lock is not None for each in operations) else None
