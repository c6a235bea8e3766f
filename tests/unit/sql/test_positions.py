"""From a server's position to what a person sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbmigrations.postgres.sql.position import excerpt, locate
from dbmigrations.postgres.sql.script import read


@given(st.text(alphabet="ab\n\tä日", max_size=50), st.integers(-5, 60))
def test_line_and_column_lead_back_to_the_offset(text: str, offset: int) -> None:
    place = locate(text, offset)
    lines = text.split("\n")
    assert sum(len(line) + 1 for line in lines[: place.line - 1]) + place.column - 1 == place.offset
    assert place.offset == max(0, min(offset, len(text)))


def test_the_servers_position_counts_characters_of_the_statement() -> None:
    script = read("-- ä\nSELECT 1;\n  SELECT '日本',\n\twrong")
    assert script.server_position(script.statements[1], 15).reference == "4:2"


def test_an_excerpt_has_five_lines_and_a_caret() -> None:
    text = "\n".join(f"line {number}" for number in range(8, 15))
    assert excerpt(text, text.index("11") + 1) == (
        "2 | line 9\n3 | line 10\n4 | line 11\n  |       ^\n5 | line 12\n6 | line 13"
    )


def test_an_excerpt_at_the_ends_of_a_file_has_fewer() -> None:
    assert excerpt("SELEC 1", 0) == "1 | SELEC 1\n  | ^"
    assert excerpt("a\nb", 99) == "1 | a\n2 | b\n  |  ^"
    assert excerpt("", 0) == "1 |\n  | ^"


def test_the_caret_stands_under_its_character_behind_tabs_and_wide_ones() -> None:
    assert excerpt("\tx日e\u0301 wrong", 6) == "1 | \tx日e\u0301 wrong\n  | \t     ^"


def test_long_lines_are_cut_around_the_place() -> None:
    text = "a" * 200 + "!" + "b" * 200
    line, caret = excerpt(text, 200, width=21).split("\n")
    assert line == "1 | …" + "a" * 10 + "!" + "b" * 10 + "…"
    assert line[caret.index("^")] == "!"


@given(st.integers(0, 300), st.integers(0, 300), st.integers(10, 120))
def test_the_place_is_never_cut_away(before: int, after: int, width: int) -> None:
    line, caret = excerpt("a" * before + "!" + "b" * after, before, width=width).split("\n")
    assert line[caret.index("^")] == "!"
    assert len(line) <= width + len("1 | ……")


def test_control_characters_do_not_reach_a_terminal() -> None:
    assert excerpt("a\x1b[31mb\r\nc", 0).split("\n")[0] == "1 | a\N{REPLACEMENT CHARACTER}[31mb"


@pytest.mark.parametrize("offset", [0, 5, 40, 60])
def test_an_excerpt_of_a_script_shows_no_password(offset: int) -> None:
    script = read("ALTER ROLE a PASSWORD 'h@n/t%e#r: 2', 'x' wrong;\nSELECT 1;\nSELECT 2")
    shown = script.excerpt(locate(script.text, offset))
    assert "h@n" not in shown
    assert "PASSWORD '********', 'x' wrong" in shown


def test_the_caret_follows_its_character_when_a_password_before_it_is_hidden() -> None:
    script = read("ALTER ROLE a PASSWORD 'a very long and secret password' wrong")
    line, caret = script.excerpt(locate(script.text, script.text.index("wrong"))).split("\n")
    assert line[caret.index("^") :] == "wrong"
