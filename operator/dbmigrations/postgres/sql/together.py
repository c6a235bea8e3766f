"""Which statements of a transaction may be sent ahead, without waiting for what the server says to those before.

Each is still read, and refused, by itself and in its turn. What may not is sent alone: COPY, which carries data; what
has no tree, for the server may read it as several; text with `$1` outside of a body, which would be taken for a
parameter. Nothing is sent ahead in an encoding that a statement before it may have changed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from dbmigrations.postgres.sql import lexer
from dbmigrations.postgres.sql.brief import lasting
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


@dataclass(frozen=True, slots=True)
class Together:
    """How all statements of a transaction may be sent with what comes before and after: known when they are read.

    Attributes:
        in_one_message: none, by itself, changes how those behind it are read.
        leave_the_session: none sets, prepares or calls anything by name.
        lasting: those that may last where a table is large, by their place, from 0.
    """

    in_one_message: bool
    leave_the_session: bool
    lasting: tuple[int, ...]

    @classmethod
    def of(cls, statements: tuple[Statement, ...]) -> Self | None:
        """As their texts say; None: some must be sent alone."""
        if not in_one_go(statements):
            return None
        return cls(
            in_one_message=_may_be_read_at_once(statements),
            leave_the_session=all(_keeps_encoding(statement) for statement in statements),
            lasting=lasting(statements),
        )


def in_one_go(statements: tuple[Statement, ...]) -> bool:
    """Whether all of them may be sent together with what comes before and after."""
    parts = list(stretches(statements))
    return not parts or (len(parts) == 1 and _may_be_ahead(parts[0][0]))


def _may_be_read_at_once(statements: Iterable[Statement]) -> bool:
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
