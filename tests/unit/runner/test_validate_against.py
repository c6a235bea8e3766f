"""`dbmigrate validate --against`, with a real Git repository."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from dbmigrations.runner.main import cli

if TYPE_CHECKING:
    from pathlib import Path

UP = "database/migrations/sql/20260101_0900_a.sql"


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", *who, "-C", str(folder), *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    for path, text in {
        "database/releases.yaml": "releases:\n  - version: 1.0.0\n    sql: [20260101_0900_a]\n",
        UP: "SELECT 1;\n",
        UP.replace(".sql", ".down.sql"): "SELECT -1;\n",
        "database/ünïcode file.txt": "x",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root.parent, "init", "--quiet", "--initial-branch=main", str(root))
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=first")
    git(root, "tag", "v1")
    return root


def validate(repository: Path, ref: str) -> Result:
    words = ["validate", "--dir", str(repository / "database"), "--against", ref]
    return CliRunner().invoke(cli, words, prog_name="dbmigrate")


def test_what_was_released_and_is_the_same_passes(repository: Path) -> None:
    ended = validate(repository, "v1")
    assert ended.exit_code == 0, ended.output


def test_an_edited_file_is_named_with_the_remedy(repository: Path) -> None:
    (repository / UP).write_text("SELECT 2;\n")
    ended = validate(repository, "v1")
    assert ended.exit_code == 1
    assert "migrations/sql/20260101_0900_a.sql:1: error: was changed since v1" in ended.output
    assert "put the change into a new migration" in ended.output


def test_an_error_of_the_ledger_does_not_hide_what_was_edited(repository: Path) -> None:
    ledger = repository / "database" / "releases.yaml"
    ledger.write_text(ledger.read_text() + "    verify: [nowhere]\n")
    (repository / UP).write_text("SELECT 2;\n")
    ended = validate(repository, "v1")
    assert ended.exit_code == 1
    assert "there is no file migrations/verify/nowhere.sql" in ended.output
    assert "migrations/sql/20260101_0900_a.sql:1: error: was changed since v1" in ended.output


def test_a_released_file_that_is_gone_is_told_once_and_what_cannot_be_read_is_not_said_to_be_edited(
    repository: Path,
) -> None:
    (repository / UP).unlink()
    ended = validate(repository, "v1")
    assert ended.exit_code == 1
    (told,) = [line for line in ended.output.splitlines() if ": error: " in line]
    assert "there is no file migrations/sql/20260101_0900_a.sql" in told


def test_of_a_ledger_that_cannot_be_read_nothing_is_said_to_be_gone(repository: Path) -> None:
    (repository / "database" / "releases.yaml").write_text("releases: [\n")
    ended = validate(repository, "v1")
    assert ended.exit_code == 1
    assert "which v1 has, is gone" not in ended.output


def test_a_ref_that_is_none_is_told_beside_an_error_of_the_directory(repository: Path) -> None:
    (repository / UP).unlink()
    ended = validate(repository, "nothing")
    assert ended.exit_code == 1
    assert "there is no file" in ended.output
    assert "--against nothing: error: there is no ref 'nothing' here" in ended.output


@pytest.mark.parametrize("ref", ["nothing", "--help", "v1:database", "v1; rm -rf /", ""])
def test_a_ref_that_is_none_is_a_wrong_command_line(repository: Path, ref: str) -> None:
    ended = validate(repository, ref or " ")
    assert ended.exit_code == 2, ended.output
    assert "there is no ref" in ended.output


def test_a_ref_from_before_the_directory_says_so(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "--orphan", "bare")
    git(repository, "rm", "-r", "--quiet", "--cached", ".")
    git(repository, "commit", "--quiet", "--allow-empty", "--message=none")
    git(repository, "tag", "v0")
    ended = validate(repository, "v0")
    assert ended.exit_code == 2
    assert "v0 has no folder database" in ended.output


def test_a_shallow_clone_says_how_to_fetch_it_whole(repository: Path, tmp_path: Path) -> None:
    git(repository, "commit", "--quiet", "--allow-empty", "--message=second")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository}", "shallow")
    ended = validate(tmp_path / "shallow", "HEAD~1")
    assert ended.exit_code == 2
    assert "fetch-depth: 0" in ended.output


def test_outside_of_a_repository_it_says_so(repository: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    (repository / "database").rename(plain)
    ended = CliRunner().invoke(cli, ["validate", "--dir", str(plain), "--against", "v1"], prog_name="dbmigrate")
    assert ended.exit_code == 2
    assert "is in no Git work tree" in ended.output


def test_without_git_it_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = validate(repository, "v1")
    assert ended.exit_code == 2
    assert "needs the program git" in ended.output
