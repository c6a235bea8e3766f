"""Finding and reading the ledger in a release directory: one file, or one for each release."""

from pathlib import Path

from dbmigrations.release import files
from dbmigrations.release.layout import LEDGER, LEDGER_FOLDER
from dbmigrations.release.ledger import Ledger, read_many, read_single
from dbmigrations.release.problems import Problem

_MISNAMED = "releases.yml"


def has_ledger(root: Path) -> bool:
    """Whether there is a ledger, whatever is wrong with it."""
    return any(files.exists(root, name) for name in (LEDGER, LEDGER_FOLDER, _MISNAMED))


def read_ledger(root: Path) -> Ledger:
    """The ledger of a release directory; what keeps it from being read is among its problems."""
    single = files.exists(root, LEDGER)
    many = files.exists(root, LEDGER_FOLDER)
    if single and many:
        return _unread(LEDGER, f"stands beside {LEDGER_FOLDER}/", "a ledger is one or the other: remove one of them")
    if single:
        text = _text(root, LEDGER)
        return read_single(LEDGER, text) if isinstance(text, str) else Ledger((), (text,))
    if many:
        return _read_folder(root)
    if files.exists(root, _MISNAMED):
        return _unread(_MISNAMED, "is not looked for", f"rename it to {LEDGER}")
    return _unread(
        LEDGER, "is not there", "`dbmigrate release cut 1.0.0` writes it; from a ConfigMap, `items` name the paths"
    )


def _read_folder(root: Path) -> Ledger:
    try:
        names = sorted(entry.name for entry in (root / LEDGER_FOLDER).iterdir() if not entry.name.startswith("."))
    except OSError as error:
        return _unread(LEDGER_FOLDER, f"cannot be read: {error.strerror}", "it is to be a folder of <version>.yaml")
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for name in names:
        file = f"{LEDGER_FOLDER}/{name}"
        if not name.endswith(".yaml"):
            problems.append(Problem(file, "is no ledger file", "name it <version>.yaml, or move it elsewhere"))
            continue
        text = _text(root, file)
        if isinstance(text, str):
            texts[file] = text
        else:
            problems.append(text)
    if not texts and not problems:
        return _unread(LEDGER_FOLDER, "is empty", "write <version>.yaml for each release")
    ledger = read_many(texts)
    return Ledger(ledger.releases, (*problems, *ledger.problems))


def _text(root: Path, file: str) -> str | Problem:
    try:
        return files.decode(files.read_bytes(root, file, files.LEDGER_LIMIT))
    except files.UnreadableError as error:
        return Problem(file, error.message, error.remedy, error.line, error.column)


def _unread(file: str, message: str, remedy: str) -> Ledger:
    return Ledger((), (Problem(file, message, remedy),))
