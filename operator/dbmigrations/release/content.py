"""The digest of all that a release directory is read from: where it is equal, the same is read."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from dbmigrations.release.layout import FOLDERS, LEDGER, LEDGER_FOLDER, VERIFY_FOLDER

if TYPE_CHECKING:
    from hashlib import _Hash as HASH
    from pathlib import Path

_PLACES = (LEDGER, LEDGER_FOLDER, *FOLDERS.values(), VERIFY_FOLDER)

_LARGEST = 64 << 20
"""Bytes of all files: to read more takes longer than it saves."""


def content_digest(root: Path, *, largest: int = _LARGEST) -> str | None:
    """Sha256, hex; None: there are links, more bytes than `largest`, or something that cannot be read."""
    reading = _Reading(largest)
    try:
        top = {entry.name: entry for entry in _entries(str(root))}
        for place in _PLACES:
            reading.begin(place)
            folder, _, rest = place.partition("/")
            entry = top.get(folder)
            while entry is not None and rest:
                folder, _, rest = rest.partition("/")
                reading.require_no_link(entry)
                entry = next((each for each in _entries(entry.path) if each.name == folder), None)
            if entry is not None:
                reading.feed(entry)
    except (OSError, _UncomparableError):
        return None
    return reading.digest.hexdigest()


class _UncomparableError(Exception):
    """Whether this is the same another time is not worth finding out."""


def _entries(path: str) -> list[os.DirEntry[str]]:
    with os.scandir(path) as found:
        return sorted(found, key=lambda entry: entry.name)


@dataclass
class _Reading:
    """What was fed so far."""

    budget: int
    digest: HASH = field(default_factory=sha256)

    def begin(self, place: str) -> None:
        self.digest.update(f"\0\0{place}".encode())

    def require_no_link(self, entry: os.DirEntry[str]) -> None:
        if entry.is_symlink():
            raise _UncomparableError

    def feed(self, entry: os.DirEntry[str]) -> None:
        """A file by its length and bytes, a folder by all that is in it, each by its name."""
        self.require_no_link(entry)
        if entry.is_dir():
            for each in _entries(entry.path):
                self.digest.update(b"\0" + os.fsencode(each.name) + b"\0")
                self.feed(each)
            self.digest.update(b"\0\0")
            return
        if not entry.is_file():
            raise _UncomparableError
        with open(entry.path, "rb", buffering=0) as stream:  # noqa: PTH123 - texts cost a fifth of what paths do
            raw = stream.read(self.budget + 1)
        if len(raw) > self.budget:
            raise _UncomparableError
        self.budget -= len(raw)
        self.digest.update(b"%d\0" % len(raw))
        self.digest.update(raw)
