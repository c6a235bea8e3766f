"""The files of a release directory: those that cannot be taken are told, unread where that is safer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from dbmigrations.release import files
from dbmigrations.release.directory import inspect
from tests.unit.release.on_disk import told, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty (where nothing is to be done, a comment says so)"),
        (b" \r\n\t", "is empty"),
        (b"SELECT 1;\nSELECT '\xe4';", ":2:9: is not UTF-8: 0xe4 at byte 18 (save it as UTF-8)"),
        ("\ufeff-- é\n-- ".encode() + b"\xc3(", ":2:4: is not UTF-8: 0xc3 at byte 12 (save it as UTF-8)"),
        ("-- é".encode()[:-1], ":1:4: is not UTF-8: 0xc3 at byte 3 (save it as UTF-8)"),
        ("SELECT 1;".encode("utf-16"), ":1:1: is not UTF-8: 0xff at byte 0 (it is UTF-16: save it as UTF-8)"),
        ("SELECT 1;".encode("utf-16-le"), ":1:2: holds a NUL byte, at byte 1 (it is UTF-16: save it as UTF-8)"),
        ("SELECT 1;".encode("utf-16-be"), ":1:1: holds a NUL byte, at byte 0 (it is UTF-16: save it as UTF-8)"),
        ("\ufeffSELECT 'é';\nSELECT 'é\0';".encode(), ":2:10: holds a NUL byte, at byte 26 (remove it)"),
    ],
)
def test_a_script_that_no_server_could_take_is_told_by_file_and_line(root: Path, content: bytes, message: str) -> None:
    write(root, "migrations/sql/20260101_0900_rls.sql", content)
    (line,) = told(root)
    assert line.startswith("error: migrations/sql/20260101_0900_rls.sql:")
    assert message in line


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "releases.yaml:1:1: is not UTF-8: 0xff at byte 0 (it is UTF-16: save it as UTF-8)"),
        (b"releases:\n\0", "releases.yaml:2:1: holds a NUL byte, at byte 10 (remove it)"),
        (b"#" * (files.LEDGER_LIMIT + 1), "releases.yaml: is larger than 1 MiB"),
        (b"", "releases.yaml: is empty"),
    ],
)
def test_a_ledger_that_is_no_text_is_told(root: Path, content: bytes, message: str) -> None:
    write(root, "releases.yaml", content)
    assert any(message in line for line in told(root))


def test_a_huge_script_is_refused_unread(root: Path) -> None:
    with (root / "migrations/sql/20260101_0900_rls.sql").open("wb") as stream:
        stream.truncate(files.SCRIPT_LIMIT + 1)
    assert told(root) == ["error: migrations/sql/20260101_0900_rls.sql: is larger than 32 MiB"]


def test_a_large_script_is_checked_as_a_small_one_is(root: Path) -> None:
    path = root / "migrations/sql/20260101_0900_rls.sql"
    filler = b"-- \xc3\xa9\n" * (files.LARGE // 6)
    for content, message in (
        (filler + b"SELECT '\0'", f"{len(filler) // 6 + 1}:9: holds a NUL byte, at byte {len(filler) + 8:,} (remove"),
        (filler + b"\xff", f"{len(filler) // 6 + 1}:1: is not UTF-8: 0xff at byte {len(filler):,} (save"),
        (filler[:-2], f"{len(filler) // 6}:4: is not UTF-8: 0xc3 at byte {len(filler) - 3:,} (save"),
    ):
        path.write_bytes(content)
        _, problems = inspect(root, read_large=whole)
        assert message in str(problems[0])


def whole(path: Path, _: int) -> files.LargeText:
    return files.LargeText(path.read_text(), ())


def test_a_link_out_of_the_directory_is_refused(root: Path, tmp_path: Path) -> None:
    write(tmp_path, "secret", "SELECT 'password';")
    script = root / "migrations/sql/20260101_0900_rls.sql"
    script.unlink()
    script.symlink_to(tmp_path / "secret")
    assert told(root) == [
        (
            "error: migrations/sql/20260101_0900_rls.sql: leads out of the release directory "
            "(put the file itself there, not a link to it)"
        )
    ]


def test_a_folder_linked_out_of_the_directory_is_refused_and_not_listed(root: Path, tmp_path: Path) -> None:
    (root / "migrations/verify/works.sql").unlink()
    (root / "migrations/verify").rmdir()
    write(tmp_path, "elsewhere/works.sql", "SELECT true;")
    write(tmp_path, "elsewhere/canary.sql", "SELECT true;")
    (root / "migrations/verify").symlink_to(tmp_path / "elsewhere")
    lines = told(root)
    assert lines == [
        (
            "error: migrations/verify/works.sql: leads out of the release directory "
            "(put the file itself there, not a link to it)"
        )
    ]


def test_the_links_of_a_mounted_configmap_are_fine(root: Path) -> None:
    (root / "..2026").mkdir()
    for name in ("prisma", "migrations", "releases.yaml"):
        (root / name).rename(root / "..2026" / name)
        (root / name).symlink_to(f"..data/{name}")
    (root / "..data").symlink_to("..2026")
    directory, problems = inspect(root)
    assert problems == ()
    assert directory is not None
    assert len(directory.migrations) == 3


def test_a_link_that_leads_to_itself_is_told(root: Path) -> None:
    script = root / "migrations/sql/20260101_0900_rls.sql"
    script.unlink()
    script.symlink_to(script.name)
    (line,) = told(root)
    assert line.startswith("error: migrations/sql/20260101_0900_rls.sql: ")


def test_what_is_no_regular_file_is_told_and_not_waited_for(root: Path) -> None:
    script = root / "migrations/sql/20260101_0900_rls.sql"
    script.unlink()
    os.mkfifo(script)
    assert told(root) == ["error: migrations/sql/20260101_0900_rls.sql: is not a file"]


def test_a_folder_in_the_place_of_a_script_is_told(root: Path) -> None:
    script = root / "migrations/sql/20260101_0900_rls.sql"
    script.unlink()
    script.mkdir()
    assert told(root) == ["error: migrations/sql/20260101_0900_rls.sql: is not a file"]
