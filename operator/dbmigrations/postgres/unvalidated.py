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

    from dbmigrations.postgres.sql.directives import Allowance
    from dbmigrations.postgres.sql.script import SqlScript
    from dbmigrations.postgres.sql.statements import Statement
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


def vain(script: SqlScript) -> Iterator[tuple[Statement, str, str]]:
    """Statements of which the directive says something that will not count: which, why, and what helps."""
    first: dict[Allowance, Statement] = {}
    said: set[Allowance] = set()
    for statement, allowance, added in _exceptions(script):
        first.setdefault(allowance, statement)
        said |= {allowance} if added else set()
        if any(not each.constraint for each in added):
            yield statement, "a constraint that may stay NOT VALID needs a name", "write ADD CONSTRAINT name …"
    for allowance, statement in first.items():
        if allowance not in said:
            remedy = "put it above the ALTER TABLE … ADD CONSTRAINT … NOT VALID, or remove it"
            yield statement, "allow=not-valid stands before nothing that adds a constraint NOT VALID", remedy


def _in_script(script: Script) -> Iterator[Unvalidated]:
    for _, _, added in _exceptions(read_script(script.path, script.text, script.bulk)):
        yield from added


def _exceptions(script: SqlScript) -> Iterator[tuple[Statement, Allowance, tuple[Unvalidated, ...]]]:
    """Each statement that may leave constraints NOT VALID, and those that it adds so."""
    for statement, said in zip(script.statements, script.directives.statements, strict=True):
        if said.allowance is not None and said.allowance.not_valid:
            tree = parse(statement.text)
            yield statement, said.allowance, () if isinstance(tree, Unparsed) else tuple(_added_by(tree))


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
