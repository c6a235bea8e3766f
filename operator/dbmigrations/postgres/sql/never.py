"""Statements that have no place in any migration: they fail at every run, or let the migration lock go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.functions import calls
from dbmigrations.postgres.sql.naming import function_name
from dbmigrations.postgres.sql.tree import Node, Unparsed

if TYPE_CHECKING:
    from dbmigrations.postgres.sql.statements import Statement

_UNLOCK_ALL = "pg_advisory_unlock_all"


def refuse_never(statement: Statement, tree: Node | Unparsed) -> None:
    """Refuse a statement that no migration can have.

    What a function that it calls does is not seen: the run finds out.

    Raises:
        SqlInvalidError: at the statement, with what to write instead.
    """
    if not isinstance(tree, Unparsed) and (why := _why_never(statement.text, tree)):
        raise SqlInvalidError(why, statement.position)


def _why_never(text: str, tree: Node) -> str:
    match tree.kind:
        case "CopyStmt" if not (tree.flag("is_from") or tree.flag("is_program") or tree.text("filename")):
            return "COPY … TO STDOUT sends rows to nobody: remove it, or write COPY … TO a file of the server"
        case "DiscardStmt" if tree.word("target") == "DISCARD_ALL":
            return (
                "DISCARD ALL lets the migration lock go: write what is meant (RESET ALL, DISCARD TEMP, DEALLOCATE ALL,"
                " CLOSE ALL)"
            )
        case _ if _UNLOCK_ALL in text.lower() and any(function_name(call)[1] == _UNLOCK_ALL for call in calls(tree)):
            return f"{_UNLOCK_ALL}() lets the migration lock go, too: release each lock with pg_advisory_unlock(key)"
        case _:
            return ""
