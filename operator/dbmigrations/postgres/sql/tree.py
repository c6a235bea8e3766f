"""The parse tree of a statement, as this program looks at it: libpg_query through postgast, behind our own interface.

postgast 0.2.0 speaks protobuf with the grammar of PostgreSQL 18. What it cannot parse stays legal SQL: a newer
server may know it. Facts that shaped this module:
- protobuf decodes at most 100 levels, reached at about 50 nested operators or calls: such statements have no tree;
- a tree takes some 35 bytes of memory for each byte of SQL: longer statements than MAX_LENGTH have none;
- of INSERT … VALUES with many rows of constants one row is enough to say what it is, and takes no time;
- positions in it are bytes of UTF-8; nothing here passes them on;
- the library keeps its state by thread, and may be called from several;
- loading it takes longer than all of a step's own modules: it is loaded for the first statement that is parsed.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LENGTH = 2_000_000
"""Characters of a statement that is parsed; a longer one is bulk data and gets no tree."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node. `kind` is PostgreSQL's own name of it (`AlterTableStmt`), fields have PostgreSQL's names.

    A field that the node does not have is an error of the program (AttributeError), not of the SQL.
    """

    _message: Any

    @property
    def kind(self) -> str:
        """PostgreSQL's name of the node's type."""
        name: str = self._message.DESCRIPTOR.name
        return name

    def text(self, field: str) -> str:
        """A string field; empty where it is not set."""
        return str(getattr(self._message, field))

    def flag(self, field: str) -> bool:
        """A boolean field."""
        return bool(getattr(self._message, field))

    def number(self, field: str) -> int:
        """An integer field."""
        return int(getattr(self._message, field))

    def word(self, field: str) -> str:
        """An enumeration's field by name: `OBJECT_TABLE`, `AT_DropColumn`, `DROP_CASCADE`."""
        descriptor = self._message.DESCRIPTOR.fields_by_name[field]
        return str(descriptor.enum_type.values_by_number[getattr(self._message, field)].name)

    def has(self, field: str) -> bool:
        """Whether nodes of this kind have such a field, and it is one node that is set."""
        descriptor = self._message.DESCRIPTOR.fields_by_name.get(field)
        return descriptor is not None and descriptor.message_type is not None and self._message.HasField(field)

    def node(self, field: str) -> "Node | None":
        """A field that is one node; None where it is not set."""
        message = getattr(self._message, field)
        if not self._message.HasField(field) or (message.DESCRIPTOR.name == "Node" and not message.WhichOneof("node")):
            return None
        return _node(message)

    def nodes(self, field: str) -> "tuple[Node, ...]":
        """A field that is a list of nodes."""
        return tuple(_node(message) for message in getattr(self._message, field))

    def choice(self, oneof: str) -> "Node | None":
        """The one of several fields that is set, as a constant's value is."""
        which = self._message.WhichOneof(oneof)
        return None if which is None else _node(getattr(self._message, which))

    def texts(self, field: str) -> tuple[str, ...]:
        """A list of String nodes, as names are: `("public", "orders")`."""
        return tuple(node.text("sval") for node in self.nodes(field) if node.kind == "String")

    def walk(self) -> "Iterator[Node]":
        """This node and everything below it, in no particular order."""
        pending: list[Any] = [self._message]
        while pending:
            message = pending.pop()
            if message.DESCRIPTOR.name != "Node":
                yield Node(message)
            for descriptor, value in message.ListFields():
                if descriptor.message_type is not None:
                    pending.extend([value] if hasattr(value, "ListFields") else value)

    def find(self, *kinds: str) -> "tuple[Node, ...]":
        """All nodes of these kinds among this one and everything below it, kind by kind."""
        every = tuple(self.walk())
        return tuple(node for kind in kinds for node in every if node.kind == kind)


