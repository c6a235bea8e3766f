"""`release cut`: what no release lists yet becomes a release, written into the ledger.

The new lines are inserted into the text; everything that stands there, comments and formatting too, stays as it is.
The result is read again before it is written, and written as a whole or not at all.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dbmigrations.release import checksum, files
from dbmigrations.release.document import Items, Node, Table, read_document
from dbmigrations.release.layout import LEDGER, LEDGER_FOLDER, Found, scan
from dbmigrations.release.ledger import Ledger, LedgerRelease, read_many, read_single
from dbmigrations.release.ledger_files import read_ledger
from dbmigrations.release.migration import Key, Kind
from dbmigrations.release.problems import ReleaseInvalidError, errors
from dbmigrations.release.versions import Version, VersionError

_WIDTH = 100
"""Columns up to which a list stands on one line."""


class CutError(Exception):
    """Why no release can be cut, and what to do."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A release about to be written."""

    version: Version
    migrations: tuple[Key, ...]
    assertions: tuple[str, ...]
    file: str
    """The ledger file, relative to the release directory."""
    text: str
    """The whole new text of that file."""


def prepare_cut(root: Path, version: str, description: str = "") -> Cut:
    """The release that holds everything unreleased; writes nothing.

    Raises:
        CutError: not a version, already listed, or nothing is unreleased, or the ledger's form allows no insertion.
        ReleaseInvalidError: the ledger has errors.
    """
    try:
        parsed = Version.parse(version)
    except VersionError as error:
        raise CutError(str(error)) from None
    ledger = _existing(root)
    if any(release.version == parsed for release in ledger.releases):
        raise CutError(f"the ledger lists {version} already: add to it by hand, or cut another version")
    migrations, assertions = _unreleased(scan(root), ledger)
    if not migrations and not assertions:
        raise CutError("nothing is unreleased: each migration and each assertion is listed by a release")
    lines = _release_lines(migrations, assertions, description)
    if (root / LEDGER_FOLDER).is_dir():
        file, text = f"{LEDGER_FOLDER}/{version}.yaml", "\n".join(lines) + "\n"
        reread = read_many({file: text})
    else:
        file, text = LEDGER, _inserted(root, ledger, parsed, lines)
        reread = read_single(file, text)
    _check(reread, ledger if file == LEDGER else Ledger((), ()), parsed)
    return Cut(parsed, migrations, assertions, file, text)


def write_cut(root: Path, cut: Cut) -> None:
    """Write the ledger file, whole or not at all. An existing file keeps its mode, its byte order mark and its links.

    Raises:
        CutError: the system does not let us.
    """
    path = root / cut.file
    try:
        target = path.resolve()
        old = target.read_bytes() if target.exists() else b""
        mark = checksum.BOM if old.startswith(checksum.BOM) else b""
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        _replace(target, mark + cut.text.encode(), mode)
    except OSError as error:
        raise CutError(f"{cut.file} cannot be written: {error.strerror}") from None


def _replace(target: Path, content: bytes, mode: int) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _existing(root: Path) -> Ledger:
    """The ledger as it is; an empty one where there is none yet."""
    if not any(files.exists(root, name) for name in (LEDGER, LEDGER_FOLDER, "releases.yml")):
        return Ledger((), ())
    if (root / LEDGER_FOLDER).is_dir() and not any((root / LEDGER_FOLDER).iterdir()) and not files.exists(root, LEDGER):
        return Ledger((), ())
    if _is_blank(root):
        return Ledger((), ())
    ledger = read_ledger(root)
    if errors(ledger.problems):
        raise ReleaseInvalidError(errors(ledger.problems))
    return ledger


def _is_blank(root: Path) -> bool:
    """A ledger file that lists no release yet: empty, or `releases:` with nothing in it."""
    text = _text(root)
    document = read_document(LEDGER, text)
    if document.problems or not files.exists(root, LEDGER):
        return False
    match document.root:
        case None:
            return True
        case Table(entries=((key, value),)) if key.value == "releases":
            return _is_empty(value)
        case _:
            return False


def _is_empty(value: Node) -> bool:
    return not value.items if isinstance(value, Items) else not isinstance(value, Table) and value.absent


