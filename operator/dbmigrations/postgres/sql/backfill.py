"""A script that is a backfill: one statement that is run over a table batch by batch.

    -- migrate: backfill=orders key=id batch=1000 target=100ms
    -- migrate: remaining=SELECT count(*) FROM orders WHERE account_id IS NULL
    UPDATE orders SET account_id = … WHERE :batch AND account_id IS NULL;

`:batch` stands where a condition of WHERE stands: behind WHERE, AND or an opening parenthesis. PostgreSQL's grammar has
no colon there (array slices and JSON constructors have one behind an expression, casts have two), so it cannot be
mistaken. For everybody who only reads, the statement has `(true)` in its place, which is as long.
"""

import re
from dataclasses import dataclass, replace

from dbmigrations.postgres.sql import lexer
from dbmigrations.postgres.sql.backfill_scope import Scope, bounded_scope
from dbmigrations.postgres.sql.directives import Directives, Words
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.lexer import COMMENTS, Kind
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.position import locate
from dbmigrations.postgres.sql.statements import Statement
from dbmigrations.postgres.sql.tree import Unparsed, parse

PLACEHOLDER = ":batch"
_EVERYTHING = "(true)"
_PARAMETER = "($1)  "

DEFAULT_BATCH = 1000
"""Rows of the first batch, where the script says nothing."""

LARGEST_BATCH = 100_000
"""Rows that a batch never exceeds, whatever the clock says."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """One statement over the rows of one table, in the order of a key.

    Attributes:
        table: the table whose rows are walked.
        key: its columns that order the rows.
        statement: with `(true)` in the place of the condition.
        offset: where in the statement's text that place is.
        qualifier: what the statement calls the table there: `orders`, or an alias.
        remaining: the query that counts the rows still to be done, 0 at the end; empty: the author says that nobody
            can tell (`remaining=none`).
        batch: rows of the first batch.
        target: seconds that a batch should take; None: not said.
        timeout: seconds after which a batch is cancelled and split; None: not said.
        again: whether rows that were done may be done again.
        place: offset in the script of `remaining`, or of the first directive.
    """

    table: RelationName
    key: tuple[str, ...]
    statement: Statement
    offset: int
    qualifier: str
    remaining: str
    batch: int = DEFAULT_BATCH
    target: float | None = None
    timeout: float | None = None
    again: bool = False
    place: int = 0

    def over(self, condition: str) -> str:
        """The statement's text for one batch."""
        text = self.statement.text
        return text[: self.offset] + condition + text[self.offset + len(_EVERYTHING) :]

    def position_in_statement(self, position: int, condition: str) -> int:
        """A server's error position (from 1) in the text of a batch, as one in the statement's own text."""
        added = len(condition) - len(_EVERYTHING)
        if position - 1 < self.offset + len(condition):
            return min(position, self.offset + 1)
        return position - added

    @property
    def identity(self) -> str:
        """What must stay the same for a half-done backfill to go on: what is run, over which table, in which order."""
        return "\n".join((str(self.table), ",".join(self.key), self.over(PLACEHOLDER)))


def read_backfill(
    text: str, statements: tuple[Statement, ...], directives: Directives
) -> tuple[Backfill | None, tuple[Statement, ...]]:
    """The backfill that a script is, if it is one, and the script's statements as everybody else reads them.

    Raises:
        SqlInvalidError: a placeholder without the directive; directives that are malformed; more than one statement;
            a placeholder that is missing, repeated, or bounds no reading of the table.
    """
    words = directives.backfill
    if words is None:
        _refuse_placeholder(text, statements)
        return None, statements
    head = _Head(text, words)
    if directives.transaction is not None:
        raise head.error("backfill", "a backfill commits batch by batch: remove tx=")
    if len(statements) != 1:
        where = statements[1].position if statements else locate(text, words.places["backfill"])
        raise SqlInvalidError("a backfill is one statement: put the others into a migration of their own", where)
    statement, offset = _without_placeholder(text, statements[0])
    table = RelationName.of_parts(head.names("backfill", ".", most=2))
    scope = _scope(text, statement, offset, table)
    backfill = Backfill(
        table=table,
        key=head.names("key", ",", most=32),
        statement=statement,
        offset=offset,
        qualifier=scope.qualifier,
        remaining=head.remaining(),
        batch=head.batch(),
        target=head.seconds("target"),
        timeout=head.seconds("timeout"),
        again=head.again(),
        place=words.places.get("remaining", words.places["backfill"]),
    )
    return backfill, (statement,)


