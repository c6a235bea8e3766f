"""The control group that holds all Pods of one cluster, in both versions of control groups.

Because nothing else is ever in it, its processes are the cluster's containers, whoever started them and whatever was
lost since.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from tests.harness.processes import running

_ROOT = Path("/sys/fs/cgroup")
_CONTROLLERS = ("cpuset", "cpu", "io", "memory", "hugetlb", "pids")


def create(name: str) -> None:
    """Makes the group; the kubelet demands that it is there."""
    if _unified():
        offered = (_ROOT / "cgroup.controllers").read_text().split()
        for controller in _CONTROLLERS:
            if controller in offered:
                with contextlib.suppress(OSError):  # already handed down, or not to be: the kubelet says what it misses
                    (_ROOT / "cgroup.subtree_control").write_text(f"+{controller}")
    for hierarchy in _hierarchies():
        group = hierarchy / name
        group.mkdir(exist_ok=True)
        for file in ("cpuset.cpus", "cpuset.mems"):  # version 1 starts them empty, and an empty set can run nothing
            if not _unified() and (group / file).exists() and not (group / file).read_text().strip():
                (group / file).write_text((hierarchy / file).read_text())


def remove(name: str, *, patience: float = 10.0) -> None:
    """Kills what is in the group and removes it, if it is there."""
    deadline = time.monotonic() + patience
    while True:
        for pid in members(name):
            process = running(pid)
            if process is not None:
                process.signal(signal.SIGKILL)
        with contextlib.suppress(OSError):  # busy until the last process in it is gone
            for group in _groups(name):
                group.rmdir()
        if not _groups(name) or time.monotonic() > deadline:
            return
        time.sleep(0.05)


def members(name: str) -> list[int]:
    """The pids in the group and below it."""
    pids: set[int] = set()
    for group in _groups(name):
        with contextlib.suppress(OSError):  # removed while we looked
            pids.update(int(line) for line in (group / "cgroup.procs").read_text().split())
    return sorted(pids)


def _unified() -> bool:
    return (_ROOT / "cgroup.controllers").exists()


def _hierarchies() -> list[Path]:
    if _unified():
        return [_ROOT]
    return [path for path in _ROOT.iterdir() if path.is_dir() and not path.is_symlink()]


def _groups(name: str) -> list[Path]:
    """The group and those below it, deepest first, in every hierarchy."""
    # os.walk passes over what is removed while we look; Path.rglob stumbles over it.
    return [
        Path(folder)
        for hierarchy in _hierarchies()
        if (hierarchy / name).is_dir()
        for folder, _, _ in os.walk(hierarchy / name, topdown=False)
    ]
