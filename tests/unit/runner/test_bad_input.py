"""Whatever stands on the command line or lies in the directory: a sentence and an exit code, never a trace."""

from __future__ import annotations

import os
from contextlib import chdir
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from dbmigrations.runner.exits import Exit
from dbmigrations.runner.main import cli

if TYPE_CHECKING:
    from pathlib import Path

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)
LEDGERS = {
    "bomb": BOMB.encode(),
    "deep": b"[" * 20_000,
    "many": b"releases:\n" + b"  - version: 1.0.0\n" * 11_000,
    "large": b"x" * 2_000_000,
    "nul": b"releases:\0\n",
    "no UTF-8": b"releases: [\xff]\n",
    "tag": b"releases: !!python/object:os.system [x]\n",
    "two documents": b"releases: []\n---\nreleases: []\n",
    "lists in lists": b"releases:\n - version: 1.0.0\n   sql: [[[]], {a: b}, 1]\n",
}
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def run(*words: str) -> str:
    ended = CliRunner(env={"DATABASE_URL": NOWHERE}).invoke(cli, words, prog_name="dbmigrate")
    said = ended.stdout + ended.stderr
    assert isinstance(ended.exception, SystemExit) or ended.exception is None, ended.exception
    assert ended.exit_code not in {Exit.OK, Exit.BUG}, said
    assert "Traceback" not in said
    assert 'File "' not in said
    return said


@pytest.mark.parametrize("ledger", LEDGERS.values(), ids=LEDGERS.keys())
def test_a_hostile_ledger_is_refused_in_words(tmp_path: Path, ledger: bytes) -> None:
    (tmp_path / "releases.yaml").write_bytes(ledger)
    for words in (["validate"], ["plan", "--offline"], ["migrate"], ["docs"]):
        said = run(*words, "--dir", str(tmp_path))
        assert "releases.yaml" in said
        assert len(said) < 5_000_000


def test_a_current_folder_that_was_removed_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    with chdir(gone):
        gone.rmdir()
        for words in (["migrate"], ["backup"], ["validate"], ["version"]):
            assert "the current folder was removed" in run(*words)
        os.chdir(tmp_path)


@pytest.mark.parametrize("place", ["nowhere", "file", "/dev/null", "x" * 5000, "a\udce4b"], ids=lambda place: place[:9])
def test_a_place_that_is_no_directory_is_refused_in_words(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    for words in (["validate"], ["plan", "--offline"], ["migrate"], ["docs"], ["new", "sql", "x"], ["version"]):
        run(*words, "--dir", str(tmp_path / place))


def test_a_folder_whose_name_is_no_text_is_told_in_every_format(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/n\xff"
    os.makedirs(folder)  # noqa: PTH103 - bytes
    (tmp_path / os.fsdecode(b"n\xff") / "releases.yaml").write_text("releases:\n - version: 1\n")
    for form in ("text", "github", "sarif"):
        run("validate", "--dir", os.fsdecode(folder), "--format", form)


@pytest.mark.parametrize(
    "option", [["--role", "\udcff"], ["--url", "\udcff"], ["--schema", "\udcff"], ["--wait", "x"], ["--expect", "1.0"]]
)
def test_an_option_that_nothing_can_be_done_with_is_a_usage_error(option: list[str]) -> None:
    run("version", *option)


@pytest.mark.parametrize("flag", ["--lock-timeout", "--statement-timeout"])
@pytest.mark.parametrize("value", [str(597 * 3600), "nan", "inf", "1e300", "-1"])
def test_a_timeout_that_postgres_cannot_be_told_is_refused_by_its_option(flag: str, value: str) -> None:
    assert f"'{flag}'" in run("version", flag, value)


@pytest.mark.parametrize("flag", ["--wait", "--max-replica-lag", "--max-oldest-transaction"])
def test_a_time_that_is_no_number_is_refused_by_its_option(flag: str) -> None:
    assert f"'{flag}'" in run("version", flag, "nan")


@pytest.mark.parametrize(
    "words", [("--schema", "pg_catalog"), ("--history-schema", "pg_x"), ("--schema", "information_schema")]
)
def test_a_schema_that_is_postgres_own_is_refused_by_its_option(words: tuple[str, str]) -> None:
    assert f"{words[0]} {words[1]}: schemas named pg_… and information_schema are" in run("version", *words)