_NAME = r'\s*(?:(?P<plain>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)|"(?P<quoted>(?:[^"]|"")+)")'
"""Compiled when it is needed, for that takes longer than all of this module."""
_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(ms|s|m)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class _Head:
    """The directives of a backfill."""

    text: str
    words: Words

    def error(self, key: str, message: str) -> SqlInvalidError:
        return SqlInvalidError(message, locate(self.text, self.words.places.get(key, self.words.places["backfill"])))

    def names(self, key: str, separator: str, *, most: int) -> tuple[str, ...]:
        written = self.words.values.get(key)
        example = "backfill=orders, backfill=shop.orders" if key == "backfill" else "key=id, key=account_id,id"
        if written is None:
            raise self.error(key, f"a backfill needs its key: the columns of a unique index, such as {example}")
        names, position = [], 0
        while True:
            found = re.compile(_NAME).match(written, position)
            if found is None:
                raise self.error(key, f'write {example}, with "…" around names that need it')
            names.append(found["plain"].lower() if found["plain"] else found["quoted"].replace('""', '"'))
            position = found.end()
            if position == len(written):
                break
            if written[position] != separator:
                raise self.error(key, f'write {example}, with "…" around names that need it')
            position += 1
        if len(names) > most or (key == "key" and len(set(names)) < len(names)):
            raise self.error(key, f"write {example}: each column once")
        return tuple(names)

    def batch(self) -> int:
        written = self.words.values.get("batch", str(DEFAULT_BATCH))
        if not written.isascii() or not written.isdigit() or not 1 <= int(written[:9]) <= LARGEST_BATCH:
            raise self.error("batch", f"batch is the number of rows of the first batch: 1 to {LARGEST_BATCH}")
        return int(written)

    def seconds(self, key: str) -> float | None:
        written = self.words.values.get(key)
        if written is None:
            return None
        found = _DURATION.fullmatch(written)
        if found is None or float(found[1]) == 0:
            raise self.error(key, f"{key} is a time such as 100ms, 2s or 1m")
        return float(found[1]) * _UNITS[found[2]]

    def again(self) -> bool:
        written = self.words.values.get("again")
        if written not in {None, "safe"}:
            raise self.error("again", "write again=safe where rows that were done may be done again, or leave it out")
        return written is not None

    def remaining(self) -> str:
        written = self.words.values.get("remaining")
        if written is None:
            raise self.error(
                "remaining",
                "a backfill says how many rows are still to be done: `-- migrate: remaining=SELECT count(*) FROM …`, "
                "which is 0 at the end; or remaining=none, where nobody can tell",
            )
        if written == "none":
            return ""
        tree = parse(written.rstrip("; "))
        if isinstance(tree, Unparsed) or tree.kind != "SelectStmt":
            why = f": {tree.why}" if isinstance(tree, Unparsed) else ""
            raise self.error("remaining", f"remaining is one query, of one number{why}")
        return written.rstrip("; ")


def _placeholders(text: str) -> list[int]:
    """The offsets of `:batch` where a condition begins."""
    if PLACEHOLDER not in text:
        return []
    found: list[int] = []
    begins, behind = False, 0
    for token in lexer.tokens(text, detail=True):
        if token.kind in COMMENTS:
            continue
        word = text[token.start : token.end]
        colon = token.start - 1
        if token.kind is Kind.WORD and word == PLACEHOLDER[1:] and begins and text[colon] == ":":
            between = text[behind:colon]
            if not between.strip(lexer.SPACE) or "--" in between or "/*" in between:
                found.append(colon)
        begins = token.kind is Kind.OPEN or (token.kind is Kind.WORD and word.lower() in {"where", "and"})
        behind = token.end
    return found


def _refuse_placeholder(text: str, statements: tuple[Statement, ...]) -> None:
    for statement in statements:
        for offset in _placeholders(statement.text):
            raise SqlInvalidError(
                ":batch belongs to a backfill: say at the top `-- migrate: backfill=<table> key=<column>`",
                locate(text, statement.position.offset + offset),
            )


def _without_placeholder(text: str, statement: Statement) -> tuple[Statement, int]:
    places = _placeholders(statement.text)
    if not places:
        raise SqlInvalidError(
            "a backfill's statement says where its batches go: WHERE :batch AND …", statement.position
        )
    if len(places) > 1:
        where = locate(text, statement.position.offset + places[1])
        raise SqlInvalidError(":batch stands once in the statement: remove this one", where)
    (offset,) = places
    whole = statement.text[:offset] + _EVERYTHING + statement.text[offset + len(PLACEHOLDER) :]
    return replace(statement, text=whole), offset


_KINDS = frozenset({"UpdateStmt", "DeleteStmt", "InsertStmt", "MergeStmt", "SelectStmt"})


def _scope(text: str, statement: Statement, offset: int, table: RelationName) -> Scope:
    marked = statement.text[:offset] + _PARAMETER + statement.text[offset + len(_EVERYTHING) :]
    tree = parse(marked)
    place = locate(text, statement.position.offset + offset)
    if isinstance(tree, Unparsed):
        raise SqlInvalidError(f"what :batch bounds cannot be seen: {tree.why}", statement.position)
    if tree.kind not in _KINDS:
        raise SqlInvalidError("a backfill is an UPDATE, DELETE, INSERT … SELECT, MERGE or SELECT", statement.position)
    scope = bounded_scope(tree, table)
    if isinstance(scope, str):
        raise SqlInvalidError(scope, place)
    return scope
