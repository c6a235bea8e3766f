"""The tokens of PostgreSQL's SQL, as far as the boundaries of statements depend on them.

Follows the server's scanner with standard_conforming_strings on. Never raises: what does not end is a token of its
own kind that reaches to the end of the text. Linear: every pattern is possessive.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

SPACE = " \t\n\r\f\v\ufeff"  # the server's white space, and the byte order mark, which psql skips too
# Classes are written by their ASCII part alone: a range up to the last character takes Python's re 20 ms to compile.
_START = r"[^\x00-@\x5b-\x5e`\x7b-\x7f]"  # A-Z, a-z, _ and whatever is not ASCII
WORD_PART = r"[^\x00-\x23\x25-/:-@\x5b-\x5e`\x7b-\x7f]"  # further: digits and $
_WORD = rf"{_START}{WORD_PART}*+"
_TAG = rf"(?:{_START}[^\x00-/:-@\x5b-\x5e`\x7b-\x7f]*+)?+"  # further: digits
_ESCAPED = r"'(?:[^'\\]++|\\.|'')*+'"
_STRING = r"'(?:[^']++|'')*+'"
_QUOTED = r'"(?:[^"]++|"")*+"'
_NOTHING = r"[\x00-!\x23%&*+,.0-:<-@\x5b\x5d\x5e`\x7b-\x7f]++"  # the first character of nothing that is told apart

_STRUCTURE = rf"""
      (?P<ESCAPE> [eE]{_ESCAPED})
    | (?P<DOLLAR> \$(?P<tag>{_TAG})\$)
    | (?P<BLOCK_COMMENT> /\*)
    | (?P<SEMICOLON> ;)
    | (?P<OPEN> \()
    | (?P<CLOSE> \))
    | (?P<BACKSLASH> \\)
"""
_UNTERMINATED = """(?P<UNTERMINATED> [eE]?+'|")"""
_DETAIL = rf"""
      (?P<STRING> {_STRING})
    | (?P<QUOTED> {_QUOTED})
    | (?P<LINE_COMMENT> --[^\n\r]*+)
    | (?P<WORD> (?![eE]'){_WORD})
"""
_DULL = rf"{_NOTHING} | /(?!\*) | -(?!-) | \$(?!{_TAG}\$)"
_SKIPPED = rf"{_STRING} | {_QUOTED} | --[^\n\r]*+ | (?![eE]'){_WORD}"
_LEAF = rf"\((?: {_NOTHING} | -(?!-) | {_STRING} | {_QUOTED} | (?![eE]'){_WORD} )*+\)"  # most of what is in VALUES
_FLAGS = re.VERBOSE | re.DOTALL
_COARSE = re.compile(rf"(?: {_DULL} | {_SKIPPED} | {_LEAF} )*+ (?:{_STRUCTURE} | {_UNTERMINATED})", _FLAGS)
_FINE = re.compile(rf"(?: {_DULL} )*+ (?:{_STRUCTURE} | {_DETAIL} | {_UNTERMINATED})", _FLAGS)
_CONTINUATION = re.compile(
    rf"[ \t\f\v]*+(?:--[^\n\r]*+)?+[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*+[\n\r])*+(?:{_ESCAPED}|(?P<open>'))",
    re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class Kind(Enum):
    """What a token is. Operators, numbers and commas are not told apart: no boundary depends on them."""

    ESCAPE = auto()  # E'…', its continuations on later lines included
    DOLLAR = auto()  # $tag$…$tag$
    BLOCK_COMMENT = auto()
    SEMICOLON = auto()
    OPEN = auto()
    CLOSE = auto()
    BACKSLASH = auto()
    UNTERMINATED = auto()  # a quote, dollar quote or comment that does not end
    STRING = auto()  # '…'; from here on only in detail
    QUOTED = auto()  # "…"
    LINE_COMMENT = auto()
    WORD = auto()  # a keyword or an unquoted name


COMMENTS = frozenset({Kind.LINE_COMMENT, Kind.BLOCK_COMMENT})


class Token(NamedTuple):
    """A token: `text[start:end]`."""

    kind: Kind
    start: int
    end: int


def tokens(text: str, start: int = 0, *, detail: bool) -> Iterator[Token]:
    """The tokens from `start` on, which must not lie inside one.

    Args:
        text: what is read.
        start: where to begin.
        detail: False leaves out what ends no statement (words, plain strings, line comments): five times faster.
    """
    match_at = (_FINE if detail else _COARSE).match
    position = start
    while match := match_at(text, position):
        name = match.lastgroup or ""
        token = Token(_KINDS[name], match.start(name), match.end())
        if token.kind in _OPEN_ENDED:
            token = _completed(text, token)
        yield token
        position = token.end


_KINDS = {kind.name: kind for kind in Kind}
_OPEN_ENDED = frozenset({Kind.ESCAPE, Kind.DOLLAR, Kind.BLOCK_COMMENT, Kind.UNTERMINATED})


def _completed(text: str, token: Token) -> Token:
    """The whole of a token whose end no single pattern finds."""
    start = token.start
    match token.kind:
        case Kind.ESCAPE:
            return _escape_string(text, token)
        case Kind.DOLLAR:
            delimiter = text[start : token.end]
            closing = text.find(delimiter, token.end)
            return _ended(text, token, -1 if closing < 0 else closing + len(delimiter))
        case Kind.BLOCK_COMMENT:
            return _ended(text, token, _end_of_block_comment(text, start))
        case _:
            return _ended(text, token, -1)


def _ended(text: str, token: Token, end: int) -> Token:
    if end < 0:
        return Token(Kind.UNTERMINATED, token.start, len(text))
    return Token(token.kind, token.start, end)


def _escape_string(text: str, token: Token) -> Token:
    """E'a' and, on a later line, 'b' are one constant, and both know backslashes."""
    end = token.end
    while continued := _CONTINUATION.match(text, end):
        if continued["open"]:
            return Token(Kind.UNTERMINATED, continued.start("open"), len(text))
        end = continued.end()
    return Token(Kind.ESCAPE, token.start, end)


def _end_of_block_comment(text: str, start: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return -1
