"""SQL without its passwords, for logs and history. Works on anything: also on text that no parser accepts.

Hidden are: the constant behind PASSWORD (roles, user mappings, an assignment to a column of that name), also inside
quoted and dollar-quoted SQL; what is appended to a constant that ends in PASSWORD; `password=` and the password of a
URL, in connection strings and anywhere else. Rather too much is hidden than too little.
"""

import re

from dbmigrations.postgres.sql import lexer
from dbmigrations.postgres.sql.lexer import Kind, Token

MASK = "********"

_HINT = re.compile(r"password|crypt|://", re.IGNORECASE)


def redact(text: str) -> str:
    """The text with each password replaced by `********`."""
    return redact_around(text, 0)[0]


def redact_around(text: str, offset: int) -> tuple[str, int]:
    """The redacted text, and where the character at `offset` went in it."""
    pieces: list[str] = []
    position = 0
    moved = offset
    for start, end in _merged(_secrets(text)):
        pieces += [text[position:start], MASK]
        position = end
        if offset >= end:
            moved += len(MASK) - (end - start)
        elif offset > start:
            moved -= offset - start
    return "".join([*pieces, text[position:]]), moved


_Span = tuple[int, int]


def _merged(spans: list[_Span]) -> list[_Span]:
    merged: list[_Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged


# White space and URLs are bounded: these patterns meet texts of any length and shape.
_QUOTED = r"(?:''(?P<doubled>(?:[^']|'''')*+)''|\\'(?P<escaped>[^'\\]*+)\\')"
_BARE = r"(?P<bare>[^\s'\"&;,)\\]++)"
_ANYWHERE = (
    re.compile(rf"password=(?:{_QUOTED}|{_BARE})", re.IGNORECASE),
    re.compile(r"://[^\s:/@'\"]{0,64}+:(?P<secret>[^\s'\"]{0,256})@"),
)
_IN_QUOTES = (
    re.compile(rf"password\s{{0,16}}(?::?=>?|to\b)?\s{{0,16}}{_QUOTED}", re.IGNORECASE),
    re.compile(rf"password\s{{0,16}}=\s{{0,16}}{_BARE}", re.IGNORECASE),
    re.compile(r"://[^\s:/@'\"]{0,64}+:(?P<secret>[^\n'\"]{0,256})@"),
)
_TO_BE_FILLED_IN = re.compile(r"password\s{0,16}(?:=\s{0,16})?(?:'{0,4}|\\')(?:%|\Z)", re.IGNORECASE)


def _secrets(text: str) -> list[_Span]:
    if not _HINT.search(text):
        return []
    spans = _matches(_ANYWHERE, text, 0, len(text))
    arming = _Arming(text)
    for token in lexer.tokens(text, detail=True):
        if token.kind in _CONSTANTS:
            inner = _inside(text, token)
            if arming.take_constant(token):
                spans.append(inner)
            elif token.kind is not Kind.DOLLAR:
                spans += _matches(_IN_QUOTES, text, *inner)
        if token.kind in _NESTED:
            start, end = _inside(text, token)
            spans += [(start + first, start + last) for first, last in _secrets(text[start:end])]
        arming.see(token)
    return spans


_CONSTANTS = frozenset({Kind.STRING, Kind.ESCAPE, Kind.DOLLAR, Kind.UNTERMINATED})
_NESTED = lexer.COMMENTS | {Kind.DOLLAR, Kind.UNTERMINATED}
_ARMING_WORDS = frozenset({"password", "crypt"})
_QUIET_WORDS = frozenset({"to"})


class _Arming:
    """Whether the next constant, or every further one of this statement, is a secret."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next = False
        self._all = False

    def take_constant(self, token: Token) -> bool:
        secret = self._next or self._all
        self._next = False
        if not secret and _TO_BE_FILLED_IN.search(self._text, *_inside(self._text, token)):
            self._all = True
        return secret

    def see(self, token: Token) -> None:
        match token.kind:
            case Kind.WORD | Kind.QUOTED:
                word = self._text[token.start : token.end].strip('"').lower()
                self._next = word in _ARMING_WORDS or (self._next and word in _QUIET_WORDS)
            case Kind.CLOSE:
                self._next = False
            case Kind.SEMICOLON:
                self._next = self._all = False
            case _:
                pass


_OPENING = re.compile(r"[eE]?'|\$[^$]*\$|--|/\*|\"")


def _inside(text: str, token: Token) -> _Span:
    """Where the content of a constant or comment begins and ends."""
    opening = _OPENING.match(text, token.start)
    width = 0 if opening is None else opening.end() - opening.start()
    match token.kind:
        case Kind.UNTERMINATED | Kind.LINE_COMMENT:
            return token.start + width, token.end
        case Kind.DOLLAR:
            return token.start + width, token.end - width
        case Kind.BLOCK_COMMENT:
            return token.start + 2, token.end - 2
        case _:
            return token.start + width, token.end - 1


def _matches(patterns: tuple[re.Pattern[str], ...], text: str, start: int, end: int) -> list[_Span]:
    """What the group that took part covers, for each match."""
    return [match.span(match.lastgroup or 0) for pattern in patterns for match in pattern.finditer(text, start, end)]
