"""Our tokens are those of PostgreSQL's own scanner, for any text that it accepts."""

from __future__ import annotations

import os
import re

import postgast
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dbmigrations.postgres.sql.lexer import Kind, tokens
from tests import corpora

# fmt: off
_FRAGMENTS = st.sampled_from([
    "'", "''", "E'", "e'", "N'", "B'01'", "X'1f'", "x'", "U&'", "u&'", 'U&"', '"', '""', "UESCAPE '!'",
    "$$", "$a$", "$é$", "$1", "$1$", "$_$", "a$b", "a$", "$", "--", "---", "-", "+", "+-", "*-", "@-", "/*", "*/",
    "/**/", "*", "/", "//",
    "+--", "*/*", "@/*", "<->", "|/", "->>", "::", ":=", "=>", "..", ":", ";", "(", ")", "[", "]",
    ",", ".", "\\", "\\'", "\\\\", "\\.", "\n", "\r", "\r\n", " ", "\t", "\f", "\v", "\u00a0", "\ufeff",
    "a", "é", "日本", "_", "E", "e", "U", "u&", "1", "1e5", "0x1F", "1_000", ".5", "1.", "select", "BEGIN", "ATOMIC",
    "CASE", "END", "CREATE", "FUNCTION", "\x7f", "😀", "'a'\n'b'", "E'a'\n'\\''", "E'a' -- c\n '\\''", "'a' -- c\n 'b'",
    "E'a'\r'\\''", "E'a' /* */ '\\'",
])
# fmt: on
_TEXTS = st.lists(_FRAGMENTS, max_size=40).flatmap(
    lambda parts: st.sampled_from(["", " "]).map(lambda glue: glue.join(parts))
)

_NUMBERS = postgast.pg_query_pb2.Token.DESCRIPTOR.values_by_name
_KINDS = {
    ord(";"): Kind.SEMICOLON,
    ord("("): Kind.OPEN,
    ord(")"): Kind.CLOSE,
    ord("\\"): Kind.BACKSLASH,
    _NUMBERS["SQL_COMMENT"].number: Kind.LINE_COMMENT,
    _NUMBERS["C_COMMENT"].number: Kind.BLOCK_COMMENT,
}
_Marks = list[tuple[Kind, int, int]]


def of_the_scanner(text: str) -> _Marks | None:
    """What boundaries depend on, as PostgreSQL's scanner sees it; None where it refuses the text."""
    try:
        found = postgast.scan(text).tokens
    except postgast.PgQueryError:
        return None
    raw = text.encode()
    return [
        (_KINDS[token.token], len(raw[: token.start].decode()), len(raw[: token.end].decode()))
        for token in found
        if token.token in _KINDS
    ]


def ours(text: str) -> _Marks:
    kinds = set(_KINDS.values())
    return [(each.kind, each.start, each.end) for each in tokens(text, detail=True) if each.kind in kinds]


def is_continued_over_a_comment(text: str) -> bool:
    """E'a' -- why, and on the next line 'b': one constant to every server, two to libpg_query's changed scanner."""
    return re.search(r"[eE]'", text) is not None and _OVER_A_COMMENT.search(text) is not None


_OVER_A_COMMENT = re.compile(r"'(?:\s*+--[^\n\r]*+[\n\r])++\s*+'")


def semicolons(text: str, *, detail: bool) -> list[int]:
    return [each.start for each in tokens(text, detail=detail) if each.kind is Kind.SEMICOLON]


@settings(max_examples=1500 if "EXPLORE" not in os.environ else 200_000, deadline=None)
@given(_TEXTS)
@example("select 1 @-- ;\n")
@example("E'\\';")
@example("select E'a' -- ;\n '\\';'")
@example("select $1$;$1$")
@example('select U&"a;" ;')
@example("select 1/*/*;*/*/;")
@example("é$a$;$a$;")
def test_boundaries_and_comments_are_those_of_the_servers_scanner(text: str) -> None:
    theirs = of_the_scanner(text)
    if theirs is not None and not is_continued_over_a_comment(text):
        assert ours(text) == theirs
    assert semicolons(text, detail=True) == semicolons(text, detail=False)


@settings(max_examples=500 if "EXPLORE" not in os.environ else 50_000, deadline=None)
@given(_TEXTS)
def test_tokens_follow_each_other_and_an_open_end_is_the_last(text: str) -> None:
    end = 0
    for token in (found := list(tokens(text, detail=True))):
        assert end <= token.start < token.end <= len(text)
        end = token.end
    assert all(token.kind is not Kind.UNTERMINATED for token in found[:-1])


def test_real_migrations_are_scanned_as_the_server_scans_them() -> None:
    files = corpora.scripts()
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        theirs = of_the_scanner(text)
        assert theirs is None or ours(text) == theirs, file
