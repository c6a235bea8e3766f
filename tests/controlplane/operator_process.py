"""The real operator, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.controlplane.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.controlplane.nursery import Nursery

RUNNER_IMAGE = "registry.test/runner:1"


@dataclass
class OperatorProcess:
    """One life of the operator at a time; `start` begins the next one."""

    nursery: Nursery
    kubeconfig: Path
    namespaces: Sequence[str]
    log_file: Path
    options: Sequence[str] = ()
    port: int = 0
    pid: int = 0  # 0: it does not run
    _offset: int = 0
    _dying: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Starts it and returns when it serves."""
        self.launch()
        eventually("the operator is ready", self.ready, within=120, seen=self.log)

    def launch(self) -> None:
        """Starts it and returns at once."""
        with self._dying:
            assert not self.pid
            served = [word for namespace in self.namespaces for word in ("--namespace", namespace)]
            arguments = ["--kubeconfig", str(self.kubeconfig), "--runner-image", RUNNER_IMAGE, *served]
            arguments += ["--listen", "127.0.0.1:0", "--log-level", "debug", *self.options]
            self._offset = self.log_file.stat().st_size if self.log_file.exists() else 0
            self.port = 0
            self.pid = self.nursery.start(arguments, self.log_file)

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ends it as Kubernetes would; the exit code."""
        return self._end(signal.SIGTERM)

    def wait(self) -> int:
        """Waits for it to end by itself; the exit code."""
        code = self.nursery.wait(self.pid)
        self.pid = 0
        return code

    def ready(self) -> bool:
        if not self.port:
            self.port = next((line["port"] for line in self.lines() if line["event"] == "serving"), 0)
        return bool(self.port) and self.answer("/readyz")[0] == 200

    def answer(self, path: str) -> tuple[int, str]:
        """Status and body of one of its pages; status 0 where it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def log(self) -> str:
        """What this life has logged, the last of it."""
        return self._this_life()[-4000:]

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """This life's log lines, all or of one event."""
        found = [json.loads(line) for line in self._this_life().splitlines() if line.startswith("{")]
        return [line for line in found if not event or line["event"] == event]

    def resident_bytes(self) -> int:
        """Its memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024

    def _end(self, how: signal.Signals) -> int:
        with self._dying:
            if not self.pid:
                return 0
            os.kill(self.pid, how)
            code = self.nursery.wait(self.pid)
            self.pid = 0
            return code

    def _this_life(self) -> str:
        if not self.log_file.exists():
            return ""
        with self.log_file.open("rb") as log:
            log.seek(self._offset)
            return log.read().decode(errors="replace")
