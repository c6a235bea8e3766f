"""On a terminal a person is asked, and sees progress and colours; elsewhere nobody is asked."""

from __future__ import annotations

import os
import pty
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.engine.runner.program import EXECUTABLE, PATIENCE

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop


def typed(laptop: Laptop, answer: str, *words: str) -> tuple[int, str]:
    """Run a command on a terminal of its own, answering its question; its code and what the terminal showed."""
    person, program = pty.openpty()
    process = subprocess.Popen(
        [EXECUTABLE, *words],
        cwd=laptop.folder,
        env={
            "PATH": os.environ["PATH"],
            "TERM": "xterm-256color",
            "DATABASE_URL": laptop.url,
            **laptop.environment,
        },
        stdin=program,
        stdout=program,
        stderr=program,
    )
    os.close(program)
    shown = b""
    with process:
        while True:
            try:
                shown += os.read(person, 4096)
            except OSError:  # the terminal is gone with the program
                break
            if b"[y/N]" in shown and answer:
                os.write(person, answer.encode() + b"\n")
                answer = ""
        process.wait(PATIENCE)
    os.close(person)
    return process.returncode, shown.decode()


def test_a_rollback_shows_its_plan_and_does_nothing_without_a_yes(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    code, shown = typed(laptop, "n", "rollback", "--to-version", "1.0.0", "--no-backup")
    assert code == 10, shown
    assert "nothing was changed" in shown
    assert "↓ schema 20260201000000_add_colour" in shown
    assert database.value("SELECT to_regclass('coloured') IS NOT NULL")

    code, shown = typed(laptop, "yes", "rollback", "--to-version", "1.0.0", "--no-backup")
    assert code == 0, shown
    assert shown.count("plan sha256:") == 1
    assert "the database is at 1.0.0" in shown
    assert database.value("SELECT to_regclass('coloured') IS NULL")


def test_a_terminal_has_colours_unless_they_are_not_wanted(laptop: Laptop) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    coloured = "\x1b[1"
    assert coloured in typed(laptop, "", "version")[1]
    plain = replace(laptop, environment={"NO_COLOR": "1"})
    assert "\x1b[3" not in typed(plain, "", "migrate", "--to", "1.1.0", "--no-backup")[1]


def test_a_run_goes_on_to_its_end_when_nobody_reads_any_more(laptop: Laptop, database: Database) -> None:
    with laptop.started("migrate", "--no-backup") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stderr.close()
        assert process.wait(60) == 0
    assert database.value("SELECT to_regclass('totals') IS NOT NULL")
