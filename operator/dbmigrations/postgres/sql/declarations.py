"""Variables of PL/pgSQL with types that libpg_query knows, in the place of those that it does not.

Which steps a body has does not depend on the types of its variables.
"""

from collections.abc import Iterator

from dbmigrations.postgres.sql import lexer
from dbmigrations.postgres.sql.lexer import COMMENTS, Kind, Token

_ENDS_TYPE = frozenset({"collate", "default", "not"})
_NO_TYPE = frozenset({"alias", "cursor", "no", "scroll"})


def with_plain_types(body: str, other: str) -> str:
    """The body with plain types for its variables.

    Args:
        body: the source of a block.
        other: what stands for types of another schema: `text` or `record`.
    """
    pieces: list[str] = []
    done = 0
    for start, end in _types(body):
        pieces.append(body[done:start])
        pieces.append(f" {_plain(body[start:end], other)} ")
        done = end
    return "".join(pieces) + body[done:]


def _plain(type_text: str, other: str) -> str:
    lowered = type_text.lower()
    if "rowtype" in lowered:
        return "record"
    if "[" in lowered or " array" in lowered:
        return "text[]"
    return other if "." in lowered and "%" not in lowered else "text"


def _types(body: str) -> Iterator[tuple[int, int]]:
    """Where the types of declared variables stand."""
    declaring = False
    statement: list[Token] = []
    for token in lexer.tokens(body, detail=True):
        if token.kind in COMMENTS:
            continue
        word = body[token.start : token.end].lower() if token.kind is Kind.WORD else ""
        if not declaring:
            declaring = word == "declare"
            statement = []
        elif word == "begin":
            declaring = False
        elif word == "declare":
            statement = []
        elif token.kind is Kind.SEMICOLON:
            yield from _type_in(body, statement, token.start)
            statement = []
        else:
            statement.append(token)


def _type_in(body: str, declaration: list[Token], end: int) -> Iterator[tuple[int, int]]:
    """Behind the name and CONSTANT, before COLLATE, NOT NULL, DEFAULT or an assignment."""
    words = [body[token.start : token.end].lower() if token.kind is Kind.WORD else "" for token in declaration]
    first = 2 if words[1:2] == ["constant"] else 1
    if not declaration[first:] or _NO_TYPE & set(words[first : first + 1]):
        return
    start = declaration[first].start
    for token, word in zip(declaration[first:], words[first:], strict=True):
        if word in _ENDS_TYPE:
            end = min(end, token.start)
    assigned = body.find("=", start, end)
    if assigned >= 0:
        end = assigned - 1 if body[assigned - 1] == ":" else assigned
    yield start, end
