"""YAML as a tree of texts with their lines: no types, no anchors, no tags, no surprises.

Every scalar is the string that stands in the file, whatever YAML would make of it: `20260101_0900` is an integer to
YAML, `1.10` a float and `no` a boolean; to a ledger they are names, versions and words.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import yaml

from dbmigrations.release.problems import Problem

_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge")
)
_NULL = "tag:yaml.org,2002:null"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})

_DEEPEST = 100
"""Levels; a ledger has five."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it, as its wheels are: some six times as quick."""


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar. `absent` is YAML's null: nothing after the colon, `~` or `null`."""

    value: str
    line: int
    column: int
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple["Node", ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping, in the order of the file. Each key occurs once."""

    entries: tuple[tuple[Text, "Node"], ...]
    line: int
    column: int

    def get(self, key: str) -> "Node | None":
        """The value of a key; None where the key is not there or nothing stands after its colon."""
        for name, value in self.entries:
            if name.value == key:
                return None if isinstance(value, Text) and value.absent else value
        return None


Node = Text | Items | Table


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: its root, or None where it is empty or broken, and what is wrong with it."""

    root: Node | None
    problems: tuple[Problem, ...]


def read_document(file: str, text: str) -> Document:
    """Read one YAML document; broken YAML, duplicate keys, aliases and tags become problems."""
    walk = _Walk(file, yaml.parse(text, Loader=_LOADER))
    try:
        root = walk.document()
    except yaml.MarkedYAMLError as error:
        return Document(None, (_broken(file, text, error),))
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0] if str(error) else "it cannot be read"
        return Document(None, (Problem(file, f"is not YAML: {reason}"),))
    except _TooDeepError:
        return Document(None, (Problem(file, "is nested too deeply to be a ledger"),))
    return Document(root, tuple(walk.problems))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean "x"?`, or empty where nothing is near."""
    near = difflib.get_close_matches(word, [str(each) for each in known], n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""


def _broken(file: str, text: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    reason = " ".join(part for part in (error.context, error.problem) if part) or "it cannot be read"
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    last = text.split("\n")
    if line > len(last):  # libyaml puts a line's end behind the last character
        line, column = len(last), len(last[-1]) + 1
    return Problem(file, f"is not YAML: {reason}", line=line, column=column)


def _place(event: yaml.Event) -> tuple[int, int]:
    """Line and column where it begins, from 1."""
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


class _TooDeepError(Exception):
    """More levels than any ledger has."""


class _Walk:
    """Makes our nodes of the parser's events, and collects what is wrong on the way.

    Of events, and not of the library's own nodes: it makes those by recursion in C, which ends the process where a
    hostile file is nested some ten thousand levels deep.
    """

    def __init__(self, file: str, events: Iterator[yaml.Event]) -> None:
        self._file = file
        self._events = events
        self.problems: list[Problem] = []

    def document(self) -> Node | None:
        """The root of the only document; None where there is none."""
        next(self._events)  # of the stream
        if not isinstance(next(self._events), yaml.DocumentStartEvent):
            return None
        root = self._node(next(self._events), 0)
        next(self._events)  # the end of the document
        after = next(self._events)
        if isinstance(after, yaml.DocumentStartEvent):
            self._problem(*_place(after), "is not YAML of one document: another begins here", "")
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if depth > _DEEPEST:
            raise _TooDeepError
        line, column = _place(event)
        match event:
            case yaml.ScalarEvent():
                return self._text(event, line, column)
            case yaml.SequenceStartEvent():
                return Items(tuple(self._items(depth)), line, column)
            case yaml.MappingStartEvent():
                return Table(tuple(self._entries(depth)), line, column)
            case _:
                self._problem(
                    line, column, "is used again by an alias", "write it out: anchors have no place in a ledger"
                )
                return Text("", line, column)

    def _text(self, event: yaml.ScalarEvent, line: int, column: int) -> Text:
        if event.tag is not None and event.tag not in _PLAIN_TAGS:
            self._problem(line, column, f"has the tag {event.tag}", "leave the tag out")
        plain = event.tag is None and event.implicit[0]
        return Text(event.value, line, column, absent=event.tag == _NULL or (plain and event.value in _NULLS))

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _entries(self, depth: int) -> Iterator[tuple[Text, Node]]:
        lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(key, Text):
                self._problem(key.line, key.column, "a key must be a text", "")
            elif key.value in lines:
                first = lines[key.value]
                self._problem(
                    key.line, key.column, f"key {key.value!r} stands twice, first on line {first}", "keep one of them"
                )
            else:
                lines[key.value] = key.line
                yield key, value

    def _problem(self, line: int, column: int, message: str, remedy: str) -> None:
        self.problems.append(Problem(self._file, message, remedy, line, column))
