"""ALTER TYPE … ADD VALUE: allowed in a transaction, but the new value may not be used before the commit (55P04).

From PostgreSQL 17 on a type that was made in the same transaction is exempt; before, nothing is.
"""

from dbmigrations.postgres.sql import lexer
from dbmigrations.postgres.sql.lexer import Kind
from dbmigrations.postgres.sql.statements import Statement
from dbmigrations.postgres.sql.tree import Node, Unparsed
from dbmigrations.release.migration import BulkData

_CONSTANTS = frozenset({Kind.STRING, Kind.ESCAPE, Kind.DOLLAR})


class UnsafeValues:
    """The values that were added in the transaction under way. One for each transaction."""

    def __init__(self) -> None:
        self._added: set[str] = set()

    def are_used_by(self, statement: Statement, tree: Node | Unparsed) -> bool:
        """Whether a constant of the statement, however nested, has the text of a value that was just added.

        Rather once too often: a transaction too many is journalled and resumed, one too few fails.
        """
        if not self._added or (isinstance(tree, Node) and tree.kind == "AlterEnumStmt"):
            return False
        texts = [
            statement.text[token.start : token.end]
            for token in lexer.tokens(statement.text, detail=True)
            if token.kind in _CONSTANTS
        ]
        if isinstance(statement.copy_data, BulkData):
            return True
        texts.append(statement.copy_data or "")
        return any(value in text for value in self._added for text in texts)

    def note(self, tree: Node | Unparsed) -> None:
        """Take notice of a statement that runs in the transaction."""
        if isinstance(tree, Node) and tree.kind == "AlterEnumStmt" and not tree.text("old_val"):
            self._added.add(tree.text("new_val").replace("'", "''"))
