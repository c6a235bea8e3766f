"""The release directory as a whole: the ledger with its files. Reads; writes nothing."""

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from dbmigrations.release.files import LargeReader
from dbmigrations.release.gathering import Gathering
from dbmigrations.release.layout import Found, scan, up_path
from dbmigrations.release.ledger import Ledger
from dbmigrations.release.ledger_files import read_ledger
from dbmigrations.release.migration import Key, Kind, Migration, Release
from dbmigrations.release.problems import Problem, ReleaseInvalidError, Severity, errors
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
    migrations: tuple[Migration, ...] = field(init=False, repr=False, compare=False)
    """All migrations in their one total order."""
    _positions: dict[Key, int] = field(init=False, repr=False, compare=False)
    _ends: tuple[int, ...] = field(init=False, repr=False, compare=False)
    """How many migrations the first n releases have, by n."""

    def __post_init__(self) -> None:
        """Number the migrations once: their total order is asked for often."""
        migrations = tuple(migration for release in self.releases for migration in release.migrations)
        object.__setattr__(self, "migrations", migrations)
        object.__setattr__(self, "_positions", {m.key: i for i, m in enumerate(migrations)})
        ends = tuple(accumulate((len(release.migrations) for release in self.releases), initial=0))
        object.__setattr__(self, "_ends", ends)

    @property
    def versions(self) -> tuple[str, ...]:
        """All versions, ascending."""
        return tuple(release.version.text for release in self.releases)

    def release(self, version: str) -> Release | None:
        """The release of that version; None where the ledger does not list it."""
        return next((release for release in self.releases if release.version.text == version), None)

    def up_to(self, version: Version) -> tuple[Migration, ...]:
        """All migrations of releases at or below a version: what is desired there."""
        below = bisect_right(self.releases, version, key=lambda release: release.version)
        return self.migrations[: self._ends[below]]

    def migration(self, kind: Kind, name: str) -> Migration | None:
        """The migration of that kind and name; None where no release lists it."""
        position = self.position((kind, name))
        return None if position is None else self.migrations[position]

    def position(self, key: Key) -> int | None:
        """Where a migration stands in the total order, from 0; None where no release lists it."""
        return self._positions.get(key)


def load(root: Path, *, require_down: bool = False, read_large: LargeReader | None = None) -> ReleaseDirectory:
    """Read and check a release directory. Arguments as of `inspect`.

    Raises:
        ReleaseInvalidError: where it has errors; all of them are in `problems`.
    """
    directory, problems = inspect(root, require_down=require_down, read_large=read_large)
    if directory is None:
        raise ReleaseInvalidError(errors(problems))
    return directory


@dataclass(frozen=True, slots=True)
class Inspection:
    """A release directory as far as it can be read, and everything that is wrong with it."""

    readable: ReleaseDirectory
    """Scripts that cannot be had are empty and have no path; releases that cannot be read are missing."""
    problems: tuple[Problem, ...]
    lists_all: bool
    """Whether the ledger itself is without an error: what is missing in `readable` is then not listed."""

    @property
    def valid(self) -> ReleaseDirectory | None:
        """The directory; None exactly where there is an error."""
        return None if errors(self.problems) else self.readable


def inspect(
    root: Path, *, require_down: bool = False, read_large: LargeReader | None = None
) -> tuple[ReleaseDirectory | None, tuple[Problem, ...]]:
    """Read and check a release directory, telling everything found: errors and warnings, by file and line.

    The directory is None exactly when there is an error. A missing, undeclared down is a warning, with `require_down`
    an error. `read_large` leaves the data of large ups in their files; without it they are read as a whole.
    """
    found = examine(root, require_down=require_down, read_large=read_large)
    return found.valid, found.problems


def examine(root: Path, *, require_down: bool = False, read_large: LargeReader | None = None) -> Inspection:
    """The same for those who go on with what can be read."""
    if not root.is_dir():
        problem = Problem(str(root), "is not a folder", "name the folder that holds releases.yaml")
        return Inspection(ReleaseDirectory(root, ()), (problem,), lists_all=False)
    found = scan(root)
    ledger = read_ledger(root)
    gathering = Gathering(root, found, require_down=require_down, read_large=read_large)
    releases = tuple(gathering.release(release) for release in ledger.releases)
    unlisted = gathering.unlisted() if releases else []
    problems = _in_order((*ledger.problems, *gathering.problems, *found.strays, *unlisted))
    warnings = tuple(problem for problem in problems if problem.severity is Severity.WARNING)
    readable = ReleaseDirectory(root, releases, unreleased(found, ledger), warnings)
    return Inspection(readable, problems, lists_all=not errors(ledger.problems))


def unreleased(found: Found, ledger: Ledger) -> tuple[Unreleased, ...]:
    """What lies there and no release lists, by kind and name."""
    listed = {(line.kind, line.name) for release in ledger.releases for line in release.lines}
    return tuple(
        Unreleased(kind, name, up_path(kind, name)) for kind, name in found.migrations if (kind, name) not in listed
    )


def _in_order(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column)))
