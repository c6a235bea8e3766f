"""What scripts can have changed in a catalog, as far as their words tell. Pure.

A run that was killed recorded nothing of what it did, so what differs since may be its doing or somebody else's. An
object that none of its scripts names is somebody else's. In doubt it was the scripts: nobody is to be stopped on the
way on by what the killed run itself had done.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.postgres.catalog.difference import Change
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dbmigrations.postgres.catalog.difference import Difference
    from dbmigrations.postgres.catalog.snapshot import CatalogObject

_WORD = re.compile(r"\w+")

_SWEEPING = re.compile(
    r"(?<!on delete )(?<!on update )\bcascade\b|\bon all\b|\bowned by\b|\breassign\b"
    r"|\balter schema\b|\bimport foreign\b"
)
"""What reaches objects that it does not name."""

_NAMED_BY_THEMSELVES = frozenset({"column", "table", "view", "materialized view", "foreign table", "schema"})
"""Who makes one of these names it; other objects may get their names from their table and its columns."""


_GRAMMAR = frozenset(
    """
    after and as before btree by check constraint create each execute exists false for foreign from function gin gist
    hash index insert into is key not null of on only or primary procedure references row select set statement table
    then to trigger true unique update using values view when where
    """.split()  # noqa: SIM905  as words they are read more easily
)
"""What stands in definitions whatever they are of."""


@dataclass(frozen=True)
class Doings:
    """What scripts say. `sweeping`: they may have reached anything."""

    words: frozenset[str]
    sweeping: bool

    def may_explain(self, difference: Difference) -> bool:
        """Whether the scripts can have made this difference."""
        subject = difference.subject
        if self.sweeping or _own_words(subject) & self.words:
            return True
        if difference.change is Change.CHANGED:
            values = " ".join(f"{each.before} {each.after}" for each in difference.properties)
        elif subject.kind in _NAMED_BY_THEMSELVES:
            values = " ".join(str(value) for name, value in subject.properties.items() if "partition" in name)
        else:
            values = " ".join((subject.parent, *map(str, subject.properties.values())))
        return bool((_words(values) - _GRAMMAR - _words(subject.name.partition(".")[0])) & self.words)


def doings_of(scripts: Iterable[str], schema: str) -> Doings:
    """What these scripts, in their order, say."""
    words: set[str] = set()
    sweeping = False
    batch = Batch.of(schema)
    for text in scripts:
        words |= _words(text)
        sweeping = sweeping or _SWEEPING.search(" ".join(_WORD.findall(text.lower()))) is not None
        try:
            review = review_script(read(text), batch)
        except SqlInvalidError:
            sweeping = True
            continue
        batch = review.batch
        sweeping = sweeping or any(
            operation.operation_class is OperationClass.UNKNOWN for each in review.operations for operation in each
        )
    return Doings(frozenset(words), sweeping)


def _own_words(subject: CatalogObject) -> frozenset[str]:
    """Those of its own name: without its schema, its table and its arguments."""
    name = subject.name.partition("(")[0]
    if subject.parent and name.startswith(f"{subject.parent}."):
        return _words(name.removeprefix(f"{subject.parent}."))
    name = name.partition(" on ")[0]
    return _words(name.partition(".")[2] or name)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))
