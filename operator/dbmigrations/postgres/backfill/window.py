"""Which rows a batch has: from behind the last key up to a key, in the order of the key. Pure; never OFFSET.

Key values travel as text that PostgreSQL itself wrote and reads again with the column's type; so every type does that
has a btree order, and a checkpoint needs no column of each type.
"""

from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

Values = tuple[str, ...]
"""The values of a key's columns, as text."""

_ALIAS = "batch"
"""What our own queries call the table."""

_ISO = frozenset({"date", "time", "timetz", "timestamp", "timestamptz"})


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """One column of a key.

    Attributes:
        name: of the column.
        type_name: as format_type writes it, without modifiers: what a value is cast to.
        base_type: pg_type.typname of it, or of the type below a domain.
    """

    name: str
    type_name: str
    base_type: str

    @property
    def as_text(self) -> sql.Composed:
        """The column as text that means the same in any session: times do not depend on DateStyle."""
        form = "to_json({}) #>> '{{}}'" if self.base_type in _ISO else "{}::text"
        return sql.SQL(form).format(self.there)

    @property
    def there(self) -> sql.Identifier:
        """The column in our own queries. Qualified: ORDER BY takes a bare name for the text of the same name."""
        return sql.Identifier(_ALIAS, self.name)

    def literal(self, value: str) -> sql.Composed:
        """A value of this column."""
        # The type's name is the catalog's own, quoted where it must be.
        return sql.SQL("{}::{}").format(sql.Literal(value), sql.SQL(self.type_name))


@dataclass(frozen=True, slots=True)
class Keyset:
    """A table and the key that orders its rows. `table` is quoted, with its schema."""

    table: sql.Identifier
    columns: tuple[KeyColumn, ...]

    def last(self) -> sql.Composed:
        """The query for the greatest key; no row where the table is empty."""
        return sql.SQL("SELECT {texts} FROM {table} AS {alias} ORDER BY {down} LIMIT 1").format(
            texts=self._texts(), table=self.table, alias=sql.Identifier(_ALIAS), down=self._order(" DESC")
        )

    def boundary(self, behind: Values | None, upto: Values, rows: int) -> sql.Composed:
        """The query for the last key of the next batch; no row where there are none left.

        The number of rows is not asked for: a window over them would take three times as long.

        Args:
            behind: the last key that was done; None: begin with the first.
            upto: the last key of all that is to be done.
            rows: how many a batch has.
        """
        return sql.SQL(
            "SELECT {texts} FROM (SELECT * FROM (SELECT {names} FROM {table} AS {alias} WHERE {range}"
            " ORDER BY {up} LIMIT {rows}) AS {alias} ORDER BY {down} LIMIT 1) AS {alias}"
        ).format(
            texts=self._texts(),
            names=sql.SQL(", ").join(column.there for column in self.columns),
            table=self.table,
            alias=sql.Identifier(_ALIAS),
            range=self.condition(behind, upto, _ALIAS),
            up=self._order(""),
            down=self._order(" DESC"),
            rows=sql.Literal(rows),
        )

    def count(self, behind: Values | None, upto: Values) -> sql.Composed:
        """The query for the number of rows behind one key up to another."""
        return sql.SQL("SELECT count(*) FROM {table} AS {alias} WHERE {range}").format(
            table=self.table, alias=sql.Identifier(_ALIAS), range=self.condition(behind, upto, _ALIAS)
        )

    def condition(self, behind: Values | None, upto: Values, qualifier: str) -> sql.Composed:
        """The condition that holds for the rows behind one key up to another, in parentheses.

        Args:
            behind: rows with this key and before it are left out; None: none are.
            upto: the last key.
            qualifier: what the table is called where the condition stands.
        """
        left = _row([sql.Identifier(qualifier, column.name) for column in self.columns])
        ends = sql.SQL("{} <= {}").format(left, self._values(upto))
        if behind is None:
            return sql.SQL("({})").format(ends)
        return sql.SQL("({} > {} AND {})").format(left, self._values(behind), ends)

    def in_words(self, behind: Values | None, upto: Values) -> str:
        """The same for people: `id > 5 and id <= 10`."""
        name = ", ".join(column.name for column in self.columns)
        name = f"({name})" if len(self.columns) > 1 else name
        ends = f"{name} <= {_words(upto)}"
        return ends if behind is None else f"{name} > {_words(behind)} and {ends}"

    def _texts(self) -> sql.Composed:
        return sql.SQL(", ").join(column.as_text for column in self.columns)

    def _order(self, way: LiteralString) -> sql.Composed:
        return sql.SQL(", ").join(column.there + sql.SQL(way) for column in self.columns)

    def _values(self, values: Values) -> sql.Composable:
        return _row([column.literal(value) for column, value in zip(self.columns, values, strict=True)])


def _row(parts: list[sql.Identifier] | list[sql.Composed]) -> sql.Composable:
    if len(parts) == 1:
        return parts[0]
    return sql.SQL("ROW({})").format(sql.SQL(", ").join(parts))


def _words(values: Values) -> str:
    return values[0] if len(values) == 1 else f"({', '.join(values)})"
