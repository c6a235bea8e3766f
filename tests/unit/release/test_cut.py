"""Cutting a release adds lines to the ledger and leaves every other byte of it alone."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbmigrations.release.cut import CutError, prepare_cut, write_cut
from dbmigrations.release.directory import load
from dbmigrations.release.ledger import read_single
from dbmigrations.release.migration import Kind
from dbmigrations.release.problems import ReleaseInvalidError
from tests.unit.release.on_disk import write

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = """\
# Our database.

releases:   # newest last
  - version: 1.0.0
    description: 'as it began'   # keep these quotes
    sql: [ 20260101_0900_a ]
    # breaking: "why"   a hint that belongs to 1.0.0

  # This one was hard.
  - version: 1.2.0
    sql:
    - 20260102_0900_b
# the end
"""


def made(root: Path, ledger: str | None = LEDGER, *, new: bool = True) -> Path:
    for name in ("20260101_0900_a", "20260102_0900_b"):
        write(root, f"migrations/sql/{name}.sql", "SELECT 1;")
        write(root, f"migrations/sql/{name}.down.sql", "SELECT 1;")
    if new:
        write(root, "migrations/sql/20260103_0900_c.sql", "SELECT 1;")
        write(root, "migrations/data/20260103_1000_d.sql", "SELECT 1;")
        write(root, "prisma/migrations/20260103000000_e/migration.sql", "SELECT 1;")
        write(root, "migrations/verify/ok.sql", "SELECT true;")
    if ledger is not None:
        write(root, "releases.yaml", ledger)
    return root


def cut(root: Path, version: str, description: str = "") -> str:
    write_cut(root, prepare_cut(root, version, description))
    return (root / "releases.yaml").read_bytes().decode()


def test_a_new_release_is_appended_and_nothing_else_changes(tmp_path: Path) -> None:
    text = cut(made(tmp_path), "1.3.0", "Projects")
    block = dedent("""\

          - version: 1.3.0
            description: "Projects"
            schema: [20260103000000_e]
            sql: [20260103_0900_c]
            data: [20260103_1000_d]
            verify: [ok]
        """)
    block = "\n".join(f"  {line}".rstrip() for line in block.splitlines()) + "\n"
    assert text == LEDGER.removesuffix("# the end\n") + block + "# the end\n"
    assert load(tmp_path).unreleased == ()


def test_a_release_in_between_goes_before_the_comment_of_the_next(tmp_path: Path) -> None:
    text = cut(made(tmp_path), "1.1.0")
    assert text.index('# breaking: "why"') < text.index("- version: 1.1.0") < text.index("# This one was hard.")
    assert load(tmp_path).versions == ("1.0.0", "1.1.0", "1.2.0")


def test_what_was_cut_is_told(tmp_path: Path) -> None:
    prepared = prepare_cut(made(tmp_path), "1.3.0")
    assert prepared.migrations == (
        (Kind.SCHEMA, "20260103000000_e"),
        (Kind.SQL, "20260103_0900_c"),
        (Kind.DATA, "20260103_1000_d"),
    )
    assert prepared.assertions == ("ok",)
    assert (tmp_path / "releases.yaml").read_text() == LEDGER


@pytest.mark.parametrize("ledger", [None, "", "# ours\n", "releases:\n", "releases: []\n", "# ours\nreleases: ~\n"])
def test_the_first_release_makes_the_ledger(tmp_path: Path, ledger: str | None) -> None:
    text = cut(made(tmp_path, ledger), "1.0.0")
    assert load(tmp_path).versions == ("1.0.0",)
    assert len(load(tmp_path).migrations) == 5
    assert text.startswith("# ours\n") is (ledger or "").startswith("#")


def test_a_folder_of_releases_gets_a_file_of_its_own(tmp_path: Path) -> None:
    made(tmp_path, None)
    write(tmp_path, "releases/1.0.0.yaml", "sql: [20260101_0900_a, 20260102_0900_b]  # ours\n")
    write_cut(tmp_path, prepare_cut(tmp_path, "1.1.0"))
    assert load(tmp_path).versions == ("1.0.0", "1.1.0")
    assert (tmp_path / "releases/1.0.0.yaml").read_text().endswith("# ours\n")


def test_windows_line_ends_the_byte_order_mark_and_the_mode_stay(tmp_path: Path) -> None:
    made(tmp_path)
    path = tmp_path / "releases.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + LEDGER.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    write_cut(tmp_path, prepare_cut(tmp_path, "1.3.0"))
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf# Our")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize(
    "ledger", ["releases:\n- version: 1.0.0\n  sql: [20260101_0900_a]", "releases:\n-   version: 1.0.0\n"]
)
def test_the_indentation_of_the_file_is_kept(tmp_path: Path, ledger: str) -> None:
    text = cut(made(tmp_path, ledger), "1.3.0")
    dash = ledger.splitlines()[1].removesuffix("version: 1.0.0")
    assert f"\n{dash}version: 1.3.0\n" in text
    assert text.startswith(ledger)


def test_a_long_list_gets_a_line_for_each(tmp_path: Path) -> None:
    made(tmp_path)
    for number in range(9):
        write(tmp_path, f"migrations/sql/20260104_090{number}_some_long_name.sql", "SELECT 1;")
    assert "    sql:\n      - 20260103_0900_c\n      - 20260104_0900_some_long_name\n" in cut(tmp_path, "1.3.0")


@pytest.mark.parametrize(
    ("version", "new", "message"),
    [
        ("1.3", True, "write major.minor.patch, '1.3.0'"),
        ("../1.3.0", True, "is not a semantic version"),
        ("1.2.0", True, "lists 1.2.0 already"),
        ("1.3.0", False, "nothing is unreleased"),
    ],
)
def test_what_cannot_be_cut_says_why_and_writes_nothing(
    tmp_path: Path, *, version: str, new: bool, message: str
) -> None:
    made(tmp_path, new=new)
    with pytest.raises(CutError, match=message):
        prepare_cut(tmp_path, version)
    assert (tmp_path / "releases.yaml").read_text() == LEDGER


@pytest.mark.parametrize(
    "ledger",
    ["releases: [{version: 1.0.0}]\n", "{releases: [{version: 1.0.0}]}\n", "releases:\n  -\n    version: 1.0.0\n"],
)
def test_a_ledger_in_one_line_is_left_to_its_author(tmp_path: Path, ledger: str) -> None:
    made(tmp_path, ledger)
    with pytest.raises(CutError, match="can only be inserted into a list"):
        prepare_cut(tmp_path, "1.3.0")


def test_a_ledger_that_ends_its_document_is_left_to_its_author(tmp_path: Path) -> None:
    made(tmp_path, LEDGER + "...\n")
    with pytest.raises(CutError, match=r"add 1\.3\.0 by hand"):
        prepare_cut(tmp_path, "1.3.0")


def test_a_broken_ledger_is_mended_first(tmp_path: Path) -> None:
    made(tmp_path, "releases:\n  - version: 1.0\n")
    with pytest.raises(ReleaseInvalidError, match=r"releases\.yaml:2:14: version"):
        prepare_cut(tmp_path, "1.3.0")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    made(tmp_path, None)
    prepared = prepare_cut(tmp_path, "1.0.0")
    with pytest.raises(CutError, match=r"releases\.yaml cannot be written"):
        write_cut(tmp_path / "gone", prepared)


@pytest.fixture(scope="module")
def unreleased(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("database"))


@settings(max_examples=50)
@given(text=st.text(max_size=40))
def test_any_description_is_read_as_it_was_given(unreleased: Path, text: str) -> None:
    ledger = read_single("releases.yaml", prepare_cut(unreleased, "1.3.0", text).text)
    assert ledger.releases[-1].description == text
