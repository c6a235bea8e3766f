"""The mounts below a folder: what containers and volumes leave there when they are not ended in order."""

from __future__ import annotations

import re
from pathlib import Path

from tests.harness.command import run


def unmount_below(folder: Path) -> None:
    """Takes every mount below the folder away, deepest first."""
    for point in reversed(mounts_below(folder, Path("/proc/mounts").read_text())):
        run(["umount", "--lazy", point])


def mounts_below(folder: Path, table: str) -> list[str]:
    """The mount points below the folder, in the order in which they were mounted."""
    points = (_unescape(line.split()[1]) for line in table.splitlines())
    return [point for point in points if point.startswith(f"{folder}/")]


def filesystem_of(folder: Path, table: str) -> str:
    """The type of the file system that holds the folder: `ext4`, `overlay`, …"""
    best, kind = "", ""
    for line in table.splitlines():
        _, point, fstype = line.split()[:3]
        point = _unescape(point).rstrip("/")
        if f"{folder}/".startswith(f"{point}/") and len(point) >= len(best):
            best, kind = point, fstype
    return kind


def _unescape(text: str) -> str:
    """The kernel writes a space as \\040."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)
