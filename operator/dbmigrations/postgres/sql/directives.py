"""Directives: what a script says about itself in comments before its statements, `-- migrate: key=value`.

    -- migrate: tx=auto|file|statement|none          before the first statement
    -- migrate: down=partial-safe               before the first statement of a down script
    -- migrate: class=data reason=why it is     before a statement; before the first one it holds for all
    -- migrate: allow=destructive reason=why    before a statement; before the first one it holds for all
    -- migrate: allow=not-valid reason=why      the same: the constraint that it adds NOT VALID may stay so
    -- migrate: check=SELECT …                  before a statement; before the first one it holds for all
    -- migrate: backfill=orders key=id …        before the only statement of a backfill (backfill.py)

`class` says what a statement does whose class cannot be read. `allow` excepts a statement of that class (or of several,
with commas) from `policy.operations`; whether it counts, the platform says (`policy.exceptions`). With `not-valid` it
excepts a constraint from what Verify looks for, whatever that policy says.

`reason`, `check` and `remaining` take the rest of their line. An unknown or malformed directive is an error, never
ignored, and so is one that stands where it would say nothing: inside a statement or behind the last one. The marks of
dbmate, `-- migrate:up` and `-- migrate:down`, are none.
"""

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dbmigrations.postgres.sql import lexer
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.lexer import Kind
from dbmigrations.postgres.sql.position import locate
from dbmigrations.postgres.sql.statements import Statement


class TransactionDirective(StrEnum):
    """How the author wants the script to be run."""

    AUTO = "auto"  # as if nothing were said: decided from the statements
    FILE = "file"  # one transaction with the history row, whatever the statements are
    STATEMENT = "statement"  # each statement in a transaction of its own
    NONE = "none"  # each statement outside any transaction block


