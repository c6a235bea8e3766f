"""The log file of a laptop: named by the minute, readable by its owner, every line with its time."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from dbmigrations.api.reasons import Failure
from dbmigrations.api.step import Outcome
from dbmigrations.postgres.settings import Secret
from dbmigrations.runner.report.events import Noted, StepEnded
from dbmigrations.runner.report.lines import log_lines, log_path, open_log
from dbmigrations.runner.report.redaction import Redactor
from tests.unit.runner.requests import result

NOON = datetime(2026, 1, 23, 12, 5, 7, tzinfo=UTC)


def test_the_file_is_named_by_the_minute_in_which_the_run_began() -> None:
    assert log_path(Path("logs"), NOON) == Path("logs/migration_20260123_1205.log")


def test_two_runs_of_one_minute_follow_each_other_in_one_file(tmp_path: Path) -> None:
    path = log_path(tmp_path / "logs", NOON)
    for text in ("first", "second"):
        with open_log(path) as stream:
            stream.write(text + "\n")
    assert path.read_text() == "first\nsecond\n"


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    open_log(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_line_carries_the_time_and_no_secret() -> None:
    stream = StringIO()
    redactor = Redactor()
    redactor.hide(Secret("hunter2"))
    log_lines(stream, redactor, lambda: NOON)(Noted("say hunter2", "a\nb"))
    assert stream.getvalue().splitlines() == [
        "2026-01-23T12:05:07+0000 say ********",
        "2026-01-23T12:05:07+0000 a",
        "2026-01-23T12:05:07+0000 b",
    ]


def test_a_failed_step_is_told_with_its_reason_and_all_of_its_message() -> None:
    stream = StringIO()
    failed = result(Outcome.FAILED, reason=Failure.VERIFY_FAILED, message="first\nsecond")
    log_lines(stream, Redactor(), lambda: NOON)(StepEnded(failed, 75))
    assert [line.split(" ", 1)[1] for line in stream.getvalue().splitlines()] == [
        "Preflight FAILED after 1 min 15 s: VerifyFailed: first",
        "second",
    ]
