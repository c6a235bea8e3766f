"""A folder that was written without `--dir`: the refusal says how."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from dbmigrations.runner.main import cli

if TYPE_CHECKING:
    from pathlib import Path


def refusal(*words: str) -> str:
    ended = CliRunner().invoke(cli, words, prog_name="dbmigrate")
    assert ended.exit_code == 2
    return ended.stdout + ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["validate"],
        ["plan", "--json"],
        ["version"],
        ["history"],
        ["baseline", "1.0.0"],
        ["version", "diff", "1.0.0", "1.1.0"],
    ],
    ids=" ".join,
)
def test_a_bare_folder_is_answered_with_dir(words: list[str], tmp_path: Path) -> None:
    assert f"the release directory is named with `--dir {tmp_path}`" in refusal(*words, str(tmp_path))


def test_what_is_written_like_a_folder_counts_as_one() -> None:
    assert "`--dir databse/`" in refusal("validate", "databse/")


@pytest.mark.parametrize("words", [["validate", "nonsense"], ["version", "diffs"], ["completion", "bash", "/"]])
def test_other_words_are_refused_as_ever(words: list[str]) -> None:
    said = refusal(*words)
    assert "--dir" not in said
    assert words[-1] in said
