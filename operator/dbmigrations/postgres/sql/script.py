"""A script as it was read: its text, its statements, its directives."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dbmigrations.postgres.sql.backfill import Backfill, read_backfill
from dbmigrations.postgres.sql.directives import Directives, exceptions_in, read_directives
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.position import Position, excerpt, locate
from dbmigrations.postgres.sql.redact import redact_around
from dbmigrations.postgres.sql.statements import Statement, split
from dbmigrations.release.migration import BulkData


@dataclass(frozen=True, slots=True)
class SqlScript:
    """A script that can be run. `directives.statements` has one entry for each of `statements`.

    `bulk` is data that `text` lacks because it stays in its file. Offsets are those in `text`, lines those of the file.
    Where it is a backfill, its statement reads as if one batch held all rows.
    """

    text: str
    statements: tuple[Statement, ...]
    directives: Directives
    bulk: tuple[BulkData, ...] = ()
    backfill: Backfill | None = None

    def server_position(self, statement: Statement, position: int) -> Position:
        """The place in the script of a server's error position (characters from 1) within `statement`."""
        return _in_file(locate(self.text, statement.position.offset + position - 1), self.bulk)

    def excerpt(self, position: Position, *, width: int = 100) -> str:
        """The lines around a place, with a caret, without passwords: what an error message shows."""
        return excerpt_of(self.text, position.offset, self.bulk, width=width)


def excerpt_of(text: str, offset: int, bulk: Sequence[BulkData] = (), *, width: int = 100) -> str:
    """The same of a script that could not be read."""
    gaps = [(locate(text, data.offset).line, data.lines) for data in bulk]
    return excerpt(*redact_around(text, offset), width=width, gaps=gaps)


def exceptions_of(text: str) -> str | None:
    """What a script declares and excepts, with the reasons, a line each; None: nothing, or it cannot be read."""
    if "migrate:" not in text:
        return None
    try:
        script = read(text)
    except SqlInvalidError:
        return None
    return "\n".join(exceptions_in(script.statements, script.directives)) or None


def read(text: str, bulk: tuple[BulkData, ...] = ()) -> SqlScript:
    """Read a script, of which the data in `bulk` was left out.

    Raises:
        SqlInvalidError: what cannot be split, psql meta-commands, malformed directives, a malformed backfill.
    """
    try:
        statements = split(text, bulk)
        directives = read_directives(text, statements)
        backfill, statements = read_backfill(text, statements, directives)
    except SqlInvalidError as error:
        raise SqlInvalidError(error.message, _in_file(error.position, bulk)) from None
    if bulk:
        statements = tuple(replace(each, position=_in_file(each.position, bulk)) for each in statements)
    return SqlScript(text, statements, directives, bulk, backfill)


def _in_file(position: Position, bulk: Sequence[BulkData]) -> Position:
    """The place with the line that it has in the file, counting the data before it."""
    lines = sum(data.lines for data in bulk if data.offset <= position.offset)
    return replace(position, line=position.line + lines) if lines else position
