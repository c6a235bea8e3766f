"""The one error of reading SQL: a script that cannot be run as it is written, with the place and the remedy."""

from dbmigrations.postgres.sql.position import Position


class SqlInvalidError(Exception):
    """A script that this program refuses to run. `str()` is the sentence for people, without the place.

    Attributes:
        message: what is wrong and what to write instead.
        position: where it stands in the script's text.
    """

    def __init__(self, message: str, position: Position) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class UnterminatedError(SqlInvalidError):
    """A quote or comment that does not end within the text."""
