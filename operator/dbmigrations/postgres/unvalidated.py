"""Constraints that a script adds NOT VALID and that may stay so, because its author says so and why.

A large table is validated when there is time for it, perhaps releases later; some rows of old are never made to fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.postgres.execution import read_script
from dbmigrations.postgres.sql.directives import NOT_VALID
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.tree import Node, Unparsed, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dbmigrations.release.migration import Script


@dataclass(frozen=True, slots=True)
class Unvalidated:
    """A constraint of a table or a domain."""

    constraint: str
    of: RelationName
    """Its schema is None where the script leaves it to the search_path."""


def unvalidated(scripts: Iterable[Script]) -> tuple[Unvalidated, ...]:
    """What scripts say may stay NOT VALID. A script that cannot be read says nothing."""
    return tuple(found for script in scripts if NOT_VALID in script.text for found in _in_script(script))


def _in_script(script: Script) -> Iterator[Unvalidated]:
    read = read_script(script.path, script.text, script.bulk)
    for statement, said in zip(read.statements, read.directives.statements, strict=True):
        tree = parse(statement.text)
        if said.allowance is not None and said.allowance.not_valid and not isinstance(tree, Unparsed):
            yield from _added_by(tree)


def _added_by(tree: Node) -> Iterator[Unvalidated]:
    if tree.kind == "AlterDomainStmt":
        constraint = tree.node("def")
        if constraint is not None and constraint.kind == "Constraint" and constraint.flag("skip_validation"):
            yield Unvalidated(constraint.text("conname"), RelationName.of_parts(tree.texts("type_name")))
        return
    relation = tree.node("relation") if tree.kind == "AlterTableStmt" else None
    for command in tree.nodes("cmds") if relation is not None else ():
        constraint = command.node("def") if command.word("subtype") == "AT_AddConstraint" else None
        if relation is not None and constraint is not None and constraint.flag("skip_validation"):
            yield Unvalidated(constraint.text("conname"), RelationName.of_range(relation))
