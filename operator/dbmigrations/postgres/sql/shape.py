"""What a query is, without what it is about: its constants are `?`, its comments gone. For what is shown of others."""

import re

from dbmigrations.postgres.sql import lexer
from dbmigrations.postgres.sql.lexer import Kind

_CONSTANTS = frozenset({Kind.STRING, Kind.ESCAPE, Kind.DOLLAR, Kind.UNTERMINATED})
_NUMBER = re.compile(r"(?<![\w$.])\.?[0-9][\w.]*")
_SPACE = re.compile(r"\s+")


def shape_of(query: str, *, limit: int = 120) -> str:
    """One line of at most `limit` characters. Works on anything, also on text that was cut off in the middle."""
    pieces: list[str] = []
    position = 0
    for token in lexer.tokens(query, detail=True):
        pieces.append(_NUMBER.sub("?", query[position : token.start]))
        position = token.end
        if token.kind is Kind.WORD and query[token.start - 1 : token.start].isdigit():
            continue  # the exponent of a number
        if token.kind in _CONSTANTS:
            pieces.append("?")
        elif token.kind not in lexer.COMMENTS:
            pieces.append(query[token.start : token.end])
        else:
            pieces.append(" ")
    pieces.append(_NUMBER.sub("?", query[position:]))
    line = _SPACE.sub(" ", "".join(pieces)).strip().rstrip(";")
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
