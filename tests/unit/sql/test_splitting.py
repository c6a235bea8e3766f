"""Where statements begin and end."""

import postgast
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.lexer import SPACE, Kind, tokens
from dbmigrations.postgres.sql.statements import Statement, split
from tests import corpora


def texts(script: str) -> list[str]:
    return [statement.text for statement in split(script)]


@pytest.mark.parametrize(
    "script", ["", "   \n", "-- only\n", "/* only /* nested */ */", ";;\n;", "\ufeff", "-- no newline"]
)
def test_a_script_without_statements_has_none(script: str) -> None:
    assert split(script) == ()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT 1;;SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("\ufeffSELECT 1", ["SELECT 1"]),
        ("SELECT 'a;b'; x", ["SELECT 'a;b'", "x"]),
        ("SELECT 'it''s;'; x", ["SELECT 'it''s;'", "x"]),
        (r"SELECT 'back\'; x", [r"SELECT 'back\'", "x"]),
        (r"SELECT E'it\'s;'; x", [r"SELECT E'it\'s;'", "x"]),
        (r"SELECT e'\\'; x", [r"SELECT e'\\'", "x"]),
        ("SELECT E'a'\n'\\';'; x", ["SELECT E'a'\n'\\';'", "x"]),
        ("SELECT E'a' -- why\n  '\\';'; x", ["SELECT E'a' -- why\n  '\\';'", "x"]),
        ("SELECT 1 AS name'\\'; x", ["SELECT 1 AS name'\\'", "x"]),
        (r"SELECT U&'d\0061t;' UESCAPE '\'; x", [r"SELECT U&'d\0061t;' UESCAPE '\'", "x"]),
        ('SELECT "a;""b"; x', ['SELECT "a;""b"', "x"]),
        ("SELECT $$a;b$$; x", ["SELECT $$a;b$$", "x"]),
        ("SELECT $a$ $b$;$b$ $$;$$ $a$; x", ["SELECT $a$ $b$;$b$ $$;$$ $a$", "x"]),
        ("SELECT $ä$;$ä$; x", ["SELECT $ä$;$ä$", "x"]),
        ("SELECT a$b$; x", ["SELECT a$b$", "x"]),
        ("SELECT $1; x", ["SELECT $1", "x"]),
        ("SELECT 1$$;$$; x", ["SELECT 1$$;$$", "x"]),
        ("SELECT 1 -- ;\n+ 1; x", ["SELECT 1 -- ;\n+ 1", "x"]),
        ("SELECT 1 /* ; /* ; */ ; */ + 1; x", ["SELECT 1 /* ; /* ; */ ; */ + 1", "x"]),
        ("SELECT 2 */* ; */ 3; x", ["SELECT 2 */* ; */ 3", "x"]),
        ("SELECT 2 - -1 / 4; x", ["SELECT 2 - -1 / 4", "x"]),
        ("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); x",
         ["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "x"]),
        ("SELECT 1)); x", ["SELECT 1))", "x"]),
        ("SELECT 1 -- the end", ["SELECT 1 -- the end"]),
    ],
)  # fmt: skip
def test_statements_end_at_semicolons_outside_of_quotes_comments_and_parentheses(
    script: str, expected: list[str]
) -> None:
    assert texts(script) == expected


@pytest.mark.parametrize(
    "function",
    [
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "create or replace procedure p() begin /* ; */ atomic select 1; end",
        "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT (CASE a WHEN 1 THEN 2 END); END",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE 1 WHEN 1 THEN CASE 2 WHEN 2 THEN 3 END END; END",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS end; SELECT t.case FROM t; SELECT 1 AS begin; END",
        "CREATE FUNCTION begin(atomic int) RETURNS int BEGIN ATOMIC SELECT atomic; END",
    ],
)
def test_the_body_of_a_standard_function_is_part_of_its_statement(function: str) -> None:
    assert texts(f"{function}; SELECT 3") == [function, "SELECT 3"]


def test_begin_atomic_means_nothing_outside_of_functions() -> None:
    assert texts("CREATE TABLE begin (atomic int); SELECT 1") == ["CREATE TABLE begin (atomic int)", "SELECT 1"]
    assert texts("BEGIN; SELECT 1; END; x") == ["BEGIN", "SELECT 1", "END", "x"]


