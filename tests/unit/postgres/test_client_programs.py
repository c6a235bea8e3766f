"""How pg_dump is handed its login: the password in a file of its own, which is gone afterwards."""

import tempfile
from pathlib import Path

import pytest

from dbmigrations.postgres.client_programs import login_environment
from dbmigrations.postgres.settings import ConnectionSettings, Secret

PASSWORD = r"p@ss:w\rd"
LOGIN = ConnectionSettings(host="db", user="dumper", password=Secret(PASSWORD))


def test_where_a_folder_in_memory_is_the_password_is_written_there_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, disk = tmp_path / "memory", tmp_path / "disk"
    memory.mkdir()
    disk.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(disk))

    with login_environment(LOGIN, memory) as environment:
        passfile = Path(environment["PGPASSFILE"])
        assert passfile.is_relative_to(memory)
        assert passfile.read_text() == "*:*:*:*:p@ss\\:w\\\\rd\n"
        assert passfile.stat().st_mode & 0o777 == 0o600
        assert list(disk.iterdir()) == []

    assert list(memory.iterdir()) == []


def test_without_one_it_is_written_where_temporary_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with login_environment(LOGIN, tmp_path / "not there") as environment:
        assert Path(environment["PGPASSFILE"]).is_relative_to(tmp_path)

    assert list(tmp_path.iterdir()) == []
