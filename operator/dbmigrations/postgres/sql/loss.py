"""What a script would lose, as questions to the catalog. Read from the parse tree, never by trying.

Names are those that the objects have *before* the batch: after `RENAME a TO b`, `DROP TABLE b` asks for rows of `a`.
What the batch made itself is not lost.
"""

from dataclasses import dataclass
from typing import Literal

from dbmigrations.postgres.sql.conversions import Conversion
from dbmigrations.postgres.sql.names import ColumnName, RelationName
from dbmigrations.postgres.sql.position import Position


@dataclass(frozen=True, slots=True)
class RowsOf:
    """All rows of a relation (with its partitions and children, unless `only`); 0 where it does not exist."""

    relation: RelationName
    only: bool
    position: Position


@dataclass(frozen=True, slots=True)
class ValuesOf:
    """The non-null values of a column; 0 where it does not exist.

    Attributes:
        new_type: empty: the column is dropped. Else the type it gets, as format_type() would print it;
            `loses_nothing` tells by the type before whether anything is lost.
        conversion: by what the values are brought into that type.
        is_utc: whether the time zone is UTC meanwhile.
    """

    column: ColumnName
    position: Position
    new_type: str = ""
    conversion: Conversion = Conversion.ASSIGNED
    is_utc: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """What CASCADE begins with, by its name before the batch.

    Attributes:
        kind: of an extension the name has no schema; of a routine it stands for all of that name.
    """

    kind: Literal["column", "extension", "relation", "routine", "type"]
    name: RelationName | ColumnName


@dataclass(frozen=True, slots=True)
class UnknownLoss:
    """Loss that nobody can count.

    Attributes:
        why: one sentence.
        only_if: there is loss only if this relation or column exists before the batch; None: in any case.
        cascade: there is none where no table and no column depends on this; None: not known.
    """

    why: str
    position: Position
    only_if: RelationName | ColumnName | None = None
    cascade: Dropped | None = None


Loss = RowsOf | ValuesOf | UnknownLoss
