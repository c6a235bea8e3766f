"""How pg_dump is handed its login, in a file that is gone afterwards, and what its end is taken for."""

import os
import tempfile
from pathlib import Path

import pytest

from dbmigrations.postgres.client_programs import login_environment, run_program
from dbmigrations.postgres.dump import speaks_english
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


@pytest.mark.parametrize(
    ("words", "lost", "blocked"),
    [
        (
            "pg_dump: detail: Error message from server: FATAL:  terminating connection due to administrator",
            True,
            False,
        ),
        ("pg_dump: error: Dumping failed: server closed the connection unexpectedly", True, False),
        (
            'pg_dump: error: connection to server at "db" failed: FATAL:  the database system is starting up',
            True,
            False,
        ),
        ('pg_dump: error: could not translate host name "db" to address: Name or service not known', True, False),
        ("pg_dump: detail: Error message from server: SSL SYSCALL error: EOF detected", True, False),
        ("pg_dump: detail: Error message from server: SSL error: unexpected eof while reading", True, False),
        ("pg_dump: error: query failed: ERROR:  could not import the requested snapshot", True, False),
        ("pg_dump: detail: ERROR:  canceling statement due to statement timeout", False, True),
        ('pg_dump: error: could not obtain lock on relation "t"', False, True),
        ("pg_dump: error: query failed: ERROR:  permission denied for table t", False, False),
        ("pg_dump: error: could not write to file: No space left on device", False, False),
        ("pg_dump: error: a worker process died unexpectedly", False, False),
    ],
)
def test_the_words_of_a_failure_say_whether_to_try_again(words: str, *, lost: bool, blocked: bool) -> None:
    script = 'echo "$WORDS" >&2; for i in 1 2 3 4 5 6 7; do echo "pg_dump: detail: $i" >&2; done; exit 1'
    ended = run_program(["sh", "-c", script], {"PATH": os.environ["PATH"], "WORDS": words})
    assert (ended.lost, ended.blocked, ended.is_unexplained) == (lost, blocked, not (lost or blocked))


@pytest.mark.parametrize("setting", ["C", "C.UTF-8", "POSIX", "en_US.UTF-8", ""])
def test_english_is_what_is_read(setting: str) -> None:
    assert speaks_english(setting)


@pytest.mark.parametrize("setting", ["de_DE.UTF-8", "ru_RU.UTF-8", "German_Germany.1252"])
def test_other_languages_are_not(setting: str) -> None:
    assert not speaks_english(setting)
