"""The migrations of any folder, as other tools have them: pairs of an up and a down script, or files with both."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.release import checksum
from dbmigrations.release.files import SCRIPT_LIMIT, UnreadableError, decode, read_bytes
from dbmigrations.release.migration import Kind, Migration, Script
from dbmigrations.release.problems import Problem, ReleaseInvalidError
from dbmigrations.release.sections import sections_of
from dbmigrations.release.versions import Version

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = Version.parse("0.0.0")
"""Of what no ledger lists."""

_NOTHING = "-- an empty file\n"
_NUMBER = re.compile(r"\d+(?:[._/]\d+)*")


@dataclass(frozen=True, slots=True)
class Found:
    """The migrations in order, and the downs that belong to none of them."""

    migrations: tuple[Migration, ...]
    lone_downs: tuple[str, ...] = ()


def find_pairs(root: Path, up_glob: str, down_glob: str) -> Found:
    """The migrations of a folder, in the order of the number that their names begin with, then by name.

    An up and a down belong together by their names, or else by a number that no others have (as in golang-migrate).

    Args:
        root: the folder.
        up_glob: what stands from its first `*` to its last is the name: `*.up.sql`, `*/migration.sql`, `*/*.up.sql`.
        down_glob: the same for downs: `*.down.sql`. One that is not there means that there is no way back.
            Empty: each file holds both directions, marked as goose, dbmate, sql-migrate and others do it.

    Raises:
        ReleaseInvalidError: a glob without a `*`, no file that matches, or one that cannot be read.
    """
    ups = _names(root, up_glob)
    if not ups:
        raise ReleaseInvalidError((Problem(str(root), f"holds no file like {up_glob}", "see --dir and --up-glob"),))
    if not down_glob:
        return Found(tuple(_split(root, name, _path(up_glob, name)) for name in ups))
    downs = _names(root, down_glob)
    found = {name: name for name in ups if name in downs} | _by_number(set(ups) - set(downs), set(downs) - set(ups))
    pairs = tuple(_pair(root, name, up_glob, _path(down_glob, found[name]) if name in found else "") for name in ups)
    lone = (name for name in downs if name not in found.values())
    return Found(pairs, tuple(_path(down_glob, name) for name in lone))


def _names(root: Path, glob: str) -> tuple[str, ...]:
    before, after = _around(glob)
    try:
        paths = [path.relative_to(root).as_posix() for path in root.glob(glob)]
    except (ValueError, NotImplementedError) as error:  # what pathlib says of `a**` and of an absolute one
        raise ReleaseInvalidError((Problem(glob, f"is no glob: {error}", "write one like `*.up.sql`"),)) from None
    if unreadable := [path for path in paths if not path.isprintable()]:
        raise ReleaseInvalidError(
            Problem(ascii(path), "has a name that is no text", "rename it") for path in unreadable
        )
    return tuple(sorted((path.removeprefix(before).removesuffix(after) for path in paths), key=_place))


def _around(glob: str) -> tuple[str, str]:
    """What stands before a migration's name, and behind it."""
    if "*" not in glob:
        raise ReleaseInvalidError((Problem(glob, "needs a *", "it stands for a migration's name"),))
    return glob[: glob.index("*")], glob[glob.rindex("*") + 1 :]


def _path(glob: str, name: str) -> str:
    return name.join(_around(glob))


def _by_number(ups: set[str], downs: set[str]) -> dict[str, str]:
    """The down of each up whose number only these two have."""
    numbers = Counter(map(_number, ups)), Counter(map(_number, downs))
    return {
        up: down
        for up in ups
        for down in downs
        if _number(up) and _number(up) == _number(down) and all(each[_number(up)] == 1 for each in numbers)
    }


def _pair(root: Path, name: str, up: str, down: str) -> Migration:
    path = _path(up, name)
    return _migration(name, _script(root, path), _script(root, down) if down else None)


def _split(root: Path, name: str, path: str) -> Migration:
    """What one file says of both directions; without a mark it is an up without a way back."""
    whole = _script(root, path)
    sections = sections_of(whole.text)
    if sections is None:
        return _migration(name, whole, None)
    down = None if sections.down is None else _of_text(path, sections.down)
    return _migration(name, _of_text(path, sections.up), down)


def _migration(name: str, up: Script, down: Script | None) -> Migration:
    return Migration(
        kind=Kind.SQL, name=name, release=RELEASE, up=up, down=down, irreversible=None, file=up.path, line=1
    )


def _script(root: Path, relative: str) -> Script:
    try:
        text = decode(read_bytes(root, relative, SCRIPT_LIMIT))
    except UnreadableError as error:
        raise ReleaseInvalidError((Problem(relative, error.message, error.remedy, error.line, error.column),)) from None
    return _of_text(relative, text)


def _of_text(path: str, text: str) -> Script:
    """Other tools take an empty file; it does nothing."""
    said = text if text.strip() else _NOTHING
    sums = checksum.of_script(said.encode())
    return Script(path, said, sums.canonical, sums.raw, sums.accepted)


def _number(name: str) -> tuple[int, ...]:
    found = _NUMBER.match(name)
    return tuple(map(int, re.split("[._/]", found.group()))) if found else ()


def _place(name: str) -> tuple[tuple[int, ...], str]:
    return _number(name), name