def test_lines_and_columns_count_from_one() -> None:
    script = "-- head\r\n\tSELECT 1; /* ä */ SELECT 2;\n\n  SELECT 3"
    assert [(each.position.line, each.position.column) for each in split(script)] == [(2, 2), (2, 20), (4, 3)]
    assert all(script[each.position.offset :].startswith(each.text) for each in split(script))


def test_data_of_copy_is_not_read_as_sql() -> None:
    script = "COPY t (a, b) FROM stdin;\n1\tit's; -- $$\n\\N\t/*\n\\.\nSELECT 1;\n"
    copy, select = split(script)
    assert (copy.text, copy.copy_data) == ("COPY t (a, b) FROM stdin", "1\tit's; -- $$\n\\N\t/*\n")
    assert (select.text, select.position.line) == ("SELECT 1", 5)


@pytest.mark.parametrize(
    ("script", "data"),
    [
        ("COPY t FROM STDIN; -- why\n1\n\\.\n", "1\n"),
        ("COPY t FROM STDIN;\n\\.\n", ""),
        ("COPY t FROM STDIN;\n1\n2\n", "1\n2\n"),
        ("COPY t FROM STDIN", ""),
        ("COPY t FROM STDIN;\n1\n\\.", "1\n"),
        ("COPY t FROM STDIN;\n1\n\\.\r", "1\n"),
        ("COPY t FROM STDIN;\n\\.x\n\\..\n \\.\n\\. \n\\.\\.\n\\.\nSELECT 1", "\\.x\n\\..\n \\.\n\\. \n\\.\\.\n"),
        ("copy t from /* */ stdin with (format csv);\r\n1\r\n\\.\r\n", "1\r\n"),
        ("COPY t FROM '/tmp/file';\nSELECT 1", None),
        ("COPY (SELECT 1 FROM stdin) TO STDOUT", None),
        ("COPY stdin TO STDOUT", None),
    ],
)
def test_data_of_copy_ends_where_psql_ends_it(script: str, data: str | None) -> None:
    assert split(script)[0].copy_data == data


def test_data_in_lines_that_psql_does_not_know_is_refused() -> None:
    with pytest.raises(SqlInvalidError, match="end with LF") as caught:
        split("COPY t FROM STDIN;\r1\r\\.\r")
    assert caught.value.position.reference == "1:19"


def test_what_follows_copy_on_its_line_is_refused() -> None:
    with pytest.raises(SqlInvalidError, match="begins on the next line") as caught:
        split("COPY t FROM STDIN; SELECT 1;\n1\n\\.\n")
    assert caught.value.position.reference == "1:19"


def test_the_frame_of_a_dump_is_ignored() -> None:
    assert texts("\\restrict abc\nSELECT 1;\n\\unrestrict abc\n") == ["SELECT 1"]


@pytest.mark.parametrize(
    ("script", "remedy", "place"),
    [
        ("SELECT 1;\n\\i other.sql", "a migration of its own", "2:1"),
        ("\\copy t FROM 'x'", "COPY … FROM STDIN", "1:1"),
        ("SELECT 1 \\gexec", "DO block", "1:10"),
        ("\\set x 1", "the value itself", "1:1"),
        ("\\if true", "in SQL", "1:1"),
        ("\\connect other", "one database", "1:1"),
        ("\\! rm", "no shell", "1:1"),
        ("\\.", "COPY", "1:1"),
        ("SELECT 1 \\", "quote it", "1:10"),
        ("\\timing on", "no terminal", "1:1"),
        ("SELECT 1 \\restrict x", "no terminal", "1:10"),
        ("\\lo_import x", "lo_from_bytea", "1:1"),
        ("SELECT $1 \\bind_named x", "values into the statement", "1:11"),
        ("\\ir other.sql", "a migration of its own", "1:1"),
        ("\\encoding LATIN1", "UTF-8", "1:1"),
        ("\\echo hello", "RAISE NOTICE", "1:1"),
        ("\\c other", "one database", "1:1"),
        ("\\restrict'\n--", "command of psql", "1:1"),
    ],
)
def test_commands_of_psql_are_refused_with_what_to_write_instead(script: str, remedy: str, place: str) -> None:
    with pytest.raises(SqlInvalidError, match=remedy) as caught:
        split(script)
    assert caught.value.position.reference == place


