"""Where the files of a release directory lie, and which names they may have.

Names reach paths, so their alphabet is closed: no separator, nothing that begins with a hyphen or a dot. Prisma takes
any name for its folders, and real ones hold spaces and dots behind their number, or nothing at all where `migrate dev`
asked for a name and got none.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from dbmigrations.release.migration import Kind
from dbmigrations.release.problems import Problem, Severity

LEDGER = "releases.yaml"
LEDGER_FOLDER = "releases"
NAME_LIMIT = 200
"""Characters of a migration's name: with its suffixes it stays a file name, and fits Prisma's varchar(255)."""

UNSUPPORTED_SUFFIXES = (".ts", ".mts", ".mjs", ".js", ".py")
"""Data migrations in these languages are recognised, so that they are not overlooked, and refused."""

FOLDERS = {Kind.SCHEMA: "prisma/migrations", Kind.SQL: "migrations/sql", Kind.DATA: "migrations/data"}
VERIFY_FOLDER = "migrations/verify"

_SCHEMA = re.compile(r"[0-9]{1,14}_(?![.-])(?!.*\.sql\Z)(?:[\w .+@(),=&-]*[\w)])?\Z")
_DATED = re.compile(r"[0-9]{8}_[0-9]{4}_[A-Za-z0-9][A-Za-z0-9_-]*\Z", re.ASCII)
_ASSERTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z", re.ASCII)
_PATTERNS = {Kind.SCHEMA: _SCHEMA, Kind.SQL: _DATED, Kind.DATA: _DATED}
_EXPECTED = {
    Kind.SCHEMA: "YYYYMMDDHHMMSS_name, as Prisma names its folders",
    Kind.SQL: "YYYYMMDD_HHMM_name",
    Kind.DATA: "YYYYMMDD_HHMM_name",
}


def up_path(kind: Kind, name: str) -> str:
    """The script that applies a migration, relative to the release directory."""
    match kind:
        case Kind.SCHEMA:
            return f"{FOLDERS[kind]}/{name}/migration.sql"
        case Kind.SQL | Kind.DATA:
            return f"{FOLDERS[kind]}/{name}.sql"


def down_path(kind: Kind, name: str) -> str:
    """The script that undoes a migration, relative to the release directory."""
    match kind:
        case Kind.SCHEMA:
            return f"{FOLDERS[kind]}/{name}/down.sql"
        case Kind.SQL | Kind.DATA:
            return f"{FOLDERS[kind]}/{name}.down.sql"


def assertion_path(name: str) -> str:
    """The script of an assertion, relative to the release directory."""
    return f"{VERIFY_FOLDER}/{name}.sql"


def wrong_name(kind: Kind | None, name: str) -> str:
    """Why a migration (or, with None, an assertion) cannot have this name; empty: it can."""
    pattern = _PATTERNS[kind] if kind else _ASSERTION
    if len(name) <= NAME_LIMIT and pattern.match(name):
        return ""
    expected = _EXPECTED[kind] if kind else "letters, digits, hyphens and underscores"
    bare = re.sub(r"(\.down)?\.(sql|ts|mts|mjs|js|py)\Z", "", name)
    if bare != name and pattern.match(bare):
        return f"write {bare!r}, without the suffix"
    if len(name) > NAME_LIMIT:
        return f"at most {NAME_LIMIT} characters"
    return f"expected {expected}"


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in the folders of migrations, whether a release lists it or not."""

    migrations: tuple[tuple[Kind, str], ...]
    """Each with an up script, by kind and then by name."""
    assertions: tuple[str, ...]
    foreign: tuple[tuple[str, str], ...]
    """Data migrations in a language that is not supported: name and path."""
    strays: tuple[Problem, ...]
    """Warnings about files whose name says nothing to us."""

    def names(self, kind: Kind) -> tuple[str, ...]:
        """The names of one kind, sorted: by date, as they begin with it."""
        return tuple(name for found, name in self.migrations if found is kind)


def scan(root: Path) -> Found:
    """Look at the folders; opens no file. Folders that are not there are empty."""
    migrations: list[tuple[Kind, str]] = []
    strays: list[Problem] = []
    foreign: list[tuple[str, str]] = []
    for name in _entries(root, FOLDERS[Kind.SCHEMA]):
        _sort_schema_folder(root, name, migrations, strays)
    for kind in (Kind.SQL, Kind.DATA):
        _sort_files(root, kind, migrations, strays, foreign)
    assertions = tuple(n.removesuffix(".sql") for n in _entries(root, VERIFY_FOLDER) if n.endswith(".sql"))
    return Found(tuple(migrations), assertions, tuple(foreign), tuple(strays))


def _sort_schema_folder(root: Path, name: str, found: list[tuple[Kind, str]], strays: list[Problem]) -> None:
    path = f"{FOLDERS[Kind.SCHEMA]}/{name}"
    is_there = (root / f"{path}/migration.sql").exists()
    if not is_there and not (root / path).is_dir():
        return
    if reason := wrong_name(Kind.SCHEMA, name):
        strays.append(_stray(path, reason))
    elif is_there:
        found.append((Kind.SCHEMA, name))
    else:
        strays.append(_stray(path, "it holds no migration.sql"))


def _sort_files(
    root: Path,
    kind: Kind,
    found: list[tuple[Kind, str]],
    strays: list[Problem],
    foreign: list[tuple[str, str]],
) -> None:
    names = _entries(root, FOLDERS[kind])
    ups = {name.removesuffix(".sql") for name in names if name.endswith(".sql") and not name.endswith(".down.sql")}
    for name in names:
        path = f"{FOLDERS[kind]}/{name}"
        stem, suffix = _split(name)
        if suffix == ".down.sql":
            if stem not in ups:
                strays.append(_stray(path, f"there is no {stem}.sql that it could undo"))
        elif suffix == ".sql":
            if reason := wrong_name(kind, stem):
                strays.append(_stray(path, reason))
            else:
                found.append((kind, stem))
        elif suffix in UNSUPPORTED_SUFFIXES and not wrong_name(kind, stem):
            foreign.append((stem, path))


def _split(name: str) -> tuple[str, str]:
    for suffix in (".down.sql", ".sql", *UNSUPPORTED_SUFFIXES):
        if name.endswith(suffix):
            return name.removesuffix(suffix), suffix
    return name, ""


def _entries(root: Path, relative: str) -> list[str]:
    """Names in a folder inside the root, sorted; not the hidden ones, among them a ConfigMap's `..data`."""
    folder = root / relative
    try:
        if not folder.resolve(strict=True).is_relative_to(root.resolve(strict=True)):
            return []
        return sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    except (OSError, RuntimeError):
        return []


def _stray(path: str, reason: str) -> Problem:
    return Problem(path, "is no migration that a release could list", reason, severity=Severity.WARNING)
