"""Splitting a script into statements. Nothing is lost: between two statements stand only space and comments.

Where psql and the server's own parser differ (BEGIN ATOMIC, COPY data, meta-commands) this reads what the author of
the file means: it is the file that psql would run.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dbmigrations.postgres.sql import lexer
from dbmigrations.postgres.sql.errors import SqlInvalidError, UnterminatedError
from dbmigrations.postgres.sql.lexer import Kind, Token
from dbmigrations.postgres.sql.metacommands import is_ignored, refuse
from dbmigrations.postgres.sql.position import Position, locate
from dbmigrations.release.migration import BulkData


@dataclass(frozen=True, slots=True)
class Statement:
    r"""One statement of a script, without the semicolon that ends it.

    Attributes:
        text: what is sent to the server.
        position: of its first character in the script. The server's error position p (from 1, in characters)
            is the script's offset `position.offset + p - 1`.
        behind: offset in the script of what follows the statement, its semicolon and its data.
        copy_data: of COPY … FROM STDIN: the lines up to `\.`, or where they are in a large file, else None. Such a
            statement must go through `cursor.copy()`: sent with execute() it leaves the connection unusable.
    """

    text: str
    position: Position
    behind: int
    copy_data: str | BulkData | None = None

    @property
    def end(self) -> int:
        """Offset in the script of the first character after the statement's text."""
        return self.position.offset + len(self.text)


def split(text: str, bulk: Sequence[BulkData] = ()) -> tuple[Statement, ...]:
    """The statements of a script, in order; none for an empty file or one of comments only.

    Positions are those in `text`: what was left out of it is not counted.

    Raises:
        SqlInvalidError: a quote or comment that does not end, a psql meta-command, a character that cannot be SQL.
    """
    _refuse_foreign_characters(text)
    left_out = {data.offset: data for data in bulk}
    statements: list[Statement] = []
    position = Position(offset=0, line=1, column=1)
    behind = 0
    while bounds := next_statement(text, behind):
        position = _advance(text, position, bounds.start)
        data, behind = _copy_data(text, bounds, left_out)
        statement = Statement(text[bounds.start : bounds.end].rstrip(lexer.SPACE), position, behind, data)
        _refuse_other_strings(statement)
        statements.append(statement)
    return tuple(statements)


class Bounds(NamedTuple):
    """A statement: `text[start:end]`; `after` is where what follows its semicolon begins, `end` where it has none."""

    start: int
    end: int
    after: int


def next_statement(text: str, behind: int) -> Bounds | None:
    """The first statement from `behind` on, which must not lie inside one; None: there is none.

    Raises:
        SqlInvalidError: as `split`; UnterminatedError if more text could help.
    """
    start = _skip_space(text, behind)
    while text.startswith(";", start):  # an empty statement
        start = _skip_space(text, start + 1)
    return Bounds(start, *_end_of_statement(text, start)) if start < len(text) else None


def _advance(text: str, last: Position, offset: int) -> Position:
    """As `locate`, counting lines only from the last place on, so that a whole script is counted once."""
    newline = text.rfind("\n", last.offset, offset)
    if newline < 0:
        return Position(offset, last.line, last.column + offset - last.offset)
    return Position(offset, last.line + text.count("\n", last.offset, offset), offset - newline)


_FOREIGN = re.compile("[\x00\ud800-\udfff]")


def _refuse_foreign_characters(text: str) -> None:
    if found := _FOREIGN.search(text):
        code = f"U+{ord(found.group()):04X}"
        raise SqlInvalidError(f"character {code} cannot be sent to PostgreSQL: remove it", locate(text, found.start()))


_SPACE = re.compile(rf"(?:[{lexer.SPACE}]++|--[^\n\r]*+)*+")


def _skip_space(text: str, offset: int) -> int:
    """Past white space, comments and the meta-commands that newer dumps carry."""
    while True:
        offset = _SPACE.match(text, offset).end()  # type: ignore[union-attr]  # it matches the empty string
        if text.startswith("/*", offset):
            offset = _comment(text, offset)
        elif is_ignored(text, offset):
            line_end = text.find("\n", offset)
            offset = len(text) if line_end < 0 else line_end + 1
        else:
            return offset


def _comment(text: str, offset: int) -> int:
    token = next(lexer.tokens(text, offset, detail=True))
    if token.kind is Kind.UNTERMINATED:
        raise _unterminated(text, token)
    return token.end


def _end_of_statement(text: str, start: int) -> tuple[int, int]:
    """Where the statement ends, and where what follows its semicolon begins."""
    body = _AtomicBody(text) if _MAY_BE_ROUTINE.match(text, start) else None
    depth = 0
    for token in lexer.tokens(text, start, detail=body is not None):
        match token.kind:
            case Kind.SEMICOLON if depth == 0 and not (body and body.open):
                return token.start, token.end
            case Kind.OPEN:
                depth += 1
            case Kind.CLOSE:
                depth = max(0, depth - 1)
            case Kind.WORD if body and depth == 0:
                body.read(token)
            case Kind.BACKSLASH:
                raise refuse(text, token.start)
            case Kind.UNTERMINATED:
                raise _unterminated(text, token)
            case _:
                pass
    return len(text), len(text)


