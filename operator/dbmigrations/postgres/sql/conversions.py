"""ALTER COLUMN … TYPE: by what the values are brought into the other type."""

from enum import Enum, auto
from typing import assert_never

from dbmigrations.postgres.sql.naming import function_name, type_text
from dbmigrations.postgres.sql.options import constant
from dbmigrations.postgres.sql.retyping import retyping_loses_nothing, retyping_moves_in_utc
from dbmigrations.postgres.sql.tree import Node


class Conversion(Enum):
    """What USING says."""

    ASSIGNED = auto()
    """Nothing, or the column alone: the server refuses what does not fit."""
    CAST = auto()
    """`column::type`, the type that it gets: the same, but texts and bits are cut to their length."""
    SPELLED = auto()
    """`column::text::type`: written out, and read in again."""
    IN_UTC = auto()
    """`column AT TIME ZONE 'UTC'`."""
    COMPUTED = auto()
    """Anything else."""


def conversion_of(definition: Node, column: str) -> Conversion:
    """Of the definition in ALTER COLUMN … TYPE."""
    using, type_name = definition.node("raw_default"), definition.node("type_name")
    if using is None or _is_column(using, column):
        return Conversion.ASSIGNED
    if using.kind == "FuncCall":
        return Conversion.IN_UTC if _is_in_utc(using, column) else Conversion.COMPUTED
    inner = _cast_to(using, type_text(type_name)) if type_name else None
    if inner is None:
        return Conversion.COMPUTED
    if _is_column(inner, column):
        return Conversion.CAST
    spelled = _cast_to(inner, "text")
    return Conversion.SPELLED if spelled and _is_column(spelled, column) else Conversion.COMPUTED


def loses_nothing(conversion: Conversion, old: str, new: str, *, is_utc: bool, of_enumeration: bool = False) -> bool:
    """Whether each value is the same in the new type, or is refused.

    Args:
        conversion: by what the values are brought into the new type.
        old: the type before, as format_type() prints it.
        new: the type behind.
        is_utc: whether the time zone is UTC.
        of_enumeration: whether the old type is an enumeration.
    """
    match conversion:
        case Conversion.ASSIGNED | Conversion.CAST:
            is_cut = conversion is Conversion.CAST
            return retyping_loses_nothing(old, new, is_cut=is_cut, is_utc=is_utc, of_enumeration=of_enumeration)
        case Conversion.IN_UTC:
            return retyping_moves_in_utc(old, new)
        case Conversion.SPELLED | Conversion.COMPUTED:
            return False
        case _:
            assert_never(conversion)


def _is_column(node: Node, column: str) -> bool:
    """Also where the table's name stands before it: no other relation is in sight."""
    return node.kind == "ColumnRef" and node.texts("fields")[-1:] == (column,)


def _cast_to(node: Node, target: str) -> Node | None:
    """What is cast to the type; None: the node is no cast to it."""
    type_name = node.node("type_name") if node.kind == "TypeCast" else None
    return node.node("arg") if type_name and type_text(type_name) == target else None


def _is_in_utc(call: Node, column: str) -> bool:
    match call.nodes("args"):
        case (zone, moved) if function_name(call) == ("pg_catalog", "timezone"):
            return constant(zone) in _UTC and _is_column(moved, column)
        case _:
            return False


_UTC = frozenset({"UTC", "utc", "Etc/UTC", "GMT"})
