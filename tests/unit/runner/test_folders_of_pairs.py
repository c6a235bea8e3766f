"""Any folder of migrations: which down belongs to which up, and in which order they come."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from dbmigrations.release.problems import ReleaseInvalidError
from dbmigrations.runner.rehearsal.pairs import find_pairs

if TYPE_CHECKING:
    from pathlib import Path


def files(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("SELECT 1;\n")
    return root


def downs(root: Path) -> dict[str, str | None]:
    found = find_pairs(root, "*.up.sql", "*.down.sql").migrations
    return {each.name: each.down.path if each.down else None for each in found}


def test_a_number_is_enough_to_find_the_down(tmp_path: Path) -> None:
    files(tmp_path, "7_add_inputs.up.sql", "7_add_input.down.sql", "8_b.up.sql", "9_c.down.sql")
    assert downs(tmp_path) == {"7_add_inputs": "7_add_input.down.sql", "8_b": None}
    assert find_pairs(tmp_path, "*.up.sql", "*.down.sql").lone_downs == ("9_c.down.sql",)


def test_a_number_of_several_decides_nothing(tmp_path: Path) -> None:
    files(
        tmp_path, "7_a.up.sql", "7_b.up.sql", "7_a.down.sql", "7_c.down.sql", "8_a.up.sql", "8_b.up.sql", "8_c.down.sql"
    )
    assert downs(tmp_path) == {"7_a": "7_a.down.sql", "7_b": "7_c.down.sql", "8_a": None, "8_b": None}


def test_versions_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    files(tmp_path, "V1__a.sql", "V1.10__c.sql", "V1.9__b.sql", "V2__d.sql", "V10__e.sql")
    names = [each.name for each in find_pairs(tmp_path, "V*.sql", "U*.sql").migrations]
    assert names == ["1__a", "1.9__b", "1.10__c", "2__d", "10__e"]


def test_folders_of_folders_come_in_the_order_of_both_numbers(tmp_path: Path) -> None:
    files(tmp_path, "10/01_c.up.sql", "2/10_b.up.sql", "2/9_a.up.sql", "2/9_a.down.sql")
    found = find_pairs(tmp_path, "*/*.up.sql", "*/*.down.sql").migrations
    assert [each.name for each in found] == ["2/9_a", "2/10_b", "10/01_c"]
    assert found[0].down is not None


@pytest.mark.parametrize("glob", ["up.sql", "/*.sql", "a**"])
def test_what_is_no_glob_is_told(glob: str, tmp_path: Path) -> None:
    files(tmp_path, "1.sql")
    with pytest.raises(ReleaseInvalidError):
        find_pairs(tmp_path, glob, "")


def test_one_file_may_hold_both_directions(tmp_path: Path) -> None:
    (tmp_path / "1_a.sql").write_text("-- migrate:up\nCREATE TABLE a ();\n\n-- migrate:down\nDROP TABLE a;\n")
    (tmp_path / "2_b.sql").write_text("-- +goose Up\n\n-- +goose Down\n")
    (tmp_path / "3_c.sql").write_text("CREATE TABLE c ();\n")
    first, second, third = find_pairs(tmp_path, "*.sql", "").migrations
    assert first.down is not None
    assert (first.up.text.strip(), first.down.text.strip()) == ("CREATE TABLE a ();", "DROP TABLE a;")
    assert first.up.checksum != first.down.checksum
    assert second.down is not None
    assert second.up.text.startswith("--")
    assert third.down is None


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "1_a.up.sql").mkdir()
    with pytest.raises(ReleaseInvalidError, match="is not a file"):
        find_pairs(tmp_path, "*.up.sql", "*.down.sql")


@pytest.mark.parametrize("name", [b"1_\xff.sql", b"1_a\nb.sql", b"1_\x1b[31m.sql"])
def test_a_name_that_is_no_text_is_told(name: bytes, tmp_path: Path) -> None:
    files(tmp_path, os.fsdecode(name))
    with pytest.raises(ReleaseInvalidError, match="has a name that is no text") as refused:
        find_pairs(tmp_path, "*.sql", "")
    assert str(refused.value).isascii()
