"""Scripts to apply: generated ones in the manner of an application's, and real ones that lie beside the repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.engine.generated import RELEASE_SIZE, migrations
from dbmigrations.release.kind import Kind
from tests import corpora as beside

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Scripts:
    """Scripts in the order in which they are applied: names as a release directory of `kind` has them, and texts."""

    title: str
    kind: Kind
    files: tuple[tuple[str, str], ...]


def generated(count: int) -> Scripts:
    """So many, as Prisma would have written them."""
    return Scripts(f"{count} generated", Kind.SCHEMA, tuple((each.name, each.text) for each in migrations(count)))


def corpora() -> tuple[Scripts, ...]:
    """The real ones, as far as they are there: Concourse's pairs, umami's of Prisma."""
    folder = beside.folder()
    if folder is None:
        return ()
    pairs = sorted((folder / "concourse").glob("*.up.sql"))
    concourse = tuple((f"{_minute(n)}_{path.name.partition('_')[2][:-7]}", _text(path)) for n, path in enumerate(pairs))
    folders = sorted((folder / "umami" / "prisma" / "migrations").glob("*/migration.sql"))
    umami = tuple((path.parent.name, _text(path)) for path in folders)
    found = (Scripts("Concourse", Kind.SQL, concourse), Scripts("umami", Kind.SCHEMA, umami))
    return tuple(scripts for scripts in found if scripts.files)


def write(scripts: Scripts, folder: Path) -> list[Path]:
    """A release directory of them, a release for each RELEASE_SIZE, each without a down and declared so; the files."""
    written, lines = [], ["releases:"]
    for number, (name, text) in enumerate(scripts.files):
        path = folder / _PLACES[scripts.kind].format(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
        if number % RELEASE_SIZE == 0:
            names = [name for name, _ in scripts.files[number : number + RELEASE_SIZE]]
            lines += [f"  - version: 1.{number // RELEASE_SIZE}.0", f"    {scripts.kind.value}: [{', '.join(names)}]"]
            lines += ["    irreversible:", *(f"      {each}: no down was written" for each in names)]
    (folder / "releases.yaml").write_text("\n".join(lines) + "\n")
    return written


_PLACES = {Kind.SCHEMA: "prisma/migrations/{}/migration.sql", Kind.SQL: "migrations/sql/{}.sql"}


def _text(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return text if text.strip() else "-- nothing to do\n"


def _minute(n: int) -> str:
    """A stamp for the n-th file; the real ones count seconds, of which several lie in one minute."""
    return f"2024{1 + n // 672:02}{1 + n // 24 % 28:02}_{n % 24:02}00"
