"""Which statements are over in a moment, however large the tables are that exist.

Only who watches depends on it: of statements that all are over in a moment nobody needs to know which one is running.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.postgres.sql.kinds import CATALOG
from dbmigrations.postgres.sql.naming import relation_in, table_made
from dbmigrations.postgres.sql.tree import Node, Unparsed, parse
from dbmigrations.postgres.sql.type_names import BUILT_IN, OF_EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbmigrations.postgres.sql.names import RelationName
    from dbmigrations.postgres.sql.statements import Statement

_BRIEF = CATALOG - {"AlterTableStmt", "AlterTypeStmt", "CreateStmt", "IndexStmt"}

_BRIEF_COMMANDS = frozenset(
    {
        *("AT_ChangeOwner", "AT_ColumnDefault", "AT_DisableRowSecurity", "AT_DropColumn", "AT_DropConstraint"),
        *("AT_DropNotNull", "AT_EnableRowSecurity", "AT_ForceRowSecurity", "AT_NoForceRowSecurity"),
        *("AT_ReplicaIdentity", "AT_SetOptions", "AT_SetStatistics", "AT_SetStorage"),
    }
)

_PLAIN = (BUILT_IN | OF_EXTENSIONS) - {"bigserial", "serial", "serial2", "serial4", "serial8", "smallserial"}
"""Types of columns that have no default of their own, and no constraint."""


def lasting(statements: Sequence[Statement]) -> tuple[int, ...]:
    """Those that may last, by their place among these, from 0: they read or write what is in tables that exist."""
    made: set[RelationName] = set()
    found: list[int] = []
    for n, statement in enumerate(statements):
        tree = parse(statement.text)
        if isinstance(tree, Unparsed) or not _is_brief(tree, made):
            found.append(n)
        elif (table := table_made(tree)) is not None:
            made.add(table)
    return tuple(found)


def _is_brief(tree: Node, made: set[RelationName]) -> bool:
    if tree.kind in _BRIEF:
        return True
    if tree.kind == "CreateStmt":
        return tree.node("partbound") is None  # else the default partition is read
    if tree.kind not in {"AlterTableStmt", "IndexStmt"}:
        return False
    if relation_in(tree) in made:
        return True
    return tree.kind == "AlterTableStmt" and all(_is_brief_command(command) for command in tree.nodes("cmds"))


def _is_brief_command(command: Node) -> bool:
    match command.word("subtype"):
        case "AT_AddColumn":
            column = command.node("def")
            return column is not None and _is_plain(column)
        case "AT_AddConstraint":
            constraint = command.node("def")
            return constraint is not None and constraint.flag("skip_validation")
        case word:
            return word in _BRIEF_COMMANDS


def _is_plain(column: Node) -> bool:
    """Whether no row is touched where it is added: it has no value of its own for each, and nothing is checked."""
    kind = column.node("type_name")
    name = kind.texts("names")[-1:] if kind else ()
    if not name or name[0] not in _PLAIN:
        return False
    constraints = {constraint.word("contype"): constraint for constraint in column.nodes("constraints")}
    if not constraints.keys() <= {"CONSTR_NULL", "CONSTR_NOTNULL", "CONSTR_DEFAULT"}:
        return False
    default = constraints.get("CONSTR_DEFAULT")
    value = default.node("raw_expr") if default else None
    if value is None:
        return "CONSTR_NOTNULL" not in constraints
    return not value.find("FuncCall", "SQLValueFunction", "NextValueExpr")
