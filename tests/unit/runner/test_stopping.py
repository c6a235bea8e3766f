"""Ctrl-C before, while and after a command works: its exit code, and never a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import click
from click.testing import CliRunner

from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.exits import Exit

if TYPE_CHECKING:
    import pytest

STRUCK_WHILE_LOADING = """
import os, signal, sys
from dbmigrations.runner import entry

class Strike:
    def find_spec(self, name, *_):
        if name == "click":
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs beside it without
sys.meta_path.insert(0, Strike())
sys.argv[1:] = ["version"]
entry.main()
"""


def test_ctrl_c_while_the_program_is_loaded_ends_it_without_a_word() -> None:
    ran = subprocess.run([sys.executable, "-c", STRUCK_WHILE_LOADING], check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (-signal.SIGINT, "", "")


def test_a_second_ctrl_c_does_not_take_the_word_from_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    @laptop_command
    def working(desk: Desk) -> Exit:
        tell = desk.terminal.error

        def struck(text: str) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            tell(text)

        monkeypatch.setattr(desk.terminal, "error", struck)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
        return Exit.OK

    ended = CliRunner().invoke(working)
    assert (ended.exit_code, "stopped by SIGINT" in ended.stderr) == (Exit.INTERRUPTED, True), ended.output
