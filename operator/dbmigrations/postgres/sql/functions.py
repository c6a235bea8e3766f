"""Functions called by a statement: which of them might change anything."""

from collections.abc import Iterable, Iterator

from dbmigrations.postgres.sql.arguments import Given, constants_in, may_depend_on_arguments
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.builtin_functions import HARMLESS, OF_EXTENSIONS, READING
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import function_name
from dbmigrations.postgres.sql.tree import Node
from dbmigrations.postgres.sql.uncertainty import definitions, definitions_called

_SEQUENCE_SETTER = "setval"
_NOT_VOLATILE = READING | {"uuid_nil", "uuid_ns_dns", "uuid_ns_oid", "uuid_ns_url", "uuid_ns_x500"}


def calls(tree: Node) -> tuple[Node, ...]:
    """Every function call in the tree."""
    return tree.find("FuncCall")


def strange_calls(tree: Node, batch: Batch) -> tuple[Node, ...]:
    """The calls of what does not come with PostgreSQL, or may change more than a sequence's position.

    What the batch made hides nothing of PostgreSQL's, but may be meant where it has the same name.
    """
    return tuple(call for call in calls(tree) if not _is_harmless(call) or definitions(batch, _routine(call), 1))


_NO_BATCH = Batch.of("public")


def each_once(calls: tuple[Node, ...], batch: Batch) -> Iterator[Node]:
    """One call of each name and number of arguments; one of each argument where these may say what is done."""
    seen: set[tuple[tuple[str, str], int, Given]] = set()
    told: dict[tuple[tuple[str, str], int], bool] = {}
    for call in calls:
        name, arguments = function_name(call), len(call.nodes("args"))
        if (name, arguments) not in told:
            found = definitions_called(batch, _routine(call), arguments)
            told[name, arguments] = any(map(may_depend_on_arguments, found))
        key = (name, arguments, constants_in(call, batch) if told[name, arguments] else ())
        if key not in seen:
            seen.add(key)
            yield call


def strange_functions(tree: Node, batch: Batch = _NO_BATCH) -> tuple[str, ...]:
    """The names of `strange_calls`, each once. Without a batch: those that do not come with PostgreSQL."""
    return _distinct(_shown(call) for call in strange_calls(tree, batch))


def _routine(call: Node) -> RelationName:
    schema, name = function_name(call)
    return RelationName(schema or None, name)


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
