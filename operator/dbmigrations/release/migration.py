"""What a release is made of: scripts, migrations, assertions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.release.kind import Key as Key
from dbmigrations.release.kind import Kind as Kind

if TYPE_CHECKING:
    from pathlib import Path

    from dbmigrations.release.versions import Range, Version


@dataclass(frozen=True, slots=True)
class BulkData:
    """Lines of COPY … FROM STDIN that stay in their file, to be streamed from there."""

    file: Path
    start: int
    """Where they begin in the file, in bytes."""
    length: int
    """In bytes."""
    lines: int
    sha256: str
    """Of the bytes, lower-case hex: whoever sends them looks whether they are still the same."""
    offset: int
    """Where they would stand in the script's text, in characters."""


@dataclass(frozen=True, slots=True)
class Script:
    """One SQL file. `text` has no byte order mark and is otherwise as written (line ends too)."""

    path: str
    """Relative to the release directory, with `/`."""
    text: str
    checksum: str
    """sha256 of the canonical bytes: the identity."""
    raw_checksum: str
    """sha256 of the bytes as they are, as Prisma records it."""
    accepted_checksums: frozenset[str]
    """Raw checksums that Prisma takes for the same script: LF and CRLF variants."""
    bulk: tuple[BulkData, ...] = ()
    """What a large file holds besides `text`, in order."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration of a release, with its scripts."""

    kind: Kind
    name: str
    release: Version
    up: Script
    down: Script | None
    irreversible: str | None
    """Why it has no down, where the ledger declares so."""
    file: str
    """The ledger file that lists it."""
    line: int

    @property
    def key(self) -> Key:
        """Kind and name."""
        return self.kind, self.name

    @property
    def down_checksum(self) -> str:
        """The canonical checksum of the down; empty where there is none."""
        return self.down.checksum if self.down else ""


@dataclass(frozen=True, slots=True)
class Assertion:
    """A file of `migrations/verify`: each statement must return one row, one column, true."""

    name: str
    release: Version
    script: Script
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Compatibility:
    """Which versions of a component of the software work with a release of the database."""

    component: str
    versions: Range


@dataclass(frozen=True, slots=True)
class Release:
    """One release of the ledger: an ordered list of migrations, and what is said about them."""

    version: Version
    description: str
    baseline: bool
    """It existed before us: no downs asked, never undone."""
    breaking: str | None
    compatibility: tuple[Compatibility, ...]
    migrations: tuple[Migration, ...]
    assertions: tuple[Assertion, ...]
    file: str
    line: int
