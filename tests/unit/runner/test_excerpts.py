"""Errors of a release directory with their lines, as people and programs get them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from dbmigrations.runner.excerpts import EXCERPTS
from dbmigrations.runner.main import cli

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = """\
releases:
  - version: 1.0.0
    description: "漢字 first"
    schemas: [20260101000000_init]
    sql: [20260101_0900_absent]
"""
MARKED = """\
releases.yaml:4:5: error: unknown key 'schemas' (did you mean 'schema'?)
2 |   - version: 1.0.0
3 |     description: "漢字 first"
4 |     schemas: [20260101000000_init]
  |     ^
5 |     sql: [20260101_0900_absent]
6 |
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "migrations" / "sql").mkdir(parents=True)
    (tmp_path / "releases.yaml").write_text(LEDGER)
    return tmp_path


def run(folder: Path, *words: str) -> tuple[str, str]:
    ended = CliRunner().invoke(cli, [*words, "--dir", str(folder)], prog_name="dbmigrate")
    assert ended.exit_code != 0
    return ended.stdout, ended.stderr


def excerpts(folder: Path) -> list[str]:
    problems = json.loads(run(folder, "validate", "--json")[0])["problems"]
    return [each["excerpt"] for each in problems if each["severity"] == "error"]


def test_an_error_of_the_ledger_stands_above_its_lines_and_a_caret(folder: Path) -> None:
    out, err = run(folder, "validate")
    assert MARKED in out
    assert err == "next: mend what is named, then run the same command again\n"


def test_json_has_the_excerpt_beside_the_place(folder: Path) -> None:
    assert excerpts(folder)[0].splitlines() == MARKED.splitlines()[1:]


def test_every_command_that_reads_the_directory_shows_them(folder: Path) -> None:
    _, err = run(folder, "plan", "--offline")
    assert MARKED.replace("error: ", "").splitlines()[1:] == err.splitlines()[1:7]
    said = json.loads(run(folder, "plan", "--offline", "--json")[0])["error"]["message"]
    assert "unknown key 'schemas'" in said
    assert "|" not in said


def test_broken_yaml_is_shown_too(folder: Path) -> None:
    (folder / "releases.yaml").write_bytes(b"\xef\xbb\xbfreleases:\r\n  - version: [1.0.0\r\n")
    (shown,) = excerpts(folder)
    assert shown.splitlines()[:2] == ["1 | releases:", "2 |   - version: [1.0.0"]


def test_the_lines_of_a_script_are_shown_without_passwords(folder: Path) -> None:
    (folder / "releases.yaml").write_text("releases:\n  - version: 1.0.0\n    sql: [20260101_0900_role]\n")
    script = "CREATE ROLE a PASSWORD 'secret';\n\\connect elsewhere\n"
    (folder / "migrations" / "sql" / "20260101_0900_role.sql").write_text(script)
    assert excerpts(folder) == ["1 | CREATE ROLE a PASSWORD '********';\n2 | \\connect elsewhere\n  | ^\n3 |"]


def test_bytes_that_are_no_text_are_shown_as_such_and_without_passwords(folder: Path) -> None:
    (folder / "releases.yaml").write_text("releases:\n  - version: 1.0.0\n    sql: [20260101_0900_role]\n")
    script = b"CREATE ROLE a PASSWORD 'secret';\nSELECT '\xff';\n"
    (folder / "migrations" / "sql" / "20260101_0900_role.sql").write_bytes(script)
    (shown,) = excerpts(folder)
    assert "secret" not in shown
    assert "\N{REPLACEMENT CHARACTER}" in shown


def test_a_file_that_leads_outside_is_not_shown(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "token"
    outside.write_text("a secret")
    (folder / "releases.yaml").unlink()
    (folder / "releases.yaml").symlink_to(outside)
    out, err = run(folder, "validate")
    assert "a secret" not in out + err


def test_of_very_many_errors_the_first_are_shown(folder: Path) -> None:
    names = "".join(f"      - 20260101_0900_absent{number}\n" for number in range(EXCERPTS + 10))
    (folder / "releases.yaml").write_text(f"releases:\n  - version: 1.0.0\n    sql:\n{names}")
    shown = excerpts(folder)
    assert (len(shown), sum(map(bool, shown))) == (EXCERPTS + 10, EXCERPTS)
