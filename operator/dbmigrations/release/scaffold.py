"""New files in a release directory: a migration that nobody has written yet, or a whole directory.

Nothing is ever overwritten, no file is written outside the directory, and the ledger stays as it is: a new migration
is unreleased until `release cut`. A new script says that it is a draft, so that it is not run before it is written.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dbmigrations.release import files, layout
from dbmigrations.release.files import DRAFT
from dbmigrations.release.migration import Kind

ASSERTION = "verify"
"""The kind of an assertion, beside the three kinds of migrations."""

_STAMPS = {Kind.SCHEMA: "%Y%m%d%H%M%S", Kind.SQL: "%Y%m%d_%H%M", Kind.DATA: "%Y%m%d_%H%M"}
_KEEP = ".gitkeep"
_LEDGER = """\
# The ledger: which migration belongs to which version. `dbmigrate new` makes the files of a migration, and
# `dbmigrate release cut 1.0.0` puts all that is unreleased into a release of this list.
releases: []
"""


class ScaffoldError(Exception):
    """Why the files cannot be made, and what to do."""


@dataclass(frozen=True, slots=True)
class NewFiles:
    """Files about to be written: path relative to the release directory → text."""

    name: str
    """Of the migration or assertion; empty: of a whole directory."""
    texts: Mapping[str, str]
    newest: str = ""
    """A migration of the same kind that sorts after the new one; empty: the new one is the last, as it should be."""


def prepare_migration(root: Path, kind: Kind, label: str, now: datetime, *, with_down: bool = True) -> NewFiles:
    """The up and the down of a new migration, named by the time (UTC).

    Args:
        root: the release directory.
        kind: which folder, and which form of name.
        label: what it does, such as `add_colours`: letters, digits, hyphens, underscores.
        now: the time.
        with_down: False where the ledger will declare it irreversible.

    Raises:
        ScaffoldError: the label can be no part of a file's name, or there is a migration of this name.
    """
    name = f"{now.strftime(_STAMPS[kind])}_{label}"
    _check_name(kind, label, name)
    up, down = layout.up_path(kind, name), layout.down_path(kind, name)
    texts = {up: f"-- {label}: what changes.\n{DRAFT} (delete this line when it is written)\n"}
    if with_down:
        texts[down] = f"-- {label}: what undoes it.\n{DRAFT} (delete this line when it is written)\n"
    last = max(layout.scan(root).names(kind), default="")
    return _unless_there(root, NewFiles(name, texts, last if last > name else ""))


def prepare_assertion(root: Path, label: str) -> NewFiles:
    """A new assertion.

    Raises:
        ScaffoldError: as `prepare_migration`.
    """
    _check_name(None, label, label)
    text = f"-- {label}: each statement returns one row with one column, true.\n{DRAFT} (delete this line)\n"
    return _unless_there(root, NewFiles(label, {layout.assertion_path(label): text}))


def prepare_directory(root: Path) -> NewFiles:
    """A release directory without a release: the ledger, and the folders of migrations and assertions.

    Raises:
        ScaffoldError: there is a ledger.
    """
    for name in (layout.LEDGER, layout.LEDGER_FOLDER, "releases.yml"):
        if files.exists(root, name):
            raise ScaffoldError(f"{name} is there already: this is a release directory")
    folders = (*layout.FOLDERS.values(), layout.VERIFY_FOLDER)
    kept = {f"{folder}/{_KEEP}": "" for folder in folders if not (root / folder).is_dir()}
    return NewFiles("", {layout.LEDGER: _LEDGER, **kept})


def write_files(root: Path, new: NewFiles) -> None:
    """Write all of the files, or none.

    Raises:
        ScaffoldError: one is there meanwhile, would lie outside the directory, or the system does not let us.
    """
    for relative in new.texts:
        folder = (root / relative).parent
        if not folder.resolve().is_relative_to(root.resolve()):
            raise ScaffoldError(f"{relative} would lie outside the release directory: {folder} is a link")
    written: list[Path] = []
    path = root
    try:
        for relative, text in new.texts.items():
            path = root / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as stream:
                written.append(path)
                stream.write(text)
    except OSError as error:
        for each in written:
            each.unlink(missing_ok=True)
        raise ScaffoldError(f"{path} cannot be written: {error.strerror or type(error).__name__}") from None


def _check_name(kind: Kind | None, label: str, name: str) -> None:
    if not layout.wrong_name(kind, name) and not layout.wrong_name(None, label):
        return
    suggested = re.sub(r"[^A-Za-z0-9]+", "_", label).strip("_")[:100]
    hint = f": write {suggested}" if suggested and not layout.wrong_name(kind, name[: -len(label)] + suggested) else ""
    if len(name) > layout.NAME_LIMIT:
        raise ScaffoldError(f"the name is too long: at most {layout.NAME_LIMIT} characters, with its time{hint}")
    raise ScaffoldError(
        "a name has letters, digits, hyphens and underscores, and begins with a letter or digit; "
        f"{label!a} does not{hint}"
    )


def _unless_there(root: Path, new: NewFiles) -> NewFiles:
    for relative in new.texts:
        if files.exists(root, relative):
            raise ScaffoldError(f"{relative} is there already: take another name")
    return new
