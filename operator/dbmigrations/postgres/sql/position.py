"""Places in a script: from an offset to line and column, and an excerpt with a caret."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_LINES_BEFORE = 2
_LINES_AFTER = 2


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text. `offset` counts characters from 0; `line` and `column` count from 1."""

    offset: int
    line: int
    column: int

    @property
    def reference(self) -> str:
        """`line:column`, to be put behind `path:`."""
        return f"{self.line}:{self.column}"


def locate(text: str, offset: int) -> Position:
    """The place of the character at `offset`; an offset outside the text is taken to the nearest end."""
    offset = max(0, min(offset, len(text)))
    line_start = text.rfind("\n", 0, offset) + 1
    return Position(offset=offset, line=text.count("\n", 0, offset) + 1, column=offset - line_start + 1)


def excerpt(text: str, offset: int, *, width: int = 100, gaps: Sequence[tuple[int, int]] = ()) -> str:
    """Up to five lines around the place, numbered, with a caret under it; long lines are cut around it.

    Show no text of a person unredacted: `redact.redact_around` moves the offset along.

    Args:
        text: the whole script.
        offset: of the character that the caret points at.
        width: how many characters of a line are shown.
        gaps: lines of the text before which lines of the file were left out, and how many.
    """
    place = locate(text, offset)
    lines = text.split("\n")
    first = max(0, place.line - 1 - _LINES_BEFORE)
    last = min(len(lines), place.line + _LINES_AFTER)
    numbers = [n + sum(lines for at, lines in gaps if at <= n) for n in range(first + 1, last + 1)]
    gutter = len(str(numbers[-1]))
    shown: list[str] = []
    for index, (number, line) in enumerate(zip(numbers, lines[first:last], strict=True), start=first + 1):
        here = index == place.line
        column = place.column - 1 if here else 0
        window, caret = _window(line.rstrip("\r"), column, width)
        shown.append(f"{number:>{gutter}} | {window}".rstrip())
        if here:
            shown.append(f"{'':>{gutter}} | {_under(window[:caret])}^")
    return "\n".join(shown)


def _window(line: str, column: int, width: int) -> tuple[str, int]:
    """The part of a long line around a column, and where that column is in it."""
    line = "".join(each if each.isprintable() or each == "\t" else "\N{REPLACEMENT CHARACTER}" for each in line)
    column = min(column, len(line))
    start = 0 if column < width else max(0, min(column - width // 2, len(line) - width))
    window = line[start : start + width]
    before = "…" if start else ""
    after = "…" if start + width < len(line) else ""
    return before + window + after, len(before) + column - start


def _under(prefix: str) -> str:
    """White space that takes as many columns as the prefix: tabs stay tabs, wide characters take two."""
    return "".join(character if character == "\t" else " " * _columns(character) for character in prefix)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
