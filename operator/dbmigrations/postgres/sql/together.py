"""Which statements of a transaction may be sent ahead, without waiting for what the server says to those before.

Each is still read, and refused, by itself and in its turn. What may not is sent alone: COPY, which carries data; what
has no tree, for the server may read it as several; text with `$1` outside of a body, which would be taken for a
parameter. Nothing is sent ahead in an encoding that a statement before it may have changed.
"""

import re
from collections.abc import Iterable, Iterator

from dbmigrations.postgres.sql import lexer
from dbmigrations.postgres.sql.kinds import CATALOG, ROWS
from dbmigrations.postgres.sql.statements import Statement
from dbmigrations.postgres.sql.tree import Unparsed, parse

_LARGEST = 1 << 20
"""Characters that are sent ahead at most: they are in memory once more."""

_PARAMETER = re.compile(r"\$\d")


def stretches(statements: Iterable[Statement]) -> Iterator[tuple[Statement, ...]]:
    """All of them, in order: neighbours that may be sent in one go; alone what may not."""
    held: list[Statement] = []
    size, encoding_is_known = 0, True
    for statement in statements:
        length = len(statement.text)
        if not _may_be_ahead(statement):
            if held:
                yield tuple(held)
            yield (statement,)
            held, size, encoding_is_known = [], 0, True
            continue
        if held and (size + length > _LARGEST or not (encoding_is_known or statement.text.isascii())):
            yield tuple(held)
            held, size, encoding_is_known = [], 0, True
        held.append(statement)
        size += length
        encoding_is_known = encoding_is_known and _keeps_encoding(statement)
    if held:
        yield tuple(held)


def in_one_go(statements: tuple[Statement, ...]) -> bool:
    """Whether all of them may be sent together with what comes before and after."""
    parts = list(stretches(statements))
    return not parts or (len(parts) == 1 and _may_be_ahead(parts[0][0]))


def leave_the_session(statements: Iterable[Statement]) -> bool:
    """Whether none of them sets, prepares or calls anything by name."""
    return all(_keeps_encoding(statement) for statement in statements)


def may_be_read_at_once(statements: Iterable[Statement]) -> bool:
    """Whether none of them, by itself, changes how those behind it are read, so that all may come in one message."""
    return sum(len(statement.text) for statement in statements) <= _LARGEST and all(
        _keeps_encoding(statement) or _only_writes_rows(statement) for statement in statements
    )


def _only_writes_rows(statement: Statement) -> bool:
    tree = parse(statement.text)
    return not isinstance(tree, Unparsed) and tree.kind in ROWS and not tree.find("FuncCall")


def _may_be_ahead(statement: Statement) -> bool:
    if statement.copy_data is not None or _has_parameter(statement.text):
        return False
    tree = parse(statement.text)
    return not isinstance(tree, Unparsed) and tree.kind != "CopyStmt"


def _has_parameter(text: str) -> bool:
    """Whether `$1` stands outside of strings, bodies, names and comments."""
    if not _PARAMETER.search(text):
        return False
    behind = 0
    for token in lexer.tokens(text, detail=True):
        if _PARAMETER.search(text, behind, token.start):
            return True
        behind = token.end
    return _PARAMETER.search(text, behind) is not None


def _keeps_encoding(statement: Statement) -> bool:
    tree = parse(statement.text)
    return not isinstance(tree, Unparsed) and tree.kind in CATALOG