@pytest.mark.parametrize(
    ("script", "what", "place"),
    [
        ("SELECT 1; SELECT 'a;", "quoted text", "1:18"),
        ("SELECT 1;\nSELECT E'a\\';", "quoted text", "2:8"),
        ("SELECT 1; SELECT E'a' \n 'b\\'", "quoted text", "2:2"),
        ("CREATE TABLE t (a text DEFAULT E'\\'); SELECT 1;", "quoted text", "1:32"),
        ('SELECT 1; SELECT "a', "quoted name", "1:18"),
        ("SELECT 1; SELECT $a$ $$", "dollar-quoted text", "1:18"),
        ("SELECT 1; SELECT /* /* */", "comment", "1:18"),
        ("SELECT 1; /* SELECT", "comment", "1:11"),
    ],
)
def test_what_does_not_end_is_named_where_it_begins(script: str, what: str, place: str) -> None:
    with pytest.raises(SqlInvalidError, match=f"this {what} does not end") as caught:
        split(script)
    assert caught.value.position.reference == place


@pytest.mark.parametrize(("character", "code"), [("\x00", r"U\+0000"), ("\ud800", r"U\+D800")])
def test_characters_that_no_server_takes_are_refused(character: str, code: str) -> None:
    with pytest.raises(SqlInvalidError, match=code) as caught:
        split(f"SELECT\n '{character}'")
    assert caught.value.position.reference == "2:3"


def test_other_rules_for_strings_are_refused() -> None:
    with pytest.raises(SqlInvalidError, match="standard_conforming_strings"):
        split("SET standard_conforming_strings = off; SELECT 1")
    assert len(split("SET standard_conforming_strings = on; SELECT 1")) == 2


# Properties

# fmt: off
_FRAGMENTS = st.sampled_from([
    "'", "''", '"', "$$", "$a$", "$b$", "E'", "e'", "U&'", "--", "/*", "*/", "\n", " ", ";", ";;", "(", ")",
    "\\", "\\.", "\\'", "a", "a$", "1$", "CASE", "END", "BEGIN", "ATOMIC", "CREATE", "FUNCTION", "COPY", "FROM",
    "STDIN", "SELECT", ",", ".", "-", "/", "*", "\\restrict", "é", "日", "\ufeff", "\x00", "\r\n", "\t", "AS",
])
# fmt: on
scripts = st.lists(_FRAGMENTS, max_size=60).flatmap(
    lambda parts: st.sampled_from(["", " ", "\n"]).map(lambda glue: glue.join(parts))
)


def is_trivial(gap: str) -> bool:
    """Whether a text consists of space, comments, semicolons and frames of dumps."""
    # A quote in a frame begins no string, and a frame's word in a comment begins no frame: either order may be right.
    return is_blank(without_comments(without_frames(gap))) or is_blank(without_frames(without_comments(gap)))


def without_comments(gap: str) -> str:
    rest = gap
    for token in reversed(list(tokens(gap, detail=True))):
        if token.kind in {Kind.LINE_COMMENT, Kind.BLOCK_COMMENT, Kind.SEMICOLON}:
            rest = rest[: token.start] + rest[token.end :]
    return rest


def without_frames(gap: str) -> str:
    lines = gap.split("\n")
    return "\n".join(line for line in lines if not line.strip(SPACE).startswith(("\\restrict", "\\unrestrict")))


def is_blank(gap: str) -> bool:
    return not gap.strip(SPACE + "\n")


def gaps(script: str, statements: tuple[Statement, ...]) -> list[str]:
    starts = [each.position.offset for each in statements] + [len(script)]
    ends = [0, *(each.behind for each in statements)]
    return [script[end:start] for end, start in zip(ends, starts, strict=True)]


