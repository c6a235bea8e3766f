"""Which changes of a column's type keep every value, lose none, or keep the bytes. Types as format_type() prints them.

The bytes: what ATColumnChangeRequiresRewrite and the planner's support functions of length coercions answer in
PostgreSQL 15 to 18. An engine test holds both against real servers.
"""

import re
from dataclasses import dataclass

_TYPE = re.compile(r"(?P<name>[^(\[]+?)\s*(?:\((?P<modifiers>[\d,\s-]+)\)(?P<suffix>[^(\[]*))?(?P<array>(?:\[\])*)")

_ALIASES = {
    "bool": "boolean",
    "bpchar": "character",
    "char": "character",
    "decimal": "numeric",
    "float": "double precision",
    "float4": "real",
    "float8": "double precision",
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "serial": "integer",
    "serial4": "integer",
    "serial8": "bigint",
    "bigserial": "bigint",
    "smallserial": "smallint",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
    "varbit": "bit varying",
    "varchar": "character varying",
}
_DIGITS = {"smallint": 5, "integer": 10, "bigint": 19}
_PRECISION = 6  # of times and intervals, where none is given


@dataclass(frozen=True, slots=True)
class _Type:
    name: str
    modifiers: tuple[int, ...]
    array: str


def retyping_keeps_values(old: str, new: str) -> bool:
    """Whether every value of the old type is the same in the new one, without a USING of the author's.

    A longer varchar, varchar to text, integer to bigint, numeric with more digits before and behind the point. Where
    nothing is known the answer is no.
    """
    before, after = _read(old), _read(new)
    if before is None or after is None or before.array != after.array:
        return False
    if before == after or (before.name, after.name) in _ALWAYS:
        return True
    if before.name in _DIGITS:
        return _keeps_integers(before, after)
    if before.name in _VARYING and (after.name == before.name or (before.name, after.name) == _TEXT_TO_VARCHAR):
        return _not_shorter(before, after)
    return before.name == after.name and (
        _keeps_numerics(before, after) if before.name == "numeric" else _not_coarser(before, after)
    )


def retyping_loses_nothing(old: str, new: str, *, is_cut: bool, is_utc: bool, of_enumeration: bool = False) -> bool:
    """Whether each value of the old type is the same in the new one or is refused, by assignment or a plain cast.

    Besides what keeps every value: numbers to fewer digits but no smaller scale; what can be read in again to texts;
    between timestamp and timestamptz where the time zone is UTC. Where nothing is known the answer is no.

    Args:
        old: the type before.
        new: the type behind.
        is_cut: whether texts are cut to their length, as by an explicit cast.
        is_utc: whether the time zone is UTC.
        of_enumeration: whether the old type is an enumeration.
    """
    if retyping_keeps_values(old, new):
        return True
    before, after = _read(old), _read(new)
    if before is None or after is None or before.array != after.array:
        return False
    if after.name in _TEXTS and (of_enumeration or before.name in _READ_IN_AGAIN):
        return not (is_cut and after.modifiers) and not before.array
    if (before.name, after.name) in _EXACT or (is_utc and retyping_moves_in_utc(old, new)):
        return True
    return _keeps_or_refuses_numbers(before, after)


def retyping_moves_in_utc(old: str, new: str) -> bool:
    """Whether it is a change between timestamp and timestamptz, with as fine a fraction: none is lost in UTC."""
    before, after = _read(old), _read(new)
    if before is None or after is None or before.array or after.array:
        return False
    return {before.name, after.name} == _TIMESTAMPS and _not_coarser(before, after)


def retyping_cuts_at(old: str, new: str) -> int | None:
    """The length at which texts are cut that are longer; None: that is not what the change does."""
    before, after = _read(old), _read(new)
    if before is None or after is None or before.array or after.array or not after.modifiers:
        return None
    is_text = before.name in _TEXTS and after.name == "character varying"
    return after.modifiers[0] if is_text else None


def retyping_keeps_bytes(old: str, new: str, *, is_utc: bool) -> bool:
    """Whether the server writes no row for the change, without a USING of the author's. Where in doubt: no.

    A longer or unlimited varchar, varchar to text, a numeric of the same scale with more digits, finer times; between
    timestamp and timestamptz where the session's time zone is UTC.
    """
    before, after = _read(old), _read(new)
    if before is None or after is None or before.array != after.array:
        return False
    if before == after:
        return True
    if (before.name, after.name) in _SAME_BYTES:
        return not after.modifiers
    if before.array or before.name != after.name:
        return is_utc and {before.name, after.name} == _TIMESTAMPS and _not_coarser(before, after)
    if before.name in {"character varying", "bit varying"}:
        return _not_shorter(before, after)
    return _same_scale(before, after) if before.name == "numeric" else _not_coarser(before, after)


