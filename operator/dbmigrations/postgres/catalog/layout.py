"""Whether two definitions of a routine say the same, laid out and commented otherwise. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dbmigrations.postgres.sql import lexer
from dbmigrations.postgres.sql.lexer import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.postgres.catalog.difference import Difference

_LANGUAGES = frozenset({"plpgsql", "sql"})  # in others, white space may mean something
_DEFINITION = "definition"
_PIECE = re.compile(r"\w+|[^\w\s]+")


def is_of_layout(difference: Difference) -> bool:
    """Whether an object was changed in nothing but the white space and the comments of a routine's text."""
    changed = difference.properties
    if len(changed) != 1 or changed[0].name != _DEFINITION or difference.subject.kind not in {"function", "procedure"}:
        return False
    before, after = changed[0].before, changed[0].after
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    old, new = list(_words(before)), list(_words(after))
    return old == new and _language(old) in _LANGUAGES


def _words(text: str, depth: int = 0) -> Iterator[str]:
    """Everything but white space and comments, in order; what is quoted as it is, but for the routine's own text."""
    done = 0
    for token in lexer.tokens(text, detail=True):
        yield from _PIECE.findall(text, done, token.start)
        done = token.end
        piece = text[token.start : token.end]
        if token.kind is Kind.DOLLAR and depth == 0:
            mark = piece[: piece.index("$", 1) + 1]
            yield mark
            yield from _words(piece[len(mark) : -len(mark)], depth + 1)
            yield mark
        elif token.kind not in lexer.COMMENTS:
            yield piece
    yield from _PIECE.findall(text, done)


def _language(words: list[str]) -> str:
    place = words.index("LANGUAGE") if "LANGUAGE" in words else len(words)
    return "".join(words[place + 1 : place + 2])
