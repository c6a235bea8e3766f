"""New files: named by the time, drafts, never over what is there, never outside the directory."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from dbmigrations.release import directory, files
from dbmigrations.release.migration import Kind
from dbmigrations.release.scaffold import (
    ScaffoldError,
    prepare_assertion,
    prepare_directory,
    prepare_migration,
    write_files,
)

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        (Kind.SCHEMA, {f"prisma/migrations/20260203040506_tags/{name}.sql" for name in ("migration", "down")}),
        (Kind.SQL, {"migrations/sql/20260203_0405_tags.sql", "migrations/sql/20260203_0405_tags.down.sql"}),
        (Kind.DATA, {"migrations/data/20260203_0405_tags.sql", "migrations/data/20260203_0405_tags.down.sql"}),
    ],
)
def test_a_migration_gets_its_up_and_down_in_the_folder_of_its_kind(
    tmp_path: Path, kind: Kind, paths: set[str]
) -> None:
    made = prepare_migration(tmp_path, kind, "tags", NOW)
    write_files(tmp_path, made)
    assert {path for path in made.texts if (tmp_path / path).is_file()} == paths


def test_a_migration_without_a_way_back_gets_no_down(tmp_path: Path) -> None:
    made = prepare_migration(tmp_path, Kind.SQL, "tags", NOW, with_down=False)
    assert list(made.texts) == ["migrations/sql/20260203_0405_tags.sql"]


def test_a_new_script_is_refused_until_it_is_written(tmp_path: Path) -> None:
    made = prepare_migration(tmp_path, Kind.SQL, "tags", NOW)
    write_files(tmp_path, made)
    (tmp_path / "releases.yaml").write_text("releases:\n  - version: 1.0.0\n    sql: [20260203_0405_tags]\n")
    found, problems = directory.inspect(tmp_path)
    assert found is None
    assert {(p.file.rpartition(".")[0].endswith(".down"), p.line) for p in problems} == {(False, 2), (True, 2)}
    for path in made.texts:
        (tmp_path / path).write_text("SELECT 'a -- migrate: draft in a text';\n")
    assert directory.inspect(tmp_path)[0] is not None


def test_drafts_are_seen_whatever_their_line_ends(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_bytes(b"SELECT 1;\r\n  -- migrate: draft\r\n")
    with pytest.raises(files.UnreadableError) as caught:
        files.read_script(tmp_path, "a.sql")
    assert caught.value.line == 2


@pytest.mark.parametrize(
    "label", ["", "../x", "a b", "a/b", "a.sql", "-x", "ä", "a\nb", "$(id)", "x" * 300, "a\0b", "a;rm", "con:"]
)
def test_names_that_could_leave_the_folder_or_break_a_line_are_refused(tmp_path: Path, label: str) -> None:
    for kind in Kind:
        with pytest.raises(ScaffoldError) as caught:
            prepare_migration(tmp_path, kind, label, NOW)
        assert "\n" not in str(caught.value)
    with pytest.raises(ScaffoldError):
        prepare_assertion(tmp_path, label)
    assert list(tmp_path.iterdir()) == []


def test_a_refused_name_is_told_with_one_that_will_do(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match="write add_a_colour"):
        prepare_migration(tmp_path, Kind.SQL, "add a colour!", NOW)


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    write_files(tmp_path, prepare_migration(tmp_path, Kind.SQL, "tags", NOW))
    with pytest.raises(ScaffoldError, match="there already"):
        prepare_migration(tmp_path, Kind.SQL, "tags", NOW)
    made = prepare_migration(tmp_path, Kind.SQL, "other", NOW)
    down = tmp_path / "migrations/sql/20260203_0405_other.down.sql"
    down.write_text("mine")
    with pytest.raises(ScaffoldError, match="cannot be written"):
        write_files(tmp_path, made)
    assert down.read_text() == "mine"
    assert not (tmp_path / "migrations/sql/20260203_0405_other.sql").exists()


def test_a_folder_that_leads_outside_gets_no_file(tmp_path: Path) -> None:
    root, outside = tmp_path / "database", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "migrations").symlink_to(outside)
    with pytest.raises(ScaffoldError, match="outside"):
        write_files(root, prepare_migration(root, Kind.SQL, "tags", NOW))
    assert list(outside.iterdir()) == []


def test_a_migration_that_would_not_be_the_last_is_told(tmp_path: Path) -> None:
    write_files(tmp_path, prepare_migration(tmp_path, Kind.SQL, "later", NOW.replace(year=2030)))
    assert prepare_migration(tmp_path, Kind.SQL, "tags", NOW).newest == "20300203_0405_later"


def test_a_new_directory_is_valid_and_made_once(tmp_path: Path) -> None:
    write_files(tmp_path, prepare_directory(tmp_path))
    found, problems = directory.inspect(tmp_path)
    assert found is not None
    assert (found.releases, problems) == ((), ())
    with pytest.raises(ScaffoldError, match="there already"):
        prepare_directory(tmp_path)