@dataclass(frozen=True, slots=True)
class _Root(Node):
    """A tree that several look through, one after the other: what is below it is listed once, also by kind."""

    _listed: "list[tuple[Node, ...]]" = field(default_factory=list, compare=False, repr=False)
    _by_kind: "dict[str, tuple[Node, ...]]" = field(default_factory=dict, compare=False, repr=False)

    def walk(self) -> "Iterator[Node]":
        if not self._listed:
            self._listed.append(tuple(Node.walk(self)))
        return iter(self._listed[0])

    def find(self, *kinds: str) -> "tuple[Node, ...]":
        if not self._by_kind:
            grouped: dict[str, list[Node]] = {}
            for node in self.walk():
                grouped.setdefault(node.kind, []).append(node)
            self._by_kind.update({kind: tuple(nodes) for kind, nodes in grouped.items()})
        if len(kinds) == 1:
            return self._by_kind.get(kinds[0], ())
        return tuple(node for kind in kinds for node in self._by_kind.get(kind, ()))


def _node(message: Any) -> Node:  # noqa: ANN401  # protobuf messages have no types here
    """Unwraps the `Node` that stands around each node of a list."""
    which = message.WhichOneof("node") if message.DESCRIPTOR.name == "Node" else None
    return Node(message if which is None else getattr(message, which))


@dataclass(frozen=True, slots=True)
class Unparsed:
    """Why a statement has no tree, for people. The server may well know it."""

    why: str
    at: int = 1
    """Where the parser stopped, in characters from 1."""


def parse(statement: str) -> Node | Unparsed:
    """The tree of one statement (without its semicolon), or why there is none. Some 25 µs for an ordinary one.

    A script is looked at several times: how it runs, what it locks, what it does. Trees are never changed, so those of
    the last statements are kept: of many that are short, of some that are ordinary.
    """
    if len(statement) <= _SHORT:
        return _short_before(statement)
    return _ordinary_before(statement) if len(statement) <= _ORDINARY else _parsed(statement)


_SHORT, _ORDINARY = 400, 4_000
"""Characters of statements whose trees are kept; some 14 and 140 kB then."""


_CONSTANT = (
    r"""\s*(?:'(?:[^'\\]++|'')*+'|[-+]?[0-9.]++(?:[eE][-+]?[0-9]++)?+|NULL\b|TRUE\b|FALSE\b|DEFAULT\b)"""
    r"""(?:\s*::\s*[a-z0-9_]++(?:\[\])?+)?+\s*"""
)
_ROW = rf"\({_CONSTANT}(?:,{_CONSTANT})*+\)"
_ROWS = (
    rf"""(?P<begin>INSERT\s+INTO\s+(?:"[^"]++"|[\w.]++)++\s*(?:\([\w",\s]*+\)\s*)?VALUES\s*{_ROW})(?:\s*,\s*{_ROW})++"""
)
"""Without backslashes, which mean something in some strings and nothing in others. Compiled when it is needed."""


def _shortened(statement: str) -> str:
    """The statement with its first row only, where all rows that follow are constants too."""
    rows = re.match(_ROWS, statement, re.IGNORECASE)
    return rows["begin"] + statement[rows.end() :] if rows else statement


def _parsed(statement: str) -> Node | Unparsed:
    whole = statement
    if len(statement) > _ORDINARY:
        statement = _shortened(statement)
    if len(statement) > MAX_LENGTH:
        return Unparsed(f"it is longer than {MAX_LENGTH:,} characters")
    from google.protobuf.message import DecodeError
    from postgast.errors import PgQueryError
    from postgast.parse import parse as parsed

    try:
        result: Any = parsed(statement)
    except PgQueryError as error:
        at = error.cursorpos if statement is whole else 0
        return Unparsed(f"the parser does not know it ({error.message})", at or 1)
    except DecodeError:
        return Unparsed("it is nested too deeply for the parser")
    if len(result.stmts) != 1:
        return Unparsed("the parser reads it as several statements")
    return _node(result.stmts[0].stmt)


def _parsed_once(statement: str) -> Node | Unparsed:
    tree = _parsed(statement)
    return tree if isinstance(tree, Unparsed) else _Root(tree._message)  # noqa: SLF001  # of this module


_short_before = lru_cache(maxsize=1_000)(_parsed_once)
_ordinary_before = lru_cache(maxsize=64)(_parsed_once)
