"""The real `dbmigrate` in a process of its own, which can be killed.

It is forked off a server that has the program loaded, for an interpreter takes a second to load it; `forked=False`
starts the installed command.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.context import ForkServerProcess

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.engine.kills.preloaded"])
_EXECUTABLE = Path(sys.executable).with_name("dbmigrate")
_PATIENCE = 120.0


@dataclass(frozen=True)
class Program:
    """A command that runs."""

    process: ForkServerProcess | subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """Its process."""
        assert self.process.pid is not None
        return self.process.pid

    def end(self) -> int:
        """Wait for it; its exit code, negative where a signal ended it."""
        if isinstance(self.process, subprocess.Popen):
            return self.process.wait(_PATIENCE)
        self.process.join(_PATIENCE)
        assert self.process.exitcode is not None, f"it does not end: {self.said()}"
        return self.process.exitcode

    def said(self) -> str:
        """Its output so far."""
        return self.log.read_text(errors="replace")


def start(words: Sequence[str], folder: Path, environment: Mapping[str, str], *, forked: bool = True) -> Program:
    """Start `dbmigrate` with these words in a folder."""
    log = folder / f"log-{time.monotonic_ns()}"
    log.touch()
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    surroundings = {**kept, "HOME": str(folder), **environment}
    if forked:
        process = _FORKS.Process(target=_main, args=(list(words), folder, surroundings, log))
        process.start()
        return Program(process, log)
    with log.open("ab") as stream:
        command = [str(_EXECUTABLE), *words]
        started = subprocess.Popen(command, cwd=folder, env=surroundings, stdout=stream, stderr=stream)
    return Program(started, log)


def _main(words: list[str], folder: Path, environment: Mapping[str, str], log: Path) -> None:
    from dbmigrations.runner.main import cli  # noqa: PLC0415 - loaded before, in the server of forks

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    stream = os.open(log, os.O_WRONLY | os.O_APPEND)
    for number in (1, 2):
        os.dup2(stream, number)
    cli(args=words, prog_name="dbmigrate")
