"""The release directory that a request or a person names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dbmigrations.release.problems import ReleaseInvalidError
from dbmigrations.runner.errors import SourceMissingError

if TYPE_CHECKING:
    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.release.files import LargeText


_SHOWN = 300
"""Characters of a path that a message repeats."""


def load_source(path: str, *, require_down: bool = False) -> ReleaseDirectory:
    """The release directory at a path.

    Raises:
        SourceMissingError: there is nothing there (yet).
        ReleaseInvalidError: what is there has errors; they have excerpts.
    """
    root = require_source(path)
    from dbmigrations.release import directory
    from dbmigrations.release.ledger_files import has_ledger

    if not has_ledger(root):
        raise SourceMissingError(f"there is no ledger in the release directory {path}: releases.yaml is not there")
    try:
        return directory.load(root, require_down=require_down, read_large=read_large)
    except ReleaseInvalidError as error:
        from dbmigrations.runner.excerpts import with_excerpts

        raise ReleaseInvalidError(with_excerpts(root, error.problems)) from None


@dataclass
class Sources:
    """Release directories, each read once: all steps of one process work with what the first of them read."""

    _read: dict[Path, ReleaseDirectory] = field(default_factory=dict)

    def load(self, path: str) -> ReleaseDirectory:
        """As `load_source`; what could not be read is tried again."""
        place = Path(path).absolute()
        if place not in self._read:
            self._read[place] = load_source(path)
        return self._read[place]


def read_large(path: Path, limit: int) -> LargeText:
    """A large script without its data; what reads SQL is loaded only where there is one."""
    from dbmigrations.postgres.sql import bulk

    return bulk.read_large(path, limit)


def require_source(path: str) -> Path:
    """The folder of a release directory, which may still have errors.

    Raises:
        SourceMissingError: there is nothing there (yet).
    """
    root = require_folder(path)
    try:
        empty = next(root.iterdir(), None) is None
    except OSError as error:
        raise SourceMissingError(f"the release directory {path} cannot be read: {error.strerror}") from None
    if empty:
        raise SourceMissingError(f"the release directory {path} is empty")
    return root


def require_folder(path: str) -> Path:
    """A folder that is there.

    Raises:
        SourceMissingError: it is not.
    """
    shown = path if len(path) <= _SHOWN else f"{path[:_SHOWN]}…"
    try:
        there = bool(path) and Path(path).is_dir()
    except (OSError, ValueError) as error:  # a name that is too long, or that no file can have
        raise SourceMissingError(
            f"there can be no release directory at {shown!a}: {error.__class__.__name__}"
        ) from None
    if not there:
        raise SourceMissingError(f"there is no release directory at {shown or '(no path given)'}")
    return Path(path)


def newest_version(found: ReleaseDirectory) -> str:
    """The newest release: where a command goes that names no version.

    Raises:
        SourceMissingError: there is none yet.
    """
    if not found.versions:
        raise SourceMissingError("the release directory has no release yet: `dbmigrate release cut 1.0.0` makes one")
    return found.versions[-1]
