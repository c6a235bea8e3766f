"""Constraints that a script adds NOT VALID and that may stay so, because its author says so and why.

A large table is validated when there is time for it, perhaps releases later; some rows of old are never made to fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.postgres.execution import read_script
from dbmigrations.postgres.sql.directives import NOT_VALID
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import relation_in
from dbmigrations.postgres.sql.tree import Node, Unparsed, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dbmigrations.release.migration import Migration, Script


@dataclass(frozen=True, slots=True)
class Unvalidated:
    """A constraint of a table or a domain."""

    constraint: str
    of: RelationName
    """Its schema is None where the script leaves it to the search_path."""

    def means(self, constraint: str | None, schema: str, of: str) -> bool:
        """Whether it is this one of the catalog."""
        return (constraint, of) == (self.constraint, self.of.name) and self.of.schema in {None, schema}


def unvalidated(migrations: Iterable[Migration]) -> tuple[Unvalidated, ...]:
    """What their ups say may stay NOT VALID.

    Raises:
        StatementError: one that says so cannot be read.
    """
    return tuple(found for each in migrations if NOT_VALID in each.up.text for found in _in_script(each.up))


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
    for command in tree.nodes("cmds") if tree.kind == "AlterTableStmt" else ():
        constraint = command.node("def") if command.word("subtype") == "AT_AddConstraint" else None
        if constraint is not None and constraint.flag("skip_validation"):
            yield Unvalidated(constraint.text("conname"), relation_in(tree))
