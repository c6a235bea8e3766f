"""All steps of a process work with the release directory that the first of them read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.runner.errors import SourceMissingError
from dbmigrations.runner.source import Sources

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, description: str) -> None:
    (folder / "migrations" / "sql").mkdir(parents=True, exist_ok=True)
    (folder / "migrations" / "sql" / "20240101_0900_a.sql").write_text("SELECT 1;\n")
    (folder / "releases.yaml").write_text(
        f"releases:\n  - version: 1.0.0\n    description: {description}\n    sql: [20240101_0900_a]\n"
    )


def test_a_directory_is_read_once_by_whatever_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "first")
    monkeypatch.chdir(tmp_path.parent)
    sources = Sources()
    before = sources.load(str(tmp_path))
    write(tmp_path, "second")
    assert sources.load(tmp_path.name) is before
    assert Sources().load(str(tmp_path)).releases[0].description == "second"


def test_what_was_not_there_is_looked_for_again(tmp_path: Path) -> None:
    sources, folder = Sources(), tmp_path / "database"
    with pytest.raises(SourceMissingError):
        sources.load(str(folder))
    write(folder, "mended")
    assert sources.load(str(folder)).releases[0].description == "mended"