def _same_scale(before: "_Type", after: "_Type") -> bool:
    old_precision, old_scale = _numeric(before)
    new_precision, new_scale = _numeric(after)
    if new_precision is None:
        return True
    return old_precision is not None and new_scale == old_scale and new_precision >= old_precision


_TIMESTAMPS = frozenset({"timestamp without time zone", "timestamp with time zone"})
_SAME_BYTES = frozenset(
    {
        ("character varying", "text"),
        ("cidr", "inet"),
        ("citext", "character varying"),
        ("citext", "text"),
        ("text", "character varying"),
        ("text", "citext"),
        ("xml", "text"),
    }
)

_ALWAYS = frozenset(
    {
        ("character varying", "text"),
        ("cidr", "inet"),
        ("citext", "text"),
        ("real", "double precision"),
        ("text", "citext"),
    }
)
_EXACT = frozenset(
    {
        ("date", "timestamp without time zone"),
        ("integer", "double precision"),
        ("jsonb", "json"),
        ("smallint", "double precision"),
        ("smallint", "real"),
    }
)
_TEXT_TO_VARCHAR = ("text", "character varying")
_TEXTS = frozenset(_TEXT_TO_VARCHAR)
_READ_IN_AGAIN = frozenset(
    {
        *_DIGITS,
        "boolean",
        "date",
        "json",
        "jsonb",
        "numeric",
        "time without time zone",
        "timestamp without time zone",
        "uuid",
    }
)
"""Whose text is the value, whatever the session's settings are."""
_VARYING = frozenset({"text", "character varying", "bit varying"})
_TIMED = frozenset(
    {
        "timestamp without time zone",
        "timestamp with time zone",
        "time without time zone",
        "time with time zone",
        "interval",
    }
)


def _read(text: str) -> _Type | None:
    found = _TYPE.fullmatch(text.strip().lower().removeprefix("pg_catalog."))
    if found is None:
        return None
    suffix = (found["suffix"] or "").strip()
    name = f"{found['name'].strip()} {suffix}".strip()
    modifiers = tuple(int(each) for each in (found["modifiers"] or "").split(",") if each.strip())
    if name.rpartition(".")[2] == "citext":
        name = "citext"  # an extension: in whatever schema it was installed
    return _Type(_ALIASES.get(name, name), modifiers, found["array"])


def _keeps_integers(before: _Type, after: _Type) -> bool:
    digits = _DIGITS[before.name]
    if after.name in _DIGITS:
        return _DIGITS[after.name] >= digits
    if after.name == "numeric":
        precision, scale = _numeric(after)
        return precision is None or precision - scale >= digits
    return after.name == "text" or (after.name == "character varying" and not after.modifiers)


def _not_shorter(before: _Type, after: _Type) -> bool:
    """Of text and varchar: unlimited where no length is given."""
    return not after.modifiers or (bool(before.modifiers) and before.modifiers[0] <= after.modifiers[0])


def _not_coarser(before: _Type, after: _Type) -> bool:
    """Of times: a fraction of six digits where nothing is given."""
    if before.name not in _TIMED:
        return False
    return (before.modifiers or (_PRECISION,))[0] <= (after.modifiers or (_PRECISION,))[0]


def _keeps_numerics(before: _Type, after: _Type) -> bool:
    old_precision, old_scale = _numeric(before)
    new_precision, new_scale = _numeric(after)
    if new_precision is None:
        return True
    if old_precision is None:
        return False
    return new_scale >= old_scale and new_precision - new_scale >= old_precision - old_scale


def _keeps_or_refuses_numbers(before: _Type, after: _Type) -> bool:
    """What has too many digits is refused; only digits behind the point are rounded away."""
    if before.name in _DIGITS:
        return after.name in _DIGITS or (after.name == "numeric" and _numeric(after)[1] >= 0)
    precision, scale = _numeric(before)
    if before.name != "numeric" or precision is None:
        return False
    return scale <= 0 if after.name in _DIGITS else after.name == "numeric" and _numeric(after)[1] >= scale


def _numeric(numeric: _Type) -> tuple[int | None, int]:
    """Precision (None: unlimited) and scale."""
    match numeric.modifiers:
        case ():
            return None, 0
        case (precision,):
            return precision, 0
        case (precision, scale, *_):
            return precision, scale
        case _:
            return None, 0
