"""The measured operators as processes: ours by its console script, the reference by its module."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = Path(sys.executable).parent / "dbmigrations-operator"


@dataclass
class Process:
    """One running operator; leaving the context ends it."""

    popen: subprocess.Popen[bytes]
    began: float
    port: int = 0

    def __enter__(self) -> Self:
        """It runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it in order."""
        self.popen.terminate()
        self.popen.wait(30)

    def resident_megabytes(self) -> float:
        """Its memory now."""
        status = Path(f"/proc/{self.popen.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def ready(self) -> bool:
        """Whether our operator serves."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=10) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except OSError:
            return False

    def metric(self, name: str) -> float:
        """One of our operator's metrics, the sum of all its series; 0 where it does not answer yet."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return 0.0
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def ours(kubeconfig: Path, namespaces: Sequence[str], log: Path) -> Process:
    """Our operator, as a Deployment runs it; serving when this returns."""
    served = [word for namespace in namespaces for word in ("--namespace", namespace)]
    command = [str(PROGRAM), "--kubeconfig", str(kubeconfig), "--runner-image", "registry.test/runner:1", *served]
    process = _start([*command, "--listen", "127.0.0.1:0"], log)
    while not (process.port and process.ready()):
        for line in log.read_text().splitlines():
            process.port = json.loads(line).get("port", process.port)
        time.sleep(0.01)
    return process


def bare(kubeconfig: Path, namespace: str, replay: Path, log: Path) -> Process:
    """The reference."""
    command = [sys.executable, "-m", "bench.operator.bare_kopf", str(kubeconfig), namespace, str(replay)]
    return _start(command, log)


def _start(command: list[str], log: Path) -> Process:
    with log.open("wb") as output:
        began = time.perf_counter()
        return Process(subprocess.Popen(command, stdout=output, stderr=output), began)
