"""YAML as a tree of texts with their lines: no types, no anchors, no tags, no surprises.

Every scalar is the string that stands in the file, whatever YAML would make of it: `20260101_0900` is an integer to
YAML, `1.10` a float and `no` a boolean; to a ledger they are names, versions and words.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from dbmigrations.release.problems import Problem

_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge")
)
_NULL = "tag:yaml.org,2002:null"


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
    """Read one YAML document; broken YAML, duplicate keys, anchors and tags become problems."""
    yaml = YAML(typ="safe", pure=True)
    try:
        yaml.composer.warn_double_anchors = False
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        return Document(None, (_broken(file, error),))
    except YAMLError as error:
        reason = str(error).splitlines()[0] if str(error) else "it cannot be read"
        return Document(None, (Problem(file, f"is not YAML: {reason}"),))
    except RecursionError:
        return Document(None, (Problem(file, "is nested too deeply to be a ledger"),))
    if node is None:
        return Document(None, ())
    walk = _Walk(file)
    root = walk.node(node)
    return Document(root, tuple(walk.problems))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean "x"?`, or empty where nothing is near."""
    near = difflib.get_close_matches(word, [str(each) for each in known], n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""


def _broken(file: str, error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    reason = " ".join(part for part in (error.context, error.problem) if part) or "it cannot be read"
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return Problem(file, f"is not YAML: {reason}", line=line, column=column)


class _Walk:
    """Turns YAML's nodes into ours and collects what is wrong on the way. Each node is visited once."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._seen: set[int] = set()
        self.problems: list[Problem] = []

    def node(self, node: YamlNode) -> Node:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if id(node) in self._seen:
            self._problem(line, column, "is used again by an alias", "write it out: anchors have no place in a ledger")
            return Text("", line, column)
        self._seen.add(id(node))
        match node:
            case ScalarNode():
                if str(node.tag) not in _PLAIN_TAGS:
                    self._problem(line, column, f"has the tag {node.tag}", "leave the tag out")
                return Text(str(node.value), line, column, absent=str(node.tag) == _NULL)
            case SequenceNode():
                return Items(tuple(self.node(item) for item in node.value), line, column)
            case MappingNode():
                return Table(tuple(self._entries(node)), line, column)
            case _:
                self._problem(line, column, "is neither a text, a list nor a mapping", "")
                return Text("", line, column)

    def _entries(self, node: MappingNode) -> Iterator[tuple[Text, Node]]:
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key, value = self.node(key_node), self.node(value_node)
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