def _unreleased(found: Found, ledger: Ledger) -> tuple[tuple[Key, ...], tuple[str, ...]]:
    listed = {(line.kind, line.name) for release in ledger.releases for line in release.lines}
    asserted = {line.name for release in ledger.releases for line in release.assertions}
    return (
        tuple(key for key in found.migrations if key not in listed),
        tuple(name for name in found.assertions if name not in asserted),
    )


def _release_lines(migrations: tuple[Key, ...], assertions: tuple[str, ...], description: str) -> list[str]:
    """The fields of the release but its version, without indentation."""
    lines = [f"description: {_quoted(description)}"] if description else []
    for kind in Kind:
        lines += _list_lines(kind.value, [name for found, name in migrations if found is kind])
    return lines + _list_lines("verify", list(assertions))


def _list_lines(key: str, names: list[str]) -> list[str]:
    if not names:
        return []
    line = f"{key}: [{', '.join(names)}]"
    return [line] if len(line) <= _WIDTH else [f"{key}:", *(f"  - {name}" for name in names)]


def _quoted(text: str) -> str:
    """A double-quoted scalar, which can hold any text on one line."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(c, c if c.isprintable() else f"\\U{ord(c):08X}") for c in text) + '"'


def _inserted(root: Path, ledger: Ledger, version: Version, lines: list[str]) -> str:
    text = _text(root)
    newline = "\r\n" if "\r\n" in text else "\n"
    if not ledger.releases:
        kept = [line for line in text.splitlines() if line.lstrip().startswith("#")]
        return newline.join([*kept, "releases:", *_block(version, lines, 2, 2), ""])
    rows = text.splitlines()
    dash, inner = _indentation(rows, ledger)
    higher = next((release for release in ledger.releases if release.version > version), None)
    place = _end_of_items(rows, dash) if higher is None else _end_before(rows, higher.line - 1, dash)
    gap = [""] if any(not row.strip() for row in rows[ledger.releases[0].line :]) else []
    rows[place:place] = [*gap, *_block(version, lines, dash, inner)]
    return newline.join(rows) + newline


def _block(version: Version, lines: list[str], dash: int, inner: int) -> list[str]:
    return [f"{' ' * dash}-{' ' * (inner - 1)}version: {version}", *(f"{' ' * (dash + inner)}{line}" for line in lines)]


def _indentation(rows: list[str], ledger: Ledger) -> tuple[int, int]:
    """Columns before the dash, and from the dash to the keys, as the first release has them."""
    first = min(ledger.releases, key=lambda release: release.line)
    row = rows[first.line - 1]
    dash = len(row) - len(row.lstrip())
    if not row.lstrip().startswith("- "):
        raise CutError(
            f"{LEDGER}:{first.line}: a release can only be inserted into a list that has one `- version: …` for each: "
            "write it so"
        )
    return dash, len(row) - len(row[dash + 1 :].lstrip()) - dash


def _end_of_items(rows: list[str], dash: int) -> int:
    """After the last line that belongs to the list: content, or a comment that is indented as part of a release."""
    return 1 + max(i for i, row in enumerate(rows) if _belongs(row, dash))


def _end_before(rows: list[str], following: int, dash: int) -> int:
    """After the release that precedes the one that begins at `following`; the comment above that one stays with it."""
    place = following
    while place and not _belongs(rows[place - 1], dash):
        place -= 1
    return place


def _belongs(row: str, dash: int) -> bool:
    """Whether a row is content, or a comment inside a release, and not a comment between two."""
    bare = row.lstrip()
    return bool(bare) and (not bare.startswith("#") or len(row) - len(bare) > dash)


def _text(root: Path) -> str:
    if not files.exists(root, LEDGER):
        return ""
    try:
        return files.decode(files.read_bytes(root, LEDGER, files.LEDGER_LIMIT))
    except files.UnreadableError as error:
        raise CutError(f"{LEDGER} {error.message}") from None


def _check(reread: Ledger, before: Ledger, version: Version) -> None:
    """The new text must say what the old one said, and the new release."""
    kept = [_said(release) for release in reread.releases if release.version != version]
    if reread.problems or kept != [_said(release) for release in before.releases]:
        raise CutError(f"{LEDGER} is written in a way that no release can be inserted into: add {version} by hand")


def _said(release: LedgerRelease) -> tuple[object, ...]:
    lines = tuple((line.kind, line.name) for line in release.lines)
    asserted = tuple(line.name for line in release.assertions)
    return release.version, release.description, release.baseline, release.breaking, lines, asserted
