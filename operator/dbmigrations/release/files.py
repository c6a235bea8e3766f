"""Reading files of a release directory: inside it, regular, of bearable size, UTF-8.

A release directory comes from an image, a ConfigMap or a volume that others fill. Every path is resolved and must stay
inside the root: a ConfigMap's own links (`..data`) do, a link to a mounted Secret does not.
"""

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dbmigrations.release import checksum
from dbmigrations.release.decoding import Checking, UnreadableError, decode
from dbmigrations.release.migration import BulkData, Script
from dbmigrations.release.sections import sections_of

LEDGER_LIMIT = 1 << 20
"""Bytes of one ledger file."""

SCRIPT_LIMIT = 32 << 20
"""Bytes of one script, without the data of COPY … FROM STDIN where that is left in its file."""

DATA_LIMIT = 16 << 30
"""Bytes of one script with all its data."""

LARGE = 4 << 20
"""Bytes from which a script's data is left in its file."""

PRISMAS = "/migration.sql"
"""How paths of Prisma's scripts end. They may be empty: a comment in an applied one would contradict its checksum."""

DRAFT = "-- migrate: draft"
"""What `dbmigrate new` writes: a script that is not written yet, which nobody may run or store as a down."""

_MEBIBYTE = 1 << 20
_DRAFT_LINE = re.compile(rf"^[ \t]*{DRAFT}\b", re.MULTILINE)


__all__ = ["AbsentError", "UnreadableError", "decode", "read_bytes", "read_script"]


class AbsentError(UnreadableError):
    """There is no such file."""


def exists(root: Path, relative: str) -> bool:
    """Whether something of that name is there, readable or not: a dangling link is."""
    path = root / relative
    try:
        return path.is_symlink() or path.exists()
    except OSError:
        return False


def read_bytes(root: Path, relative: str, limit: int) -> bytes:
    """The bytes of a regular file inside the root.

    Raises:
        AbsentError: there is no such file.
        UnreadableError: it leads outside, is no regular file, is too large, or the system refuses it.
    """
    return _bytes(_regular(root, relative, limit)[0], limit)


def _bytes(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(limit + 1)
    except OSError as error:
        raise _refused(error) from None
    if len(raw) > limit:
        raise _too_large(limit)
    return raw


def _regular(root: Path, relative: str, limit: int) -> tuple[Path, os.stat_result]:
    try:
        path, facts = _inside(root, relative)
    except (FileNotFoundError, NotADirectoryError):
        raise AbsentError("is not there") from None
    except OSError as error:
        raise _refused(error) from None
    except RuntimeError:  # what pathlib says of a loop of links before Python 3.13
        raise UnreadableError("is a link that leads to itself") from None
    if not stat.S_ISREG(facts.st_mode):
        raise UnreadableError("is not a file")
    if facts.st_size > limit:
        raise _too_large(limit)
    return path, facts


def _inside(root: Path, relative: str) -> tuple[Path, os.stat_result]:
    """What lies there, which is inside the root. Only where a link stands on the way is there anything to resolve."""
    place = str(root)  # a directory has thousands of files: texts cost a fifth of what paths do
    for part in relative.split("/"):
        place = f"{place}/{part}"
        facts = os.lstat(place)
        if part == ".." or stat.S_ISLNK(facts.st_mode):
            break
    else:
        return Path(place), facts
    at = (root / relative).resolve(strict=True)
    if not at.is_relative_to(root.resolve(strict=True)):
        raise UnreadableError("leads out of the release directory", "put the file itself there, not a link to it")
    return at, at.stat()


def _refused(error: OSError) -> UnreadableError:
    return UnreadableError(f"cannot be read: {error.strerror or type(error).__name__}")


def _too_large(limit: int) -> UnreadableError:
    return UnreadableError(f"is larger than {limit // _MEBIBYTE} MiB")


@dataclass(frozen=True, slots=True)
class LargeText:
    """The text of a large script without the data that stays in its file."""

    text: str
    bulk: tuple[BulkData, ...]


LargeReader = Callable[[Path, int], LargeText]
"""Reads a large script, which is valid UTF-8, keeping at most so many characters.

Raises UnreadableError where it would have to keep more.
"""


def read_script(root: Path, relative: str, read_large: LargeReader | None = None) -> Script:
    """One SQL file with its checksums.

    Args:
        root: of the release directory.
        relative: the file's path in it.
        read_large: leaves the data of a large script in its file; without it every script is read as a whole.

    Raises:
        AbsentError: there is no such file.
        UnreadableError: it cannot be taken, is empty, or is a draft.
    """
    path, facts = _regular(root, relative, SCRIPT_LIMIT if read_large is None else DATA_LIMIT)
    if read_large is not None and facts.st_size > LARGE:
        return _large_script(path, relative, read_large)
    raw = _bytes(path, SCRIPT_LIMIT)
    return _script(relative, LargeText(decode(raw), ()), checksum.of_script(raw))


def _large_script(path: Path, relative: str, read_large: LargeReader) -> Script:
    digest, checking = checksum.Digest(), Checking()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_MEBIBYTE):
                digest.feed(piece)
                checking.take(piece)
            before = os.fstat(stream.fileno())
        checking.finish()
        read = read_large(path, SCRIPT_LIMIT)
        after = path.stat()
    except OSError as error:
        raise _refused(error) from None
    except UnicodeDecodeError:
        raise UnreadableError("was changed while it was read", "try again") from None
    if (before.st_ino, before.st_size, before.st_mtime_ns) != (after.st_ino, after.st_size, after.st_mtime_ns):
        raise UnreadableError("was changed while it was read", "try again")
    return _script(relative, read, digest.checksums())


def _script(relative: str, read: LargeText, checksums: checksum.Checksums) -> Script:
    if not read.text.strip() and not relative.endswith(PRISMAS):
        raise UnreadableError("is empty", "where nothing is to be done, a comment says so")
    if DRAFT in read.text and (draft := _DRAFT_LINE.search(read.text)):
        line = read.text.count("\n", 0, draft.start()) + 1
        raise UnreadableError("is a draft", f"write it, and delete the line `{DRAFT}`", line)
    sections = sections_of(read.text)
    if sections is not None and sections.both_do_something:
        raise UnreadableError(
            "holds the way there and the way back in one file",
            "put what is below this line into a file of its own, the down script",
            sections.down_line,
        )
    return Script(relative, read.text, checksums.canonical, checksums.raw, checksums.accepted, read.bulk)
