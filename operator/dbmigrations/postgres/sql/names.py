"""Names of relations and columns as a script means them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelationName:
    """A relation. `schema` is None where the script leaves it to a search_path that cannot be known."""

    schema: str | None
    name: str

    @property
    def shown(self) -> str:
        """As people write it."""
        return self.name if self.schema is None else f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column of a relation."""

    relation: RelationName
    column: str

    @property
    def shown(self) -> str:
        """As people write it."""
        return f"{self.relation.shown}.{self.column}"
