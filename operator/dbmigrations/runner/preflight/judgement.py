"""What `policy.operations` says to each operation of a plan's ups, and what the author's exceptions count for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from dbmigrations.api.words import ExceptionsPolicy, OperationsPolicy
from dbmigrations.postgres.sql.classes import OperationClass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.api.step import RequestedPolicy
    from dbmigrations.release.plan import Plan
    from dbmigrations.runner.preflight.case import Case
    from dbmigrations.runner.preflight.facts import Operation

ALLOWED = {
    OperationsPolicy.ADDITIVE_ONLY: frozenset({OperationClass.ADDITIVE, OperationClass.WIDENING, OperationClass.DATA}),
    OperationsPolicy.NON_DESTRUCTIVE: frozenset(OperationClass) - {OperationClass.DESTRUCTIVE, OperationClass.UNKNOWN},
    OperationsPolicy.ANY: frozenset(OperationClass),
}
"""The classes that each policy lets pass."""


class Standing(Enum):
    """How an operation stands to the policy."""

    FINE = auto()
    ASKED = auto()  # an exception that somebody else must approve
    FORBIDDEN = auto()


@dataclass(frozen=True, slots=True)
class Judged:
    """An operation of an up that does not simply pass."""

    operation: Operation
    standing: Standing
    place: str
    """`migrations/sql/20260123_1200_name.sql:3:1`."""

    @property
    def sentence(self) -> str:
        """Place, what, class, why; then the author's reason, or the safer way to write it."""
        operation = self.operation
        words = f"{self.place}: {operation.text} is {shown_class(operation)}"
        if operation.why:
            words += f" ({operation.why})"
        reason = operation.exception or operation.declared
        if self.standing is Standing.ASKED:
            return f"{words}; its author's exception: {reason}"
        return f"{words}; safer: {operation.safer}" if operation.safer else words


def shown_class(operation: Operation) -> str:
    """The class, and that it was declared."""
    return f"declared {operation.operation_class}" if operation.declared else str(operation.operation_class)


def judged(case: Case, plan: Plan) -> Iterator[Judged]:
    """Every operation of the plan's ups that is forbidden, or asked about."""
    for migration in plan.ups:
        known = case.facts.directory.migration(migration.kind, migration.name)
        path = known.up.path if known else migration.name
        for operation in case.analysis(migration).operations:
            standing = standing_of(operation, case.facts.policy)
            if standing is not Standing.FINE:
                yield Judged(operation, standing, _place(path, operation))


def standing_of(operation: Operation, policy: RequestedPolicy) -> Standing:
    """How one operation stands to the policy."""
    if policy.operations is OperationsPolicy.ANY:
        return Standing.FINE
    if operation.operation_class in ALLOWED[policy.operations]:
        return _BELIEVED[policy.exceptions] if operation.declared else Standing.FINE
    return _EXCEPTED[policy.exceptions] if operation.exception else Standing.FORBIDDEN


_BELIEVED = {
    ExceptionsPolicy.DECLARED: Standing.FINE,
    ExceptionsPolicy.HONOUR: Standing.FINE,
    ExceptionsPolicy.REQUIRE_APPROVAL: Standing.ASKED,
    ExceptionsPolicy.IGNORE: Standing.FORBIDDEN,
}
"""A declared class that would pass, had it been read."""

_EXCEPTED = {
    ExceptionsPolicy.DECLARED: Standing.ASKED,
    ExceptionsPolicy.HONOUR: Standing.FINE,
    ExceptionsPolicy.REQUIRE_APPROVAL: Standing.ASKED,
    ExceptionsPolicy.IGNORE: Standing.FORBIDDEN,
}
"""A class that would not pass, but for the exception."""


def _place(path: str, operation: Operation) -> str:
    parts = (path, operation.line, operation.column)
    return ":".join(str(part) for part in parts if part)
