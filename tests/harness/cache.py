"""Things that are made once per machine and then found again.

Everything lies under one folder, `$DBMIGRATIONS_CACHE` or `~/.cache/dbmigrations`. A thing has a name and a key (a
version, or the hash of what it was made from). A file lock per name lets the second of two makers wait for the first,
and a thing appears under its name only when it is whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def cache_root() -> Path:
    """The folder of everything that outlives a run."""
    chosen = os.environ.get("DBMIGRATIONS_CACHE")
    return Path(chosen).resolve() if chosen else Path.home() / ".cache" / "dbmigrations"


def content_key(*texts: str, files: Iterable[Path] = ()) -> str:
    """Sixteen hexadecimal digits that change when one of the texts, or the name or content of a file does."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(b"text\0" + text.encode() + b"\0")
    for file in files:
        digest.update(b"file\0" + file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Only one process of this machine is inside at a time; the others wait. A killed holder frees it.

    Who is inside may remove the file: who waited for it then begins again with the new one.
    """
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_still(handle, path):
                yield
                return


def _is_still(handle: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class Cache:
    """The folder of things made once."""

    root: Path

    def found_or_made(self, name: str, key: str, make: Callable[[Path], None], *, keep: int = 2) -> Path:
        """The folder of a thing, made now if it is not there yet.

        Args:
            name: what it is, usable as a file name.
            key: which one of these: a version or a hash.
            make: fills the empty folder that it is given. What it leaves is moved to its place afterwards, so it must
                not remember its own path.
            keep: how many keys of this name stay; the ones used longest ago go.
        """
        place = self.root / name / key
        if not place.is_dir():
            with file_lock(self.root / f"{name}.lock"):
                if not place.is_dir():
                    self._make(place, make)
        os.utime(place)
        for old in self._oldest_first(place.parent)[:-keep]:
            shutil.rmtree(old, ignore_errors=True)
        return place

    @staticmethod
    def _make(place: Path, make: Callable[[Path], None]) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=place.parent))
        unfinished.chmod(0o755)  # a server that runs as another user reads it
        try:
            make(unfinished)
            unfinished.rename(place)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise

    @staticmethod
    def _oldest_first(folder: Path) -> list[Path]:
        things = (path for path in folder.iterdir() if not path.name.startswith("."))
        return sorted(things, key=lambda path: path.stat().st_mtime)
