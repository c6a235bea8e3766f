"""Pairs of an up and a down script in any folder, by two globs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dbmigrations.release import checksum
from dbmigrations.release.files import SCRIPT_LIMIT, UnreadableError, read_bytes, read_script
from dbmigrations.release.migration import Kind, Migration, Script
from dbmigrations.release.problems import Problem, ReleaseInvalidError
from dbmigrations.release.versions import Version

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = Version.parse("0.0.0")
"""Of what no ledger lists."""

_NOTHING = "-- an empty file\n"
_LEADING = re.compile(r"\d+")


def find_pairs(root: Path, up_glob: str, down_glob: str) -> tuple[Migration, ...]:
    """The migrations of a folder, in the order of the number that their names begin with, then by name.

    Args:
        root: the folder.
        up_glob: with one `*`, which stands for the name: `*.up.sql`, `*/migration.sql`.
        down_glob: the same for downs: `*.down.sql`. One that is not there means that there is no way back.

    Raises:
        ReleaseInvalidError: a glob without exactly one `*`, no file that matches, or one that cannot be read.
    """
    for glob in (up_glob, down_glob):
        if glob.count("*") != 1:
            raise ReleaseInvalidError((Problem(glob, "needs exactly one *", "it stands for a migration's name"),))
    before, after = up_glob.split("*")
    names = sorted(
        (path.relative_to(root).as_posix().removeprefix(before).removesuffix(after) for path in root.glob(up_glob)),
        key=_place,
    )
    if not names:
        raise ReleaseInvalidError((Problem(str(root), f"holds no file like {up_glob}", "see --dir and --up-glob"),))
    return tuple(_pair(root, name, up_glob, down_glob) for name in names)


def _pair(root: Path, name: str, up_glob: str, down_glob: str) -> Migration:
    up, down = up_glob.replace("*", name), down_glob.replace("*", name)
    return Migration(
        kind=Kind.SQL,
        name=name,
        release=RELEASE,
        up=_script(root, up),
        down=_script(root, down) if (root / down).exists() else None,
        irreversible=None,
        file=up,
        line=1,
    )


def _script(root: Path, relative: str) -> Script:
    try:
        if not read_bytes(root, relative, SCRIPT_LIMIT).strip():  # other tools take an empty file; it does nothing
            return Script(relative, _NOTHING, checksum.canonical(b""), checksum.of_bytes(b""), frozenset())
        return read_script(root, relative)
    except UnreadableError as error:
        raise ReleaseInvalidError((Problem(relative, error.message, error.remedy, error.line, error.column),)) from None


def _place(name: str) -> tuple[int, str]:
    found = _LEADING.match(name)
    return (int(found.group()) if found else -1), name
