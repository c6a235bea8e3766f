"""Running commands to their end, and what they took.

Wall-clock time is what people and Jobs wait for; processor time is what a node pays, and tells more than the clock
where others are busy on the machine.
"""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path


@dataclass
class Spent:
    """What the runs of one command took, each in milliseconds."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Shell:
    """Where commands run."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, words: Sequence[str], spent: Spent, good: Collection[int] = (0,)) -> None:
        """Run a command to its end. `good`: the exit codes of one that did what it should.

        Raises:
            RuntimeError: it failed; what it said.
        """
        began = time.perf_counter()
        with subprocess.Popen(
            words, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            said = process.stdout.read() if process.stdout else b""
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        spent.wall.append((time.perf_counter() - began) * 1000)
        spent.processor.append((used.ru_utime + used.ru_stime) * 1000)
        if process.returncode not in good:
            raise RuntimeError(f"{' '.join(words)[:200]}: {process.returncode}\n{said.decode()[-2000:]}")
