"""Splitting a script into statements. Nothing is lost: between two statements stand only space and comments."""

from dataclasses import dataclass

from dbmigrations.postgres.sql.position import Position


@dataclass(frozen=True, slots=True)
class Statement:
    r"""One statement of a script, without the semicolon that ends it.

    Attributes:
        text: what is sent to the server.
        position: of its first character in the script. The server's error position p (from 1, in characters)
            is the script's offset `position.offset + p - 1`.
        copy_data: of COPY … FROM STDIN: the lines up to `\\.`, else None. Such a statement must go through
            `cursor.copy()`: sent with execute() it leaves the connection unusable.
    """

    text: str
    position: Position
    copy_data: str | None = None

    @property
    def end(self) -> int:
        """Offset in the script of the first character after the statement's text."""
        return self.position.offset + len(self.text)


def split(text: str) -> tuple[Statement, ...]:
    """The statements of a script, in order; none for an empty file or one of comments only.

    Raises:
        SqlInvalidError: a quote or comment that does not end, a psql meta-command, a character that cannot be SQL.
    """
    raise NotImplementedError