NOT_VALID = "not-valid"
"""What `allow` takes beside the classes."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What an author declares about statements whose class cannot be read."""

    operation_class: OperationClass
    reason: str


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an author excepts from the policy, for a reason."""

    classes: tuple[OperationClass, ...]
    reason: str
    not_valid: bool = False
    """What is added NOT VALID may stay so."""

    @property
    def words(self) -> str:
        """As it is written."""
        return ",".join([*self.classes, *([NOT_VALID] if self.not_valid else [])])


@dataclass(frozen=True, slots=True)
class StatementDirectives:
    """What the comment before one statement says."""

    declaration: Declaration | None = None
    check: str = ""
    """Boolean SQL: true when the statement has taken effect; empty: none given. Asked where the catalog cannot tell."""
    allowance: Allowance | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """Directives as they are written: keys with their values, and the offsets where they stand in the script."""

    values: dict[str, str] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Directives:
    """What a script says about itself."""

    transaction: TransactionDirective | None = None
    partial_safe: bool = False
    """A down script that may run although its up was applied only in part."""
    statements: tuple[StatementDirectives, ...] = ()
    """One for each statement, those of the whole file already merged in."""
    backfill: Words | None = None
    """What it says of itself as a backfill, not yet understood; None: it is none."""


def read_directives(text: str, statements: tuple[Statement, ...]) -> Directives:
    """The directives of a script that was split into these statements.

    Raises:
        SqlInvalidError: an unknown, malformed, repeated or misplaced directive.
    """
    head = Words()
    each: list[StatementDirectives] = []
    begin = 0
    for index, statement in enumerate(statements):
        found = _read_gap(text, begin, statement.position.offset)
        if index == 0:
            head = found
        else:
            _refuse_whole_file_keys(text, found)
        each.append(_for_statement(text, head, found))
        _refuse_inside(text, statement)
        begin = statement.behind
    tail = _read_gap(text, begin, len(text))
    if not statements:
        head = tail
    elif tail.places:
        raise _misplaced(text, min(tail.places.values()))
    return Directives(
        transaction=_transaction(text, head),
        partial_safe=_partial_safe(text, head),
        statements=tuple(each),
        backfill=_backfill(text, head),
    )


_DIRECTIVE = re.compile(r"--[ \t]*migrate:(?!(?:up|down)(?:\s|\Z))[ \t]*(?P<pairs>.*)")
_KEYS_OF_BACKFILL = frozenset({"backfill", "key", "batch", "target", "timeout", "remaining", "again"})
_KEYS_OF_FILE = frozenset({"tx", "down"}) | _KEYS_OF_BACKFILL
_KEYS = _KEYS_OF_FILE | {"allow", "class", "reason", "check"}
_REST_OF_LINE = r"(?:(?<=reason=)|(?<=check=)|(?<=remaining=)).*\S"
_PAIR = re.compile(rf"""(?P<key>[a-z-]+)=(?P<value>{_REST_OF_LINE}|(?:"(?:[^"]|"")+"|[^\s="])+)[ \t]*""")


def _read_gap(text: str, begin: int, end: int) -> Words:
    found = Words()
    gap = text[begin:end]
    if "migrate:" not in gap:
        return found
    for token in lexer.tokens(gap, detail=True):
        if token.kind is Kind.LINE_COMMENT and (directive := _DIRECTIVE.match(gap[token.start : token.end].rstrip())):
            _read_pairs(text, begin + token.start + directive.start("pairs"), directive["pairs"], found)
    return found


def _read_pairs(text: str, offset: int, pairs: str, found: Words) -> None:
    position = 0
    while position < len(pairs) or not pairs:
        pair = _PAIR.match(pairs, position)
        place = offset + position
        if pair is None:
            raise SqlInvalidError(
                f"a directive reads `-- migrate: key=value`, with the keys {', '.join(sorted(_KEYS))}",
                locate(text, place),
            )
        key = pair["key"]
        if key not in _KEYS:
            raise SqlInvalidError(f"there is no directive {key}: use {_one_of(sorted(_KEYS))}", locate(text, place))
        if key in found.values:
            raise SqlInvalidError(f"the directive {key} is given twice: leave one", locate(text, place))
        found.values[key] = pair["value"]
        found.places[key] = place
        position = pair.end()


def _refuse_whole_file_keys(text: str, found: Words) -> None:
    for key in _KEYS_OF_FILE & found.values.keys():
        raise SqlInvalidError(
            f"the directive {key} is about the whole file: put it before the first statement",
            locate(text, found.places[key]),
        )


def _refuse_inside(text: str, statement: Statement) -> None:
    if "migrate:" not in statement.text:
        return
    for token in lexer.tokens(statement.text, detail=True):
        if token.kind is Kind.LINE_COMMENT and _DIRECTIVE.match(statement.text, token.start):
            raise _misplaced(text, statement.position.offset + token.start)


def _misplaced(text: str, offset: int) -> SqlInvalidError:
    return SqlInvalidError("a directive stands before the statement that it is about: move it up", locate(text, offset))


def _for_statement(text: str, head: Words, found: Words) -> StatementDirectives:
    inherited, own = _of(text, head), _of(text, found)
    return replace(
        own,
        declaration=own.declaration or inherited.declaration,
        allowance=own.allowance or inherited.allowance,
        check=own.check or inherited.check,
    )


def _of(text: str, found: Words) -> StatementDirectives:
    return StatementDirectives(_declaration(text, found), found.values.get("check", ""), _allowance(text, found))


_DECLARABLE = tuple(each for each in OperationClass if each is not OperationClass.UNKNOWN)


def _declaration(text: str, found: Words) -> Declaration | None:
    value, reason = found.values.get("class"), found.values.get("reason")
    if value is None and reason is not None and "allow" not in found.values:
        raise SqlInvalidError("a reason needs a class: write class=… reason=…", locate(text, found.places["reason"]))
    if value is None:
        return None
    place = locate(text, found.places["class"])
    if value not in set(_DECLARABLE):
        raise SqlInvalidError(f"there is no class {value}: use {_one_of(_DECLARABLE)}", place)
    if reason is None:
        raise SqlInvalidError("a declared class needs its reason: write class=… reason=…", place)
    return Declaration(OperationClass(value), reason)


def _allowance(text: str, found: Words) -> Allowance | None:
    value, reason = found.values.get("allow"), found.values.get("reason")
    if value is None:
        return None
    place = locate(text, found.places["allow"])
    words = value.split(",")
    for each in words:
        if each != NOT_VALID and each not in set(_DECLARABLE):
            choice = _one_of((*_DECLARABLE, NOT_VALID))
            raise SqlInvalidError(f"there is no class {each} to allow: use {choice}", place)
    if reason is None:
        raise SqlInvalidError("an exception needs its reason: write allow=… reason=…", place)
    classes = tuple(OperationClass(each) for each in words if each != NOT_VALID)
    return Allowance(classes, reason, not_valid=NOT_VALID in words)


def exceptions_in(statements: tuple[Statement, ...], directives: Directives) -> tuple[str, ...]:
    """Each declared class and each exception with its reason, and the first statement that it covers.

    `3:1 allow=destructive: nobody reads it any more`, as the history keeps it.
    """
    found: dict[Declaration | Allowance, str] = {}
    for statement, each in zip(statements, directives.statements, strict=True):
        if each.declaration:
            shown = f"class={each.declaration.operation_class}: {each.declaration.reason}"
            found.setdefault(each.declaration, f"{statement.position.reference} {shown}")
        if each.allowance:
            shown = f"allow={each.allowance.words}: {each.allowance.reason}"
            found.setdefault(each.allowance, f"{statement.position.reference} {shown}")
    return tuple(found.values())


def _transaction(text: str, head: Words) -> TransactionDirective | None:
    value = head.values.get("tx")
    if value is None:
        return None
    if value not in set(TransactionDirective):
        choice = _one_of(tuple(TransactionDirective))
        raise SqlInvalidError(f"there is no tx={value}: use {choice}", locate(text, head.places["tx"]))
    return TransactionDirective(value)


def _partial_safe(text: str, head: Words) -> bool:
    value = head.values.get("down")
    if value not in {None, "partial-safe"}:
        raise SqlInvalidError(f"there is no down={value}: use partial-safe", locate(text, head.places["down"]))
    return value is not None


def _backfill(text: str, head: Words) -> Words | None:
    of_backfill = {key: value for key, value in head.values.items() if key in _KEYS_OF_BACKFILL}
    if of_backfill and "backfill" not in of_backfill:
        first = min(head.places[key] for key in of_backfill)
        raise SqlInvalidError(
            f"{', '.join(of_backfill)} is about a backfill: write backfill=<table> before it", locate(text, first)
        )
    return Words(of_backfill, {key: head.places[key] for key in of_backfill}) if of_backfill else None


def _one_of(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join(words[:-1]) + " or " + words[-1]
