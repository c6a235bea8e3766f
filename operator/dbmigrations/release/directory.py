"""The release directory as a whole: the ledger with its files. Reads; writes nothing."""

from dataclasses import dataclass, field
from pathlib import Path

from dbmigrations.release.migration import Key, Kind, Migration, Release
from dbmigrations.release.problems import Problem, ReleaseInvalidError, errors
from dbmigrations.release.versions import Version


@dataclass(frozen=True, slots=True)
class Unreleased:
    """A migration whose files are there and that no release lists: reported, never applied by a version."""

    kind: Kind
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class ReleaseDirectory:
    """A valid release directory: releases in ascending order, each with its migrations in the ledger's order."""

    root: Path
    releases: tuple[Release, ...]
    unreleased: tuple[Unreleased, ...] = ()
    warnings: tuple[Problem, ...] = ()
    _positions: dict[Key, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Number the migrations once: their total order is asked for often."""
        object.__setattr__(self, "_positions", {m.key: i for i, m in enumerate(self.migrations)})

    @property
    def migrations(self) -> tuple[Migration, ...]:
        """All migrations in their one total order."""
        return tuple(migration for release in self.releases for migration in release.migrations)

    @property
    def versions(self) -> tuple[str, ...]:
        """All versions, ascending."""
        return tuple(release.version.text for release in self.releases)

    def release(self, version: str) -> Release | None:
        """The release of that version; None where the ledger does not list it."""
        return next((release for release in self.releases if release.version.text == version), None)

    def up_to(self, version: Version) -> tuple[Migration, ...]:
        """All migrations of releases at or below a version: what is desired there."""
        return tuple(migration for migration in self.migrations if migration.release <= version)

    def migration(self, kind: Kind, name: str) -> Migration | None:
        """The migration of that kind and name; None where no release lists it."""
        position = self.position((kind, name))
        return None if position is None else self.migrations[position]

    def position(self, key: Key) -> int | None:
        """Where a migration stands in the total order, from 0; None where no release lists it."""
        return self._positions.get(key)


def load(root: Path, *, require_down: bool = False) -> ReleaseDirectory:
    """Read and check a release directory.

    Raises:
        ReleaseInvalidError: where it has errors; all of them are in `problems`.
    """
    directory, problems = inspect(root, require_down=require_down)
    if directory is None:
        raise ReleaseInvalidError(errors(problems))
    return directory


def inspect(root: Path, *, require_down: bool = False) -> tuple[ReleaseDirectory | None, tuple[Problem, ...]]:
    """Read and check a release directory, telling everything found: errors and warnings, by file and line.

    The directory is None exactly when there is an error. A missing, undeclared down is a warning, with `require_down`
    an error.
    """
    raise NotImplementedError
