"""Where operators are born quickly: a process that has imported the program, and forks for each life that is asked for.

The child runs the very `main` that the console script runs, with its own arguments and output; only the second that
Python takes to import is saved, which a test that kills the operator fifty times would otherwise pay fifty times.

    in:   {"start": [arguments], "log": path} or {"wait": pid}, one JSON object a line
    out:  the pid, or the exit code (negative: the signal), one line each
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Nursery:
    """The process, seen from the tests."""

    _process: subprocess.Popen[str]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls) -> Nursery:
        """Starts it; importing goes on while the tests begin."""
        kept = {"PATH", "LANG", "HOME", "TMPDIR"}
        environment = {key: value for key, value in os.environ.items() if key in kept} | {"PYTHONWARNINGS": "default"}
        command = [sys.executable, str(Path(__file__).resolve())]
        return cls(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment))

    def start(self, arguments: list[str], log: Path) -> int:
        """A new operator; its pid."""
        return self._ask({"start": arguments, "log": str(log)})

    def wait(self, pid: int) -> int:
        """Waits for the end of an operator; its exit code, or minus the signal that ended it."""
        return self._ask({"wait": pid})

    def close(self) -> None:
        """Ends it."""
        self._process.communicate(timeout=30)

    def _ask(self, question: dict[str, object]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())


def _live(arguments: list[str], log: str) -> None:
    """The child: never returns."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    from dbmigrations.operator.main import main  # noqa: PLC0415 the parent has it imported

    try:
        main(arguments)
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 0 if end.code is None else 1)
    os._exit(0)


def _serve() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import dbmigrations.operator.main  # noqa: F401, PLC0415 only here: the tests' own process does not need it

    for line in sys.stdin:
        question = json.loads(line)
        if "wait" in question:
            _, status = os.waitpid(question["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                _live(question["start"], question["log"])
        print(answer, flush=True)  # noqa: T201 this is the answer


if __name__ == "__main__":
    _serve()
