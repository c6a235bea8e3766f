"""Reading files of a release directory: inside it, regular, of bearable size, UTF-8.

A release directory comes from an image, a ConfigMap or a volume that others fill. Every path is resolved and must stay
inside the root: a ConfigMap's own links (`..data`) do, a link to a mounted Secret does not.
"""

import re
import stat
from pathlib import Path

from dbmigrations.release import checksum
from dbmigrations.release.migration import Script

LEDGER_LIMIT = 1 << 20
"""Bytes of one ledger file."""

SCRIPT_LIMIT = 32 << 20
"""Bytes of one script."""

DRAFT = "-- migrate: draft"
"""What `dbmigrate new` writes: a script that is not written yet, which nobody may run or store as a down."""

_MEBIBYTE = 1 << 20
_DRAFT_LINE = re.compile(rf"^[ \t]*{DRAFT}\b", re.MULTILINE)


class UnreadableError(Exception):
    """A file that is there, or ought to be, and cannot be taken. `remedy` says what helps; it may be empty."""

    def __init__(self, message: str, remedy: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.line = line


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
    try:
        path = (root / relative).resolve(strict=True)
        if not path.is_relative_to(root.resolve(strict=True)):
            raise UnreadableError("leads out of the release directory", "put the file itself there, not a link to it")
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise UnreadableError("is not a file")
        if facts.st_size > limit:
            raise UnreadableError(f"is larger than {limit // _MEBIBYTE} MiB")
        with path.open("rb") as stream:
            raw = stream.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise AbsentError("is not there") from None
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or type(error).__name__}") from None
    except RuntimeError:  # what pathlib says of a loop of links before Python 3.13
        raise UnreadableError("is a link that leads to itself") from None
    if len(raw) > limit:
        raise UnreadableError(f"is larger than {limit // _MEBIBYTE} MiB")
    return raw


def decode(raw: bytes) -> str:
    """The text of a file, without a byte order mark and otherwise as written.

    Raises:
        UnreadableError: not UTF-8, or it holds a NUL, which no PostgreSQL statement may; `line` says where.
    """
    body = raw.removeprefix(checksum.BOM)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
        remedy = "it is UTF-16: save it as UTF-8" if wide else "save it as UTF-8"
        raise UnreadableError("is not UTF-8", remedy, line) from None
    if "\0" in text:
        raise UnreadableError("holds a NUL byte", "remove it", text.count("\n", 0, text.index("\0")) + 1)
    return text


def read_script(root: Path, relative: str) -> Script:
    """One SQL file with its checksums.

    Raises:
        AbsentError: there is no such file.
        UnreadableError: it cannot be taken, is empty, or is a draft.
    """
    raw = read_bytes(root, relative, SCRIPT_LIMIT)
    text = decode(raw)
    if not text.strip():
        raise UnreadableError("is empty", "where nothing is to be done, a comment says so")
    if DRAFT in text and (draft := _DRAFT_LINE.search(text)):
        line = text.count("\n", 0, draft.start()) + 1
        raise UnreadableError("is a draft", f"write it, and delete the line `{DRAFT}`", line)
    return Script(
        path=relative,
        text=text,
        checksum=checksum.canonical(raw),
        raw_checksum=checksum.of_bytes(raw),
        accepted_checksums=checksum.line_end_variants(raw),
    )
