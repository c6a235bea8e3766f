"""Large scripts leave the data of COPY in their files."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dbmigrations.postgres.sql import bulk
from dbmigrations.postgres.sql.bulk import read_large
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.script import SqlScript, excerpt_of, read
from dbmigrations.postgres.sql.transactions import execution_plan
from dbmigrations.release.files import UnreadableError
from dbmigrations.release.migration import BulkData
from tests.unit.sql.test_splitting import scripts

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 1 << 20

_ROWS = st.lists(
    st.sampled_from(["1\té\n", "\\N\t'; $$\n", "\\.x\n", "\\. \n", " \\.\n", "\n", "日\r\n", "a" * 50 + "\n"]),
    max_size=20,
).map("".join)
_BLOCK = st.tuples(
    st.sampled_from(["COPY t FROM stdin;\n", "copy t (a)\nfrom STDIN with (format csv); -- data\r\n"]),
    _ROWS,
    st.sampled_from(["\\.\n", "\\.\r\n"]),
).map("".join)
_OTHER = st.sampled_from(
    [
        "SELECT 1;\n",
        "-- COPY t FROM stdin;\n",
        "/* \\. */",
        "SELECT 'COPY\nx;\n\\.\n';\n",
        "\\restrict x\n",
        "SELECT $$" + "é\n" * 30 + "$$;",
    ]
)
_DUMPS = st.lists(st.one_of(_BLOCK, _OTHER), max_size=8).map("".join)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """For a script; it is read in pieces of 16 bytes."""
    monkeypatch.setattr(bulk, "PIECE", 16)
    return tmp_path / "large.sql"


def attempt(text: str, left_out: tuple[BulkData, ...] = ()) -> SqlScript | tuple[str, int, int]:
    try:
        return read(text, left_out)
    except SqlInvalidError as error:
        return error.message, error.position.line, error.position.column


def filled_in(text: str, left_out: tuple[BulkData, ...]) -> str:
    """The text with the data where it was; each block is looked at as it is in the file."""
    for data in reversed(left_out):
        raw = data.file.read_bytes()[data.start : data.start + data.length]
        assert hashlib.sha256(raw).hexdigest() == data.sha256
        assert raw.count(b"\n") == data.lines
        text = text[: data.offset] + raw.decode() + text[data.offset :]
    return text


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(_DUMPS, scripts, st.tuples(_DUMPS, scripts).map("".join)), st.sampled_from(["", "\ufeff"]))
@example("COPY t FROM stdin;\n" + "a" * 40, "")
@example("COPY t FROM stdin;\n" + "a" * 40 + "\n\\.", "")
@example("COPY t FROM stdin", "")
@example("SELECT 1\\\nCOPY t FROM stdin;\n1\n\\.\n" + "SELECT 1;\n" * 20, "")
def test_a_script_is_the_same_with_its_data_left_out_and_nothing_is_lost(file: Path, text: str, mark: str) -> None:
    text = text.replace("\ufeff", "").replace("\x00", "")
    file.write_bytes((mark + text).encode())
    large = read_large(file, LIMIT)
    assert filled_in(large.text, large.bulk) == text
    whole, without = attempt(text), attempt(large.text, large.bulk)
    if isinstance(whole, tuple) or isinstance(without, tuple):
        assert whole == without
        return
    assert [(s.text, s.position.reference) for s in without.statements] == [
        (s.text, s.position.reference) for s in whole.statements
    ]
    assert without.directives == whole.directives
    copies = [s.copy_data for s in without.statements if isinstance(s.copy_data, BulkData)]
    assert copies == list(large.bulk)
    assert len(copies) == sum(s.copy_data is not None for s in whole.statements)


def test_only_what_is_no_data_counts_against_the_limit(file: Path) -> None:
    file.write_text("SELECT 1;\nCOPY t FROM stdin;\n" + "1234567\n" * 1000 + "\\.\nSELECT 2;\n")
    large = read_large(file, 200)
    assert large.text == "SELECT 1;\nCOPY t FROM stdin;\n\\.\nSELECT 2;\n"
    assert [(data.start, data.length, data.lines) for data in large.bulk] == [(29, 8000, 1000)]


@pytest.mark.parametrize(
    "text", ["SELECT 1;\n" * 100, "SELECT '" + "a\n" * 500 + "';", "x" * 1000, "\\bad\n" + "x" * 999]
)
def test_more_text_than_the_limit_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(UnreadableError, match="not counting the data of COPY"):
        read_large(file, 200)


def test_a_place_behind_the_data_has_the_line_of_the_file(file: Path) -> None:
    file.write_text("COPY t FROM stdin;\n" + "1\n" * 1000 + "\\.\nSELECT 1,\n  wrong;\n-- end\n")
    large = read_large(file, LIMIT)
    script = read(large.text, large.bulk)
    place = script.server_position(script.statements[1], 13)
    assert place.reference == "1004:3"
    assert script.excerpt(place) == ("1002 | \\.\n1003 | SELECT 1,\n1004 |   wrong;\n     |   ^\n1005 | -- end\n1006 |")


def test_an_error_behind_the_data_is_shown_at_its_line(file: Path) -> None:
    file.write_text("COPY t FROM stdin;\n" + "1\n" * 1000 + "\\.\n\\gexec\n")
    large = read_large(file, LIMIT)
    with pytest.raises(SqlInvalidError, match="DO block") as caught:
        read(large.text, large.bulk)
    assert caught.value.position.reference == "1003:1"
    assert excerpt_of(large.text, caught.value.position.offset, large.bulk) == (
        "   1 | COPY t FROM stdin;\n1002 | \\.\n1003 | \\gexec\n     | ^\n1004 |"
    )


def test_data_that_nobody_has_looked_at_may_hold_a_new_value_of_an_enum(file: Path) -> None:
    file.write_text("ALTER TYPE e ADD VALUE 'x';\nCOPY t FROM stdin;\ny\n\\.\n")
    large = read_large(file, LIMIT)
    assert len(execution_plan(read(large.text, large.bulk)).units) == 2
    assert len(execution_plan(read(file.read_text())).units) == 1


def test_data_in_a_file_belongs_to_what_a_script_is(file: Path) -> None:
    file.write_text("COPY t FROM stdin;\n1\n\\.\n")
    (data,) = read_large(file, LIMIT).bulk
    assert data == replace(data, offset=19, start=19, length=2, lines=1)
