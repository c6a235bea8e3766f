"""Which statements may wait for their locks only as long as `lock_timeout` says.

DDL on what exists must not wait long: everybody who comes later waits behind it. DML waits for single rows and holds up
nobody, so it may take its time; what an author sets himself is left alone.
"""

from dataclasses import dataclass
from typing import Self

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.operations import Operation
from dbmigrations.postgres.sql.review import review_script
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
        review = review_script(script, Batch.of(schema))
        return cls(tuple(_bounded(operations) for operations in review.operations))


def _bounded(operations: tuple[Operation, ...]) -> bool | None:
    if any(each.lock_timeout or each.operation_class is OperationClass.UNKNOWN for each in operations):
        return True
    return False if any(each.lock is not None for each in operations) else None
