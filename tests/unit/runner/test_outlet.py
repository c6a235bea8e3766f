"""Streams that fail: a reader that went away, a stream that was closed, a device that is full. Real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from dbmigrations.runner.exits import Exit
from dbmigrations.runner.main import cli
from dbmigrations.runner.report.outlet import failure_of, outlet

_DBMIGRATE = Path(sys.executable).with_name("dbmigrate")


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line in which `$D` is the program; what it says of tracebacks fails the test."""
    ended = subprocess.run(
        ["bash", "-c", line], cwd=folder, env={"D": str(_DBMIGRATE), "PATH": "/usr/bin:/bin"}, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "Exception ignored" not in ended.stderr
    return ended


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "releases.yaml").write_text("releases:\n  - version: 1.0.0\n")
    return tmp_path


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_stream_stops_nothing(place: Path, closed: str) -> None:
    ended = shell(place, f"$D validate {closed}")
    assert ended.returncode == 0
    assert shell(place, f"$D validate --dir nowhere {closed}").returncode == Exit.UNAVAILABLE
    assert shell(place, f"$D validate --bogus {closed}").returncode == Exit.USAGE


def test_a_reader_that_went_away_stops_nothing_and_the_code_is_the_commands_own(place: Path) -> None:
    ended = shell(place, "{ $D validate; echo $? >&2; } | true")
    assert ended.stderr == "0\n"
    (place / "releases.yaml").write_text("releases: [x]\n")
    ended = shell(place, "{ $D validate 2>/dev/null; echo $? >&2; } | true")
    assert ended.stderr == "1\n"


@pytest.mark.parametrize("words", ["validate", "validate --json", "completion bash"])
def test_an_answer_that_a_full_device_does_not_take_is_an_error_with_a_code_of_its_own(place: Path, words: str) -> None:
    ended = shell(place, f"$D {words} >/dev/full")
    assert ended.returncode == Exit.UNWRITTEN
    assert ended.stderr.endswith(
        "error: the answer could not be written to standard output: No space left on device. What was done stands\n"
    )


def test_a_code_that_says_more_stays(place: Path) -> None:
    assert shell(place, "$D validate --dir nowhere --json >/dev/full").returncode == Exit.UNAVAILABLE
    assert shell(place, "$D validate 2>/dev/full").returncode == Exit.OK


def test_an_outlet_writes_what_the_encoding_of_its_stream_lacks_as_escapes(tmp_path: Path) -> None:
    with (tmp_path / "x").open("w", encoding="ascii") as stream:
        outlet(stream).write("→ ä\udce4\n")
    assert (tmp_path / "x").read_text() == "\\u2192 \\xe4\\udce4\n"


def test_an_outlet_is_no_longer_written_to_once_it_failed() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as stream:
        full = outlet(stream)
        full.write("x")
        full.flush()
        full.write("y")
    assert failure_of(full) == "No space left on device"
    assert outlet(full) is full
    assert failure_of(outlet(StringIO())) == ""


@pytest.mark.parametrize("words", [["validate", "--bogus"], ["bogus"], ["--bogus"], ["version", "diff", "--bogus"]])
def test_with_json_a_wrong_command_line_is_answered_in_json(words: list[str]) -> None:
    ended = CliRunner().invoke(cli, [*words, "--json"], prog_name="dbmigrate")
    assert ended.exit_code == Exit.USAGE
    error = json.loads(ended.stdout)["error"]
    assert (error["outcome"], error["reason"], error["exit"]) == ("Refused", "Usage", 2)
    assert "bogus" in error["message"]
    assert not CliRunner().invoke(cli, words, prog_name="dbmigrate").stdout
