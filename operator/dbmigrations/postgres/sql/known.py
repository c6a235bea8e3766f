"""What is known of the database before the batch, where the text of a statement does not tell.

Given from outside: `NothingKnown` where no database is at hand, and every answer then is the careful one.
"""

from dataclasses import dataclass
from typing import Protocol

from dbmigrations.postgres.sql.names import ColumnName, RelationName


@dataclass(frozen=True, slots=True)
class Dependents:
    """What hangs on a column, of the relation's children and partitions too.

    Attributes:
        indexed: whether an index has to do with it.
        conditionally: whether one of these has a condition or an expression: such an index never stays as it is.
        checked: whether a valid CHECK constraint names it.
    """

    indexed: bool
    conditionally: bool
    checked: bool


class Known(Protocol):
    """Answers about the database as it was before the batch. Names are as `Batch.origins` gives them."""

    @property
    def major(self) -> int | None:
        """The server's major version; None: not known."""

    @property
    def is_utc(self) -> bool:
        """Whether the session's time zone is UTC for certain."""

    def relation_exists(self, relation: RelationName) -> bool | None:
        """Whether there is a relation of that name, an index included; None: not known."""

    def table_of_index(self, index: RelationName) -> RelationName | None:
        """The table, or materialized view, that an index is on; None: there is no such index, or it is not known."""

    def routine_exists(self, routine: RelationName) -> bool | None:
        """Whether there is a function, procedure or aggregate of that name, of whatever arguments."""

    def routine_definitions(self, routine: RelationName) -> tuple[str, ...] | None:
        """CREATE of each routine of that name; None: not known, or one cannot be read."""

    def has_default_partition(self, relation: RelationName) -> bool | None:
        """Whether rows that fit no other partition have one, which a new partition's rows are looked for in."""

    def extension_holds_nothing(self, name: str) -> bool | None:
        """Whether the extension, if there is one, has no table, materialized view or sequence of its own."""

    def column_type(self, column: ColumnName) -> str | None:
        """The column's type as format_type() prints it; None: there is none, or it is not known."""

    def is_constrained_domain(self, type_name: RelationName) -> bool | None:
        """Whether the type is a domain with a constraint, its base types' included; None: not known."""

    def is_enumeration(self, type_name: RelationName) -> bool | None:
        """Whether the type is an enumeration that no cast was made to; None: not known."""

    def holds_no_null(self, column: ColumnName) -> bool:
        """Whether the column is NOT NULL, or a valid CHECK constraint says that it is."""

    def dependents(self, column: ColumnName) -> Dependents | None:
        """What would be made anew with the column; None: there is no such column, or it is not known."""


class NothingKnown:
    """Where there is no database to ask."""

    major: int | None = None
    is_utc: bool = False

    def relation_exists(self, _: RelationName) -> bool | None:
        """Not known."""
        return None

    def table_of_index(self, _: RelationName) -> RelationName | None:
        """Not known."""
        return None

    def routine_exists(self, _: RelationName) -> bool | None:
        """Not known."""
        return None

    def routine_definitions(self, _: RelationName) -> tuple[str, ...] | None:
        """Not known."""
        return None

    def has_default_partition(self, _: RelationName) -> bool | None:
        """Not known."""
        return None

    def extension_holds_nothing(self, _: str) -> bool | None:
        """Not known."""
        return None

    def column_type(self, _: ColumnName) -> str | None:
        """Not known."""
        return None

    def is_constrained_domain(self, _: RelationName) -> bool | None:
        """Not known."""
        return None

    def is_enumeration(self, _: RelationName) -> bool | None:
        """Not known."""
        return None

    def holds_no_null(self, _: ColumnName) -> bool:
        """Not known."""
        return False

    def dependents(self, _: ColumnName) -> Dependents | None:
        """Not known."""
        return None


NOTHING_KNOWN = NothingKnown()
"""The one instance that is needed."""
