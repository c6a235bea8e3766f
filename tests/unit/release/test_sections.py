"""Files that hold both directions: which lines are the way there, which the way back, and where they are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.release.files import UnreadableError, read_script
from dbmigrations.release.sections import sections_of

if TYPE_CHECKING:
    from pathlib import Path

WAYS = {
    "goose": ("-- +goose Up", "-- +goose Down"),
    "goose without a transaction": ("-- +goose NO TRANSACTION\n-- +goose up", "--+goose down"),
    "sql-migrate": ("-- +migrate Up notransaction", "-- +migrate Down"),
    "dbmate": ("-- migrate:up transaction:false", "-- migrate:down"),
    "rambler": ("-- rambler up", "-- rambler down"),
    "node-pg-migrate": ("-- Up Migration", "-- Down Migration"),
    "tern": ("-- it begins", "---- create above / drop below ----"),
    "MyBatis": ("-- // it begins", "-- //@UNDO"),
}


@pytest.mark.parametrize("tool", WAYS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_direction_keeps_its_lines_and_their_numbers(tool: str, end: str) -> None:
    up, down = WAYS[tool]
    lines = [*up.split("\n"), "CREATE TABLE a (id int);", down, "DROP TABLE a;"]
    sections = sections_of(end.join(lines))
    assert sections is not None
    assert sections.down is not None
    assert sections.up.split(end).index("CREATE TABLE a (id int);") == len(lines) - 3
    assert sections.down.split(end)[-1] == "DROP TABLE a;"
    assert "DROP" not in sections.up
    assert "CREATE" not in sections.down
    assert sections.down_line == len(lines) - 1


def test_a_statement_that_goose_ends_gets_its_semicolon() -> None:
    text = "-- +goose Up\n-- +goose StatementBegin\nSELECT 1\n-- +goose StatementEnd\nSELECT 2;\n"
    sections = sections_of(text)
    assert sections is not None
    assert sections.up == "\n-- +goose StatementBegin\nSELECT 1\n;\nSELECT 2;\n"
    assert sections.down is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT 1; -- migrate:up",
        "-- migrates up and down\nSELECT '\n  -- +goose Down';",
        "-- Down migration is elsewhere",
    ],
)
def test_other_files_have_no_sections(text: str) -> None:
    assert sections_of(text) is None


@pytest.mark.parametrize("tool", WAYS)
def test_a_release_directory_takes_no_script_that_would_undo_itself(tool: str, tmp_path: Path) -> None:
    up, down = WAYS[tool]
    (tmp_path / "a.sql").write_text(f"{up}\nCREATE TABLE a (id int);\n{down}\nDROP TABLE a;\n")
    with pytest.raises(UnreadableError, match="way there and the way back") as refused:
        read_script(tmp_path, "a.sql")
    assert refused.value.line == up.count("\n") + 3


@pytest.mark.parametrize("down", ["-- DROP TABLE a;\n", "/* DROP TABLE a; */\n", ""])
def test_a_way_back_of_comments_only_is_none(down: str, tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text(f"-- Up migration\nCREATE TABLE a (id int);\n-- Down migration\n{down}")
    assert "CREATE TABLE" in read_script(tmp_path, "a.sql").text
