"""DATABASE_VERSION.md says what the ledger says, and nothing in a text of a person becomes markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.release import directory
from dbmigrations.release.version_page import version_page

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = """\
releases:
  - version: 1.0.0
    description: "First | *one* <b>"
    baseline: true
    compatibility: {backend: "1.0.x || 2"}
    sql: [20260101_0900_a]
  - version: 1.1.0
    description: Second
    breaking: the `a` goes
    sql: [20260102_0900_b, 20260103_0900_c]
    irreversible: {20260103_0900_c: rows are gone}
    verify: [it_holds]
"""


def page(root: Path) -> str:
    for path in (
        "sql/20260101_0900_a.sql",
        "sql/20260102_0900_b.sql",
        "sql/20260102_0900_b.down.sql",
        "sql/20260103_0900_c.sql",
        "verify/it_holds.sql",
    ):
        target = root / "migrations" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("SELECT true;\n")
    (root / "releases.yaml").write_text(LEDGER)
    return version_page(directory.load(root))


def test_the_newest_release_comes_first_and_each_migration_has_its_way_back(tmp_path: Path) -> None:
    text = page(tmp_path)
    assert text.index("## 1.1.0") < text.index("## 1.0.0")
    assert "The newest version is **1.1.0**." in text
    assert "| SQL | `20260102_0900_b` | yes |" in text
    assert "| SQL | `20260103_0900_c` | no: rows are gone |" in text
    assert "| SQL | `20260101_0900_a` | no (baseline) |" in text
    assert "Verified by `it_holds`." in text


def test_texts_are_no_markup_and_end_no_cell(tmp_path: Path) -> None:
    text = page(tmp_path)
    assert r"First \| \*one\* \<b\>" in text
    assert r"`1.0.x \|\| 2`" in text
    assert r"**Breaking:** the \`a\` goes" in text


def test_a_ledger_without_releases_is_said(tmp_path: Path) -> None:
    (tmp_path / "releases.yaml").write_text("releases: []\n")
    assert "There is no release yet." in version_page(directory.load(tmp_path))
