"""The commands that only make or read files: init, new, docs, completion."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from dbmigrations.runner.main import cli

if TYPE_CHECKING:
    from click.testing import Result

EXECUTABLE = Path(sys.executable).with_name("dbmigrate")


def run(folder: Path, *words: str) -> Result:
    with chdir(folder):
        return CliRunner().invoke(cli, words, prog_name="dbmigrate")


def written(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def test_from_nothing_to_a_release_with_its_page(tmp_path: Path) -> None:
    assert run(tmp_path, "init", "--dir", "database").exit_code == 0
    ran = run(tmp_path, "new", "sql", "tags", "--json")
    made = json.loads(ran.stdout)
    assert (ran.exit_code, made["kind"], len(made["files"])) == (0, "sql", 2)
    refused = run(tmp_path, "validate")
    assert refused.exit_code == 1
    assert "is a draft" in refused.stdout
    for path, text in zip(made["files"], ("CREATE TABLE tags (id int);\n", "DROP TABLE tags;\n"), strict=True):
        written(tmp_path / "database" / path, text)
    assert run(tmp_path, "validate").exit_code == 0
    assert run(tmp_path, "release", "cut", "1.0.0").exit_code == 0
    assert run(tmp_path, "docs", "--check").exit_code == 1
    assert run(tmp_path, "docs").exit_code == 0
    assert run(tmp_path, "docs", "--check").exit_code == 0
    assert made["name"] in (tmp_path / "database/DATABASE_VERSION.md").read_text()


def test_a_slip_of_the_pen_is_told_before_anything_is_planned(tmp_path: Path) -> None:
    run(tmp_path, "init", "--dir", "database")
    up, down = json.loads(run(tmp_path, "new", "sql", "tags", "--json").stdout)["files"]
    written(tmp_path / "database" / up, "CREATE TABLE tags (id int);\nCREATE TABEL labels (id int);\n")
    written(tmp_path / "database" / down, "DROP TABLE tags;\n")

    ran = run(tmp_path, "validate")

    assert f"{up}:2:8: warning: nobody can say what this statement does" in ran.stdout
    assert 'syntax error at or near "TABEL"' in ran.stdout
    assert ran.exit_code == 0  # a newer server may know it
    written(
        tmp_path / "database" / up, "SELECT 'größe';\nCREATE TABLE tags (id int)\n  CREATE TABLE labels (id int);\n"
    )
    assert f"{up}:3:3: warning" in run(tmp_path, "validate").stdout, "where the semicolon is missed"
    declared = "-- migrate: class=additive reason=a server of our own\nCREATE TABEL labels (id int);\n"
    written(tmp_path / "database" / up, declared)
    assert "warning" not in run(tmp_path, "validate").stdout


def test_the_page_is_checked_line_by_line_and_line_ends_do_not_count(tmp_path: Path) -> None:
    run(tmp_path, "init")
    run(tmp_path, "docs")
    page = tmp_path / "DATABASE_VERSION.md"
    page.write_bytes(page.read_bytes().replace(b"\n", b"\r\n"))
    assert run(tmp_path, "docs", "--check").exit_code == 0
    written(page, page.read_text().replace("There is no", "There is a"))
    ran = run(tmp_path, "docs", "--check")
    assert ran.exit_code == 1
    assert "-There is a release yet." in ran.stdout
    found = json.loads(run(tmp_path, "docs", "--check", "--json").stdout)
    assert (found["agrees"], found["written"]) == (False, False)


def test_a_name_that_cannot_be_is_a_usage_error_in_words_and_in_json(tmp_path: Path) -> None:
    run(tmp_path, "init")
    assert run(tmp_path, "new", "sql", "../../etc").exit_code == 2
    ran = run(tmp_path, "new", "sql", "../../etc", "--json")
    assert (ran.exit_code, json.loads(ran.stdout)["error"]["exit"]) == (2, 2)
    assert run(tmp_path, "new", "table", "x").exit_code == 2


def test_an_existing_directory_is_not_begun_anew(tmp_path: Path) -> None:
    run(tmp_path, "init")
    written(tmp_path / "releases.yaml", "releases: []  # mine\n")
    assert run(tmp_path, "init").exit_code == 2
    assert "mine" in (tmp_path / "releases.yaml").read_text()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_calls_us(tmp_path: Path, shell: str) -> None:
    ran = run(tmp_path, "completion", shell)
    assert ran.exit_code == 0
    assert f"_DBMIGRATE_COMPLETE={shell}_complete" in ran.stdout


def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    script = (
        f'source <("{EXECUTABLE}" completion bash); COMP_WORDS=(dbmigrate "$1" "$2"); COMP_CWORD=$3;'
        f' _dbmigrate_completion "{EXECUTABLE}"; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )

    def completed(*words: str) -> set[str]:
        ran = subprocess.run(
            [bash, "-c", script, "bash", *words],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PATH": f"{EXECUTABLE.parent}:{os.environ['PATH']}"},
            check=True,
            timeout=60,
        )
        return set(ran.stdout.split())

    assert {"version", "verify"} <= completed("ver", "", "1")
    assert {"diff", "set"} <= completed("version", "", "2")


def test_an_assertion_has_no_down_to_leave_out(tmp_path: Path) -> None:
    run(tmp_path, "init")
    assert run(tmp_path, "new", "verify", "x", "--no-down").exit_code == 2


def test_a_page_that_was_just_written_agrees(tmp_path: Path) -> None:
    run(tmp_path, "init")
    found = json.loads(run(tmp_path, "docs", "--json").stdout)
    assert (found["agrees"], found["written"]) == (True, True)


def test_one_answer_is_asked_for_not_two(tmp_path: Path) -> None:
    run(tmp_path, "init")
    for command in ("validate", "plan"):
        ran = run(tmp_path, command, "--format", "sarif", "--json")
        assert ran.exit_code == 2
        assert "--format sarif and --json are two answers" in json.loads(ran.stdout)["error"]["message"]
