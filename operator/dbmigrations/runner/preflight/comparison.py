"""Does a database hold what a release lists? Answered from what the tool recorded that migrated it before. Pure.

What agrees proves nothing about the files, for no tool but Prisma recorded their checksums in a way that we can repeat;
what disagrees proves that the version is not the one that was named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.postgres.predecessors.telling import Tool, version_key
from dbmigrations.release.migration import Kind
from dbmigrations.runner.preflight.matching import is_moment, leading_number, match, moment, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.postgres.predecessors.telling import Predecessor, Recorded
    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.release.migration import Key, Migration
    from dbmigrations.release.versions import Version


@dataclass(frozen=True)
class Comparison:
    """One tool's record beside one release directory."""

    directory: ReleaseDirectory
    recorded: frozenset[Key]
    """The migrations that the tool says are applied."""
    reaches: frozenset[Key]
    """Those of them that it names itself; the others only lie below."""
    expected: frozenset[Key]
    """The migrations of which the tool's silence would mean something."""
    unknown: tuple[Recorded, ...]
    """What it recorded and no line of the ledger has, newer than the oldest that some line has."""
    older: int
    """What it recorded before that: squashed since, or of the time before this ledger."""
    trusted: tuple[Kind, ...]
    """The kinds of which it knows no migration at all."""

    @property
    def says_something(self) -> bool:
        """Whether any of its versions is one of the ledger's: else its numbers are of another order."""
        return bool(self.reaches)

    def missing(self, version: Version) -> tuple[Migration, ...]:
        """What the releases up to `version` list, and the tool would have recorded and did not."""
        upto = self.directory.up_to(version)
        return tuple(each for each in upto if each.key in self.expected and each.key not in self.recorded)

    def further(self, version: Version) -> tuple[Migration, ...]:
        """What the tool recorded and only releases above `version` list."""
        upto = {each.key for each in self.directory.up_to(version)}
        return tuple(each for each in _all(self.directory) if each.key in self.reaches and each.key not in upto)

    def agreeing(self) -> str:
        """The release of the newest migration that the tool names, where all below is recorded too; empty: none is."""
        if self.unknown:
            return ""
        newest = max((each.release for each in _all(self.directory) if each.key in self.reaches), default=None)
        return "" if newest is None or self.missing(newest) else newest.text


def compare(predecessor: Predecessor, directory: ReleaseDirectory, *, beside_prisma: bool) -> Comparison:
    """Compare; `beside_prisma`: the schema migrations are Prisma's, which is asked for itself."""
    told = predecessor.told
    migrations = [each for each in _all(directory) if not (beside_prisma and each.kind is Kind.SCHEMA)]
    matched = match(migrations, told.recorded)
    upto = number_of(told.up_to)
    below = [] if upto is None else [each for each in migrations if _is_below(each, upto)]
    named = {each.key for each in below if moment(leading_number(each)) == moment(upto or 0)}
    kinds = {kind for kind, _ in matched.known} | {each.kind for each in below}
    if predecessor.tool is Tool.GOLANG_MIGRATE and upto is not None:  # one counter for all that is numbered alike
        kinds = {each.kind for each in migrations if is_moment(leading_number(each)) == is_moment(upto)}
    present = {each.kind for each in migrations}
    oldest = min((version_key(each.version) for each in matched.known.values()), default=())
    newer = tuple(each for each in matched.unknown if not _is_older(each, oldest))
    return Comparison(
        directory=directory,
        recorded=frozenset(matched.known) | {each.key for each in below},
        reaches=frozenset(matched.known) | named,
        expected=frozenset(each.key for each in migrations if each.kind in kinds),
        unknown=newer if matched.known else (),
        older=len(matched.unknown) - len(newer),
        trusted=tuple(kind for kind in Kind if kind in present - kinds),
    )


def _all(directory: ReleaseDirectory) -> Iterator[Migration]:
    for release in directory.releases:
        yield from release.migrations


def _is_below(migration: Migration, number: int) -> bool:
    own = leading_number(migration)
    return is_moment(own) == is_moment(number) and moment(own) <= moment(number)


def _is_older(recorded: Recorded, oldest: tuple[int, ...]) -> bool:
    key = version_key(recorded.version)
    return bool(key) and key < oldest
