"""Equal digests are equal directories, and whatever is read from one is in its digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.release.content import content_digest

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "releases.yaml": "releases: []\n",
    "prisma/migrations/20260101000000_a/migration.sql": "SELECT 1;\n",
    "migrations/sql/20260101_0000_a.sql": "SELECT 1;\n",
    "migrations/data/20260101_0000_a.sql": "SELECT 1;\n",
    "migrations/verify/a.sql": "SELECT true;\n",
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_the_same_files_elsewhere_have_the_same(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a", FILES), write(tmp_path / "b", dict(reversed(FILES.items())))
    assert content_digest(first) == content_digest(second) is not None


@pytest.mark.parametrize("name", [*FILES, "releases/1.0.0.yaml", "migrations/sql/x", "migrations/verify/b/c.sql"])
def test_every_byte_and_every_name_counts(tmp_path: Path, name: str) -> None:
    root = write(tmp_path, FILES)
    seen = {content_digest(root)}
    for text in ("", "a", "ab"):
        write(root, {name: text})
        seen.add(content_digest(root))
    (root / name).rename((root / name).with_name("other"))
    seen.add(content_digest(root))
    # A file at the top that no longer has its name is none that is read, as if it were not there.
    assert len(seen) == 5
    assert None not in seen


def test_what_is_not_read_does_not_count(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    before = content_digest(root)
    write(root, {"logs/migration.log": "x", "README.md": "y", "prisma/schema.prisma": "z", "backups/1/toc.dat": "b"})
    assert content_digest(root) == before


def test_where_one_file_ends_and_the_next_begins_counts(tmp_path: Path) -> None:
    parts = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")]
    roots = [
        write(tmp_path / str(n), {"migrations/sql/a": one, "migrations/sql/b": other})
        for n, (one, other) in enumerate(parts)
    ]
    assert len({content_digest(root) for root in roots}) == len(parts)


def test_links_large_files_and_what_is_not_there_are_not_compared(tmp_path: Path) -> None:
    assert content_digest(tmp_path / "nothing") is None
    root = write(tmp_path / "a", FILES)
    (root / "migrations/sql/link").symlink_to("20260101_0000_a.sql")
    assert content_digest(root) is None
    (root / "migrations/sql/link").unlink()
    (root / "prisma").rename(root / "elsewhere")
    (root / "prisma").symlink_to("elsewhere")
    assert content_digest(root) is None
    (root / "prisma").unlink()
    assert content_digest(root) is not None
    assert content_digest(root, largest=10) is None
