"""Files with both directions, as goose, dbmate, sql-migrate, rambler, node-pg-migrate, tern and MyBatis write them.

A line marks where a direction begins. In what is read of a file, the lines of the other direction are empty: line
numbers stay those of the file. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbmigrations.api.words import Direction

_MARK = r"""
      --[ \t]*(?:\+goose|\+migrate|rambler)[ \t]+(?P<word>up|down)\b.*
    | --[ \t]*migrate:(?P<dbmate>up|down)(?:[ \t].*)?
    | --[ \t-]*(?P<title>up|down)[ \t]migration[ \t:-]*\Z
    | (?P<tern>----[ \t]*create[ ]above[ ]/[ ]drop[ ]below[ \t]*----).*
    | (?P<undo>--[ \t]*//[ \t]*@undo\b).*
"""
"""Compiled when it is needed, which few files do."""
_SUSPECT = re.compile(r"(?:\A|[\r\n])--[^\r\n]*?(?:up|down|drop below|@undo)", re.IGNORECASE)
"""A line that may be a mark: most files have none."""
_COMMENTS = re.compile(r"--[^\r\n]*|/\*.*?\*/|;", re.DOTALL)
_END = re.compile(r"--[ \t]*\+(?:goose|migrate)[ \t]+StatementEnd\b", re.IGNORECASE)
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")


@dataclass(frozen=True, slots=True)
class Sections:
    """What a file with both directions says. `down` is None where no line begins it."""

    up: str
    down: str | None
    down_line: int = 0
    """The first line that begins a down; 0: there is none."""

    @property
    def both_do_something(self) -> bool:
        """Whether there is SQL in either direction, not only comments."""
        return all(_COMMENTS.sub("", each or "").strip() for each in (self.up, self.down))


def sections_of(text: str) -> Sections | None:
    """The directions of a file; None: no line of it begins one.

    A statement between goose's StatementBegin and StatementEnd needs no semicolon: it gets one.
    """
    if "--" not in text or not _SUSPECT.search(text):
        return None
    lines = _LINES.findall(text)
    marks = [_mark(line) for line in lines]
    if not any(marks):
        return None
    found: dict[Direction, list[str]] = {Direction.UP: [], Direction.DOWN: []}
    # Above the first mark stands nothing, or the up where only its end is marked.
    now = Direction.UP if all(mark is not Direction.UP for mark in marks) else None
    for line, mark in zip(lines, marks, strict=True):
        now = mark or now
        for direction, kept in found.items():
            kept.append(_kept(line) if direction is now and not mark else _end_of(line))
    down_line = marks.index(Direction.DOWN) + 1 if Direction.DOWN in marks else 0
    return Sections("".join(found[Direction.UP]), "".join(found[Direction.DOWN]) if down_line else None, down_line)


def _mark(line: str) -> Direction | None:
    found = re.match(_MARK, line.rstrip("\r\n"), re.VERBOSE | re.IGNORECASE) if line.startswith("--") else None
    if found is None:
        return None
    if found["tern"] or found["undo"]:
        return Direction.DOWN
    word = found["word"] or found["dbmate"] or found["title"]
    return Direction.UP if word.lower() == "up" else Direction.DOWN


def _kept(line: str) -> str:
    return ";" + _end_of(line) if _END.match(line) else line


def _end_of(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
