"""A script as it was read: its text, its statements, its directives."""

from dataclasses import dataclass

from dbmigrations.postgres.sql.directives import Directives, read_directives
from dbmigrations.postgres.sql.position import Position, excerpt, locate
from dbmigrations.postgres.sql.redact import redact_around
from dbmigrations.postgres.sql.statements import Statement, split


@dataclass(frozen=True, slots=True)
class SqlScript:
    """A script that can be run. `directives.statements` has one entry for each of `statements`."""

    text: str
    statements: tuple[Statement, ...]
    directives: Directives

    def server_position(self, statement: Statement, position: int) -> Position:
        """The place in the script of a server's error position (characters from 1) within `statement`."""
        return locate(self.text, statement.position.offset + position - 1)

    def excerpt(self, position: Position, *, width: int = 100) -> str:
        """The lines around a place, with a caret, without passwords: what an error message shows."""
        return excerpt(*redact_around(self.text, position.offset), width=width)


def read(text: str) -> SqlScript:
    """Read a script.

    Raises:
        SqlInvalidError: what cannot be split, psql meta-commands, malformed directives.
    """
    statements = split(text)
    return SqlScript(text, statements, read_directives(text, statements))