def attempt(script: str) -> tuple[SqlInvalidError | None, tuple[Statement, ...]]:
    try:
        return None, split(script)
    except SqlInvalidError as error:
        return error, ()


@settings(max_examples=300)
@given(scripts)
def test_any_text_is_split_without_loss_or_refused_with_a_place(script: str) -> None:
    refused, statements = attempt(script)
    if refused:
        assert 0 <= refused.position.offset <= len(script)
        assert refused.message
    assert refused or all(is_trivial(gap) for gap in gaps(script, statements))
    for statement in statements:
        start = statement.position.offset
        assert script[start : statement.end] == statement.text
        behind = script[statement.end : statement.behind]
        assert statement.copy_data is None or str(statement.copy_data) in behind
        assert statement.copy_data is not None or not behind.strip(SPACE + ";")


_VALID = st.sampled_from(
    [
        "SELECT 1",
        "SELECT 'a;b', E'\\';', $$;$$, $x$ $$ ; $x$",
        "SELECT E'a'\n'\\';'",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
        "CREATE PROCEDURE p() BEGIN ATOMIC END",
        "DO $body$ BEGIN PERFORM 1; END $body$",
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD (SELECT 1; SELECT 2)",
        'CREATE TABLE "a;b" (c int DEFAULT 1)',
        "SELECT 2 */* ; */ 3",
        "INSERT INTO t VALUES (1, 'x''y'), (2, U&'\\0061;')",
        "BEGIN",
        "END",
        "SELECT a$b FROM t WHERE c = $1",
        "SELECT 'é;', '日;'",
        "SELECT 1 AS end, t.case FROM t",
    ]
)
_BETWEEN = st.sampled_from([";", "; ", ";\n-- a ' ; comment\n", ";/* ; /* ' */ */", " ;\n\n;\n", " -- ;\n;"])


def boundaries_of_the_parser(script: str) -> list[str]:
    raw = script.encode()
    found = []
    for statement in postgast.parse(script).stmts:
        length = statement.stmt_len or len(raw) - statement.stmt_location
        text = raw[statement.stmt_location : statement.stmt_location + length].decode()
        found.append(text)
    return found


def same_boundaries(script: str) -> None:
    """Ours begin after the comments that the parser counts in, so those are taken off its pieces first."""
    theirs = [split(text) for text in boundaries_of_the_parser(script)]
    assert all(len(pieces) == 1 for pieces in theirs)
    assert [pieces[0].text for pieces in theirs] == texts(script)


@given(st.lists(st.tuples(_VALID, _BETWEEN), min_size=1, max_size=8))
@example([("SELECT 1", "")])
def test_boundaries_are_those_of_the_servers_parser(parts: list[tuple[str, str]]) -> None:
    same_boundaries("".join(statement + between for statement, between in parts))


@settings(max_examples=300)
@given(scripts)
@example("SELECT 1$a$;$a$")
def test_boundaries_are_the_parsers_wherever_it_reads_any_text(script: str) -> None:
    try:
        parsed = boundaries_of_the_parser(script.replace("\x00", ""))
    except postgast.PgQueryError:
        return
    if any("COPY" in text for text in parsed):
        return  # the parser reads the data below as SQL
    same_boundaries(script.replace("\x00", ""))


def test_real_migrations_are_split_as_the_server_splits_them() -> None:
    files = corpora.scripts()
    assert files
    for file in files:
        same_boundaries(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "unit",
    [
        "INSERT INTO t (a, b) VALUES (1, 'hello world');\n",
        "SELECT $a$ ; $a$; ",
        "(",
        "/*",
        "'",
        "E'\n'",
        "$a$b",
        "\\",
        "- ",
        "CASE END ",
        '"',
        "SELECT 1 -- x\n",
    ],
)
def test_time_grows_with_length_and_no_faster(unit: str) -> None:
    """Counted in steps of the lexer, for a clock would lie: no step may look at the same text again and again."""
    script = "CREATE FUNCTION f() BEGIN ATOMIC " + unit * 20_000
    total = sum(1 for _ in tokens(script, detail=True))
    assert total <= len(script)
    refused, statements = attempt(unit * 20_000)
    assert refused or statements
