"""Functions called by a statement: which of them might change anything."""

from collections.abc import Iterable

from dbmigrations.postgres.sql.builtin_functions import HARMLESS, OF_EXTENSIONS, READING
from dbmigrations.postgres.sql.naming import function_name
from dbmigrations.postgres.sql.tree import Node

_SEQUENCE_SETTER = "setval"
_NOT_VOLATILE = READING | {"uuid_nil", "uuid_ns_dns", "uuid_ns_oid", "uuid_ns_url", "uuid_ns_x500"}


def calls(tree: Node) -> tuple[Node, ...]:
    """Every function call in the tree."""
    return tuple(node for node in tree.walk() if node.kind == "FuncCall")


def strange_functions(tree: Node) -> tuple[str, ...]:
    """The called functions that do not come with PostgreSQL, or that may change more than a sequence's position."""
    return _distinct(_shown(call) for call in calls(tree) if not _is_harmless(call))


def sets_sequence(tree: Node) -> bool:
    """Whether setval() is called."""
    return any(function_name(call)[1] == _SEQUENCE_SETTER for call in calls(tree))


def may_be_volatile(tree: Node) -> bool:
    """Whether an expression may have another value for each row, so that a default must be written into each."""
    return any(function_name(call)[1] not in _NOT_VOLATILE for call in calls(tree))


def _is_harmless(call: Node) -> bool:
    schema, name = function_name(call)
    if schema in {"", "pg_catalog"}:
        return name in HARMLESS or name == _SEQUENCE_SETTER
    return name in OF_EXTENSIONS


def _shown(call: Node) -> str:
    schema, name = function_name(call)
    return f"{schema}.{name}()" if schema else f"{name}()"


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
