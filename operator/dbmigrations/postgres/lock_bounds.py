"""Which statements may wait for their locks only as long as `lock_timeout` says.

DDL on what exists must not wait long: everybody who comes later waits behind it. DML waits for single rows and holds up
nobody, so it may take its time; what an author sets himself is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.placement import Inside, placement_of
from dbmigrations.postgres.sql.tree import Unparsed, parse

if TYPE_CHECKING:
    from dbmigrations.postgres.sql.operations import Operation
    from dbmigrations.postgres.sql.script import SqlScript
    from dbmigrations.postgres.sql.statements import Statement


@dataclass(frozen=True)
class LockBounds:
    """For each statement of a script, by its ordinal: True bounded, False not, None no matter."""

    bounded: tuple[bool | None, ...]

    @classmethod
    def of(cls, script: SqlScript, schema: str) -> Self:
        """As the statements ask for it; no matter where the script sets lock_timeout itself."""
        if "lock_timeout" in script.text.lower():
            return cls((None,) * len(script.statements))
        asked = {n for n, statement in enumerate(script.statements) if not _never_waits_long(statement)}
        if not asked:
            return cls((None,) * len(script.statements))  # as the session has it: bounded
        from dbmigrations.postgres.sql.batch import Batch
        from dbmigrations.postgres.sql.review import operations_of

        found = operations_of(script, asked, Batch.of(schema))
        return cls(tuple(_bounded(found[n]) if n in found else True for n in range(len(script.statements))))


_BOUNDED = frozenset(
    {
        *("AlterDefaultPrivilegesStmt", "AlterDomainStmt", "AlterEnumStmt", "AlterFunctionStmt"),
        *("AlterObjectSchemaStmt", "AlterOwnerStmt", "AlterPolicyStmt", "AlterSeqStmt", "AlterTableStmt"),
        *("AlterTypeStmt", "CommentStmt", "CompositeTypeStmt", "CreateDomainStmt", "CreateEnumStmt"),
        *("CreateExtensionStmt", "CreateFunctionStmt", "CreatePolicyStmt", "CreateRangeStmt", "CreateSchemaStmt"),
        *("CreateSeqStmt", "CreateStmt", "CreateTrigStmt", "DropStmt", "GrantStmt", "IndexStmt", "RenameStmt"),
        *("RuleStmt", "TruncateStmt", "ViewStmt"),
    }
)
"""Kinds that are bounded wherever they lock what existed: most of what a migration is made of."""


def _never_waits_long(statement: Statement) -> bool:
    """Whether no lock that it takes may be waited for as long as it takes; CONCURRENTLY is found by its placement."""
    tree = parse(statement.text)
    return not isinstance(tree, Unparsed) and tree.kind in _BOUNDED and isinstance(placement_of(tree), Inside)


def _bounded(operations: tuple[Operation, ...]) -> bool | None:
    if any(each.lock_timeout or each.operation_class is OperationClass.UNKNOWN for each in operations):
        return True
    return False if any(each.lock is not None for each in operations) else None
