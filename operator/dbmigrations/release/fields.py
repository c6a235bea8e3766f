"""Fields of a YAML mapping, read one by one: what is of the wrong shape becomes a problem, and the rest goes on."""

from collections.abc import Iterable, Iterator, MutableSequence
from dataclasses import dataclass

from dbmigrations.release import layout
from dbmigrations.release.document import Items, Node, Table, Text, did_you_mean
from dbmigrations.release.migration import Kind
from dbmigrations.release.problems import Problem

_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Fields:
    """Reads fields of one file and collects problems into the list that it was given."""

    file: str
    problems: MutableSequence[Problem]

    def problem(self, at: Node, field: str, message: str, remedy: str) -> None:
        """Tell what is wrong at a place."""
        self.problems.append(Problem(self.file, message, remedy, at.line, at.column, field))

    def known(self, table: Table, keys: Iterable[str], field: str) -> None:
        """Only these keys may occur."""
        known = tuple(keys)
        for key, _ in table.entries:
            if key.value not in known:
                hint = did_you_mean(key.value, known) or f"known are {', '.join(known)}"
                self.problem(key, field, f"unknown key {key.value!r}", hint)

    def text(self, table: Table, key: str) -> str | None:
        """A text; None where there is none."""
        match table.get(key):
            case None:
                return None
            case Text(value=value):
                return value
            case Items() | Table() as node:
                self.problem(node, key, "is not a text", f'write `{key}: "…"`')
                return None

    def flag(self, table: Table, key: str) -> bool:
        """True or false; false where nothing is said."""
        match table.get(key):
            case None:
                return False
            case Text(value=value) if value.lower() in _FLAGS:
                return _FLAGS[value.lower()]
            case node:
                self.problem(node, key, "is neither true nor false", f"write `{key}: true`, or leave it out")
                return False

    def names(self, table: Table, key: str, kind: Kind | None) -> Iterator[Text]:
        """The names in a list of migrations, or of assertions (kind None); only those that may be names."""
        match table.get(key):
            case None:
                return
            case Items(items=items):
                for item in items:
                    name = self.name(item, key, kind)
                    if name is not None:
                        yield name
            case node:
                self.problem(node, key, "is not a list", f"write `{key}: [name]`, or a line `- name` for each")

    def name(self, node: Node, field: str, kind: Kind | None) -> Text | None:
        """One name; None where it cannot be one."""
        if not isinstance(node, Text) or node.absent:
            self.problem(node, field, "is not a name", "write the name of the file, without its suffix")
            return None
        if reason := layout.wrong_name(kind, node.value):
            shown = node.value if len(node.value) <= layout.NAME_LIMIT else f"{node.value[: layout.NAME_LIMIT]}…"
            self.problem(node, field, f"{shown!r} is not a name that a file here may have", reason)
            return None
        return node

    def table(self, table: Table, key: str, remedy: str) -> Iterator[tuple[Text, Text]]:
        """The entries of a mapping from text to text."""
        match table.get(key):
            case None:
                return
            case Table(entries=entries):
                for name, value in entries:
                    if isinstance(value, Text):
                        yield name, value
                    else:
                        self.problem(value, key, f"what stands at {name.value!r} is not a text", remedy)
            case node:
                self.problem(node, key, "is not a mapping", remedy)