_MAY_BE_ROUTINE = re.compile(
    rf"CREATE(?!{lexer.WORD_PART})(?![{lexer.SPACE}]++(?!(?:OR|FUNCTION|PROCEDURE)(?!{lexer.WORD_PART}))[a-z])",
    re.IGNORECASE,
)
"""Unless the next word says that it makes something else, as it mostly does; a comment may stand before that word."""

_ROUTINES = frozenset({("create", "function"), ("create", "procedure")})
_HEAD = 2


class _AtomicBody:
    """Whether a CREATE FUNCTION or PROCEDURE is inside BEGIN ATOMIC … END, where semicolons end nothing.

    Words inside parentheses are not shown to it. Trap: CASE ends with END too, and both may be names (`AS end`).
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._head: list[str] = []
        self._previous = ""
        self._depth = 0

    @property
    def open(self) -> bool:
        return self._depth > 0

    def read(self, token: Token) -> None:
        word = self._text[token.start : token.end].lower()
        previous, self._previous = self._previous, word
        if len(self._head) < _HEAD and word not in {"or", "replace"}:
            self._head.append(word)
        if tuple(self._head) not in _ROUTINES or previous == "as" or self._text[token.start - 1] == ".":
            return
        if self._depth == 0:
            self._depth = 1 if (previous, word) == ("begin", "atomic") else 0
        elif word == "case":
            self._depth += 1
        elif word == "end":
            self._depth -= 1


_COPY = re.compile(rf"COPY(?!{lexer.WORD_PART})", re.IGNORECASE)
_REST_OF_LINE = re.compile(r"[ \t\f\v\r]*+(?:--[^\n]*+)?+(?:\n|\Z)")
END_OF_DATA = re.compile(r"^\\\.\r?(?:\n|\Z)", re.MULTILINE)  # psql wants just this: no blanks behind it


def data_begins(text: str, bounds: Bounds) -> int | None:
    """Where the data of COPY … FROM STDIN begins; None for any other statement.

    Raises:
        SqlInvalidError: something else stands on the line.
    """
    if not _COPY.match(text, bounds.start) or not _reads_stdin(text[bounds.start : bounds.end]):
        return None
    line = _REST_OF_LINE.match(text, bounds.after)
    if line is None and text.startswith("\r", bounds.after):
        raise SqlInvalidError(
            "lines of data end with LF, not with CR alone: save the file so", locate(text, bounds.after)
        )
    if line is None:
        raise SqlInvalidError(
            "the data of COPY … FROM STDIN begins on the next line: put what follows the semicolon behind the data",
            locate(text, bounds.after),
        )
    return line.end()


def _copy_data(text: str, bounds: Bounds, left_out: Mapping[int, BulkData]) -> tuple[str | BulkData | None, int]:
    r"""The lines below COPY … FROM STDIN up to `\.` or, as in psql, the end of the file; and what comes behind."""
    begin = data_begins(text, bounds)
    if begin is None:
        return None, bounds.after
    closing = END_OF_DATA.search(text, begin)
    end, behind = (len(text), len(text)) if closing is None else closing.span()
    return left_out.get(begin, text[begin:end]), behind


def _reads_stdin(statement: str) -> bool:
    depth = 0
    previous = ""
    for token in lexer.tokens(statement, detail=True):
        match token.kind:
            case Kind.OPEN:
                depth += 1
            case Kind.CLOSE:
                depth -= 1
            case Kind.WORD if depth == 0:
                word = statement[token.start : token.end].lower()
                if (previous, word) == ("from", "stdin"):
                    return True
                previous = word
            case _:
                pass
    return False


_STANDARD_STRINGS_OFF = re.compile(
    r"SET\s+(?:SESSION\s+|LOCAL\s+)?standard_conforming_strings\s*(?:=|TO)\s*'?(?:off|false|no|0)\b",
    re.IGNORECASE,
)


def _refuse_other_strings(statement: Statement) -> None:
    if _STANDARD_STRINGS_OFF.match(statement.text):
        raise SqlInvalidError(
            "with standard_conforming_strings off this file reads differently: write such strings as E'…' instead",
            statement.position,
        )


_OPENINGS = {"$": "dollar-quoted text", "/": "comment", '"': "quoted name"}


def _unterminated(text: str, token: Token) -> UnterminatedError:
    what = _OPENINGS.get(text[token.start], "quoted text")
    return UnterminatedError(f"this {what} does not end: close it", locate(text, token.start))
