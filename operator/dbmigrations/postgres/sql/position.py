"""Places in a script: from the server's character position to line, column, and an excerpt with a caret."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text. `offset` counts characters from 0; `line` and `column` count from 1."""

    offset: int
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


def locate(text: str, offset: int) -> Position:
    """The place of the character at `offset`; an offset outside the text is taken to the nearest end."""
    offset = max(0, min(offset, len(text)))
    line_start = text.rfind("\n", 0, offset) + 1
    return Position(offset=offset, line=text.count("\n", 0, offset) + 1, column=offset - line_start + 1)


def excerpt(text: str, offset: int, *, width: int = 100) -> str:
    """Five lines around the place, numbered, a caret under it; passwords are redacted, long lines are cut.

    Args:
        text: the whole script.
        offset: of the character that the caret points at.
        width: columns that a line of the script may take.
    """
    raise NotImplementedError
