"""Starts servers that outlive us, stops them, and finds the ones that a killed run left behind.

A server is remembered by a file that holds its pid and when it began, so that a pid which the system has given to
somebody else in the meantime is never mistaken for ours. A server whose file was lost is recognised by its program
and by our folder in its arguments. Nothing else is ever signalled.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness.errors import MissingRequirement, NotReady, ProcessDied, last_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_POLL = 0.02  # seconds
_AGAIN = 0.3  # seconds until a server that ended by itself is started again
_USUAL = 2  # standard error: the last of the descriptors that every process has


@dataclass(frozen=True)
class Process:
    """One process of this machine, told apart from a later one with the same pid."""

    pid: int
    began: int  # clock ticks since the machine started

    @property
    def alive(self) -> bool:
        """Whether it still runs; one that has ended but was not yet reaped does not."""
        return running(self.pid) == self

    def stop(self, *, patience: float = 15.0, first: signal.Signals = signal.SIGTERM) -> None:
        """Asks it to end and waits; after `patience` seconds (at once where 0) it is killed."""
        self.signal(first if patience else signal.SIGKILL)
        deadline = time.monotonic() + patience
        while self.alive:
            if time.monotonic() > deadline:
                self.signal(signal.SIGKILL)
            time.sleep(_POLL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)

    def write(self, file: Path) -> None:
        """Remembers it in a file."""
        file.write_text(f"{self.pid} {self.began}\n")

    @staticmethod
    def read(file: Path) -> Process | None:
        """The process that `write` remembered, running or not; None where there is no such file."""
        try:
            pid, began = file.read_text().split()
            return Process(int(pid), int(began))
        except (FileNotFoundError, ValueError):
            return None

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal, if it still runs."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def running(pid: int) -> Process | None:
    """The process that has this pid now."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return parse_stat(pid, text)


def this_process() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return running(pid) or Process(pid, 0)


def parse_stat(pid: int, text: str) -> Process | None:
    """Reads /proc/<pid>/stat; None for one that has ended (the program's name may hold spaces and parentheses)."""
    fields = text.rpartition(")")[2].split()
    state, began = fields[0], int(fields[19])
    return None if state in {"Z", "X"} else Process(pid, began)


def start(
    command: Sequence[object],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
) -> Process:
    """Starts a server in a session of its own, so that it outlives this process and its terminal.

    Raises:
        MissingRequirement: there is no such program.
    """
    words = [str(word) for word in command]
    program = shutil.which(words[0])
    if program is None:
        raise MissingRequirement(f"The program `{words[0]}` is not on this machine.")
    log.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        program,
        words,
        {**os.environ, **(env or {})},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            *((os.POSIX_SPAWN_CLOSE, number) for number in _left_to_children()),
        ],
        setsid=True,
        setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGPIPE],
    )
    return running(pid) or Process(pid, 0)  # ended already: the caller's wait reports it with its log


def _left_to_children() -> list[int]:
    """What the caller's shell has open beside the usual three: a lock that it holds, a pipe that somebody reads."""
    numbers = (int(one.name) for one in Path("/proc/self/fd").iterdir())
    return [number for number in numbers if number > _USUAL and _is_inheritable(number)]


def _is_inheritable(number: int) -> bool:
    try:
        return os.get_inheritable(number)
    except OSError:  # closed by now, as the listed folder's own is
        return False


@dataclass(frozen=True)
class Servers:
    """The servers of one folder: its `pid` and `log` folders."""

    folder: Path

    def start(self, name: str, command: Sequence[object], *, env: Mapping[str, str] | None = None) -> Process:
        """Starts a server under a name that is free."""
        process = start(command, self.log(name), env=env)
        file = self._pid_file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        process.write(file)
        return process

    def find(self, name: str) -> Process | None:
        """The server of this name, if it runs."""
        process = Process.read(self._pid_file(name))
        return process if process is not None and process.alive else None

    def stop(self, name: str, *, patience: float = 15.0) -> None:
        """Stops the server of this name, if it runs, and waits for its end."""
        process = self.find(name)
        if process is not None:
            process.stop(patience=patience)
        self._pid_file(name).unlink(missing_ok=True)

    def log(self, name: str) -> Path:
        """Where a server's output goes."""
        return self.folder / "log" / f"{name}.log"

    def wait(self, name: str, ready: Callable[[], bool], *, what: str, patience: float = 60.0) -> None:
        """Waits until `ready` says so.

        Raises:
            ProcessDied: the server ended by itself.
            NotReady: it was not ready within `patience` seconds.
        """
        deadline = time.monotonic() + patience
        while not ready():
            log = self.log(name)
            tail = last_lines(log.read_text(errors="replace"), 15) if log.exists() else ""
            if self.find(name) is None:
                raise ProcessDied(f"{name} ended by itself while we waited for {what}. The end of {log}:\n{tail}")
            if time.monotonic() > deadline:
                raise NotReady(f"{what}: not within {patience:.0f} s. The end of {log}:\n{tail}")
            time.sleep(_POLL)

    def supervise(
        self, name: str, command: Sequence[object], ready: Callable[[], bool], *, what: str, starts: int = 10
    ) -> None:
        """Starts a server and waits until `ready` says so; one that ends by itself before is started again.

        Raises:
            ProcessDied: also at the last of so many starts.
            NotReady: as `wait`.
        """
        for left in reversed(range(starts)):
            self.start(name, command)
            try:
                self.wait(name, ready, what=what)
            except ProcessDied:
                if not left:
                    raise
                time.sleep(_AGAIN)
            else:
                return

    def left_behind(self, programs: Iterable[str]) -> list[Process]:
        """Processes of these programs that have our folder in their arguments, with or without a pid file."""
        known = frozenset(programs)
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _belongs(_arguments(entry), known, self.folder):
                process = running(int(entry.name))
                if process is not None and process.pid != os.getpid():
                    found.append(process)
        return found

    def _pid_file(self, name: str) -> Path:
        return self.folder / "pid" / name


def _arguments(entry: Path) -> list[str]:
    try:
        return (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return []


def _belongs(arguments: list[str], programs: frozenset[str], folder: Path) -> bool:
    if not arguments or Path(arguments[0]).name not in programs:
        return False
    return any(f"{folder}/" in argument for argument in arguments)
