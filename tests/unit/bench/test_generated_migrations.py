"""The migrations that benchmarks generate: the same each time, valid, and of the kinds that real ones have."""

from pathlib import Path

from bench.engine import generated
from dbmigrations.postgres.sql.script import read
from dbmigrations.release.directory import inspect

MADE = generated.migrations(120)


def test_the_same_seed_gives_the_same_files_and_fewer_are_the_first_of_more() -> None:
    assert generated.migrations(120) == MADE
    assert generated.migrations(50) == MADE[:50]
    assert generated.migrations(50, seed=1) != MADE[:50]


def test_they_make_a_release_directory_without_a_warning(tmp_path: Path) -> None:
    generated.write(MADE, tmp_path)
    found, problems = inspect(tmp_path)
    assert found is not None
    assert [migration.name for migration in found.migrations] == [each.name for each in MADE]
    assert problems == ()


def test_they_make_and_change_tables_columns_indexes_constraints_and_enums() -> None:
    text = "".join(each.text for each in MADE)
    for kind in ("CREATE TABLE", "ADD COLUMN", "CREATE INDEX", "FOREIGN KEY", "CHECK", "CREATE TYPE", "ADD VALUE"):
        assert kind in text
    assert all(read(each.text).statements for each in MADE)
