"""Names of relations and columns as a script means them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from dbmigrations.postgres.sql.tree import Node

_QUALIFIED = 2

ANY = "<any>"
"""A name, or a value, that is only known when the statement runs."""

TEMPORARY = "pg_temp"
"""The schema of the session's own relations."""


@dataclass(frozen=True, slots=True)
class RelationName:
    """A relation, or another object of a schema. `schema` is None where the script leaves it to the search_path."""

    schema: str | None
    name: str

    def __str__(self) -> str:
        """As people write it."""
        return self.name if self.schema is None else f"{self.schema}.{self.name}"

    @classmethod
    def of_range(cls, range_var: "Node") -> Self:
        """From a RangeVar, as relations are named in most statements. The database part is not looked at."""
        return cls(range_var.text("schemaname") or None, range_var.text("relname"))

    @classmethod
    def of_parts(cls, parts: tuple[str, ...]) -> Self:
        """From a list of strings, as DROP and types have it: name, schema.name or database.schema.name."""
        return cls(parts[-2] if len(parts) >= _QUALIFIED else None, parts[-1] if parts else "")


_SYSTEM = frozenset({"information_schema", "pg_catalog"})


def is_of_system(name: RelationName) -> bool:
    """Whether it is one of PostgreSQL's own relations, which are found before any other unless a schema is given."""
    return name.schema in _SYSTEM or (name.schema is None and name.name.startswith("pg_"))


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column of a relation."""

    relation: RelationName
    column: str

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.relation}.{self.column}"


def parts_in(name: RelationName | ColumnName) -> tuple[str | None, ...]:
    """Schema, name and, of a column, the column."""
    if isinstance(name, ColumnName):
        return (*parts_in(name.relation), name.column)
    return (name.schema, name.name)
