"""A script as it was read: its text, its statements, its directives."""

from dataclasses import dataclass

from dbmigrations.postgres.sql.directives import Directives, read_directives
from dbmigrations.postgres.sql.position import Position, locate
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


def read(text: str) -> SqlScript:
    """Read a script.

    Raises:
        SqlInvalidError: what cannot be split, psql meta-commands, malformed directives.
    """
    statements = split(text)
    return SqlScript(text, statements, read_directives(text, statements))
