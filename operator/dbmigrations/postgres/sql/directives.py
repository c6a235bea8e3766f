"""Directives: what a script says about itself in comments before its statements, `-- migrate: key=value`.

    -- migrate: tx=file|statement|none          before the first statement
    -- migrate: down=partial-safe               before the first statement of a down script
    -- migrate: class=data reason=why it is     before a statement; before the first one it holds for all
    -- migrate: check=SELECT …                  before a statement; before the first one it holds for all

`reason` and `check` take the rest of their line. An unknown or malformed directive is an error, never ignored.
"""

from dataclasses import dataclass
from enum import StrEnum

from dbmigrations.postgres.sql.classes import OperationClass


class TransactionDirective(StrEnum):
    """How the author wants the script to be run."""

    FILE = "file"  # one transaction with the history row, whatever the statements are
    STATEMENT = "statement"  # each statement in a transaction of its own
    NONE = "none"  # each statement outside any transaction block


@dataclass(frozen=True, slots=True)
class Declaration:
    """What an author declares about statements whose class cannot be read."""

    operation_class: OperationClass
    reason: str


@dataclass(frozen=True, slots=True)
class StatementDirectives:
    """What the comment before one statement says."""

    declaration: Declaration | None = None
    check: str = ""
    """Boolean SQL: true when the statement has taken effect; empty: none given."""


@dataclass(frozen=True, slots=True)
class Directives:
    """What a script says about itself."""

    transaction: TransactionDirective | None = None
    partial_safe: bool = False
    """A down script that may run although its up was applied only in part."""
    statements: tuple[StatementDirectives, ...] = ()
    """One for each statement, those of the whole file already merged in."""
