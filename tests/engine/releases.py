"""Migrations and assertions made of texts, as a release directory would hold them."""

from __future__ import annotations

from dbmigrations.postgres.assertions import AssertionScript
from dbmigrations.release import checksum
from dbmigrations.release.migration import Kind, Migration, Script
from dbmigrations.release.versions import Version


def script(path: str, text: str) -> Script:
    """A file of a release directory."""
    raw = text.encode()
    return Script(path, text, checksum.canonical(raw), checksum.of_bytes(raw), checksum.line_end_variants(raw))


def migration(
    name: str, up: str, down: str | None = None, *, kind: Kind = Kind.SQL, release: str = "1.0.0"
) -> Migration:
    """A migration with its files."""
    made = None if down is None else script(f"{name}.down.sql", down)
    return migration_of(name, script(f"{name}.sql", up), made, kind=kind, release=release)


def migration_of(
    name: str, up: Script, down: Script | None = None, *, kind: Kind = Kind.SQL, release: str = "1.0.0"
) -> Migration:
    """A migration of scripts that were read."""
    return Migration(
        kind=kind,
        name=name,
        release=Version.parse(release),
        up=up,
        down=down,
        irreversible=None,
        file="releases.yaml",
        line=1,
    )


def assertion(name: str, text: str) -> AssertionScript:
    """A file of assertions."""
    made = script(f"migrations/verify/{name}.sql", text)
    return AssertionScript(name=name, path=made.path, text=text, checksum=made.checksum)
