"""What may be sent ahead of the answers, and what waits for them."""

from __future__ import annotations

import pytest

from dbmigrations.postgres.sql.statements import split
from dbmigrations.postgres.sql.together import in_one_go, stretches


def parts(script: str) -> list[int]:
    """How many statements each stretch has."""
    return [len(stretch) for stretch in stretches(split(script))]


def test_an_ordinary_script_goes_in_one() -> None:
    script = "CREATE TABLE t (id int); CREATE INDEX ON t (id); INSERT INTO t VALUES (1); SELECT count(*) FROM t;"
    assert parts(script) == [4]
    assert in_one_go(split(script))
    assert in_one_go(())


@pytest.mark.parametrize(
    "alone",
    [
        "COPY t FROM stdin;\n1\n\\.\n",
        "COPY t TO stdout;",
        "SELECT $1;",
        "SELECT '$1', $1;",
        "SELECT 1+$1, '$1';",
        "THIS IS NEWER SYNTAX;",
    ],
)
def test_what_pipeline_mode_or_the_parser_does_not_know_goes_alone(alone: str) -> None:
    assert parts(f"SELECT 1; SELECT 2;\n{alone}\nSELECT 3; SELECT 4;") == [2, 1, 2]
    assert not in_one_go(split(alone))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t VALUES ('$2b$10$abc', E'$1', $x$ $1 $x$) -- $1",
        "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS $$ SELECT $1 $$",
        'SELECT a$1, "$1" FROM t /* $1 */',
    ],
)
def test_a_dollar_in_a_string_a_body_a_name_or_a_comment_is_no_parameter(statement: str) -> None:
    assert parts(f"SELECT 1;\n{statement}\n; SELECT 2;") == [3]


def test_nothing_is_sent_ahead_in_an_encoding_that_may_have_changed() -> None:
    assert parts("SET client_encoding = 'LATIN1'; SELECT 1; SELECT 'ä'; SELECT 2;") == [2, 2]
    assert parts("SELECT set_encoding(); SELECT 'ä';") == [1, 1]


def test_names_and_comments_of_any_language_go_along_where_nothing_sets_the_encoding() -> None:
    assert parts("CREATE TABLE größe (id int); COMMENT ON TABLE größe IS '尺寸'; CREATE INDEX ON größe (id);") == [3]


def test_no_more_is_sent_ahead_than_fits_in_memory_easily() -> None:
    row = f"INSERT INTO t VALUES ('{'x' * 300_000}');"
    assert parts(row * 7) == [3, 3, 1]


def test_all_statements_come_once_and_in_order() -> None:
    statements = split("SELECT 1; SELECT $1; SELECT 'ä'; SELECT 'ö'; COPY t TO stdout; SELECT 2;")
    assert [each for stretch in stretches(statements) for each in stretch] == list(statements)
