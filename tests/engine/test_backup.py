"""Backups by pg_dump: taking one, what goes wrong, what is kept."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import stat
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.backup_check import backup_problem
from dbmigrations.postgres.backup_store import MANIFEST, BackupStore
from dbmigrations.postgres.connection import Session, SessionSettings
from dbmigrations.postgres.dump import BackupRequest, retire_backups, take_backup
from dbmigrations.postgres.errors import BackupError, ConnectionLostError, ContentionError, EngineError
from tests.engine.databases import CANARY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dbmigrations.postgres.settings import ConnectionSettings
    from tests.engine.databases import Database
from tests.engine.dumping import fill, kept, on_debians_server, take, wanted


@pytest.fixture
def filled(database: Database) -> Database:
    return fill(database)


@on_debians_server
def test_a_backup_can_be_restored(filled: Database, tmp_path: Path) -> None:
    with filled.session(row_security=False) as session:
        report = take_backup(session, wanted(filled, tmp_path))
    name = filled.server.create_database(f"restored_{filled.name}", owner=filled.owner)
    try:
        where = filled.server.dsn(name, user=filled.owner)
        subprocess.run(["pg_restore", "--exit-on-error", f"--dbname={where}", f"{report.location}/dump"], check=True)
        with filled.server.connect(name) as connection:
            assert connection.execute("SELECT id, word FROM t").fetchall() == [(1, "kept")]
    finally:
        filled.server.drop_database(name)


@on_debians_server
def test_a_backup_reports_where_it_lies_how_large_it_is_and_its_digest(filled: Database, tmp_path: Path) -> None:
    with filled.session(row_security=False) as session:
        report = take_backup(session, wanted(filled, tmp_path, version="1.0.0"))
    (backup,) = BackupStore(tmp_path / "shop.shop").all()
    assert report.location == str(backup.path)
    assert report.size_bytes == sum(path.stat().st_size for path in backup.dump.iterdir())
    listing = "".join(f"{file.sha256}  {file.name}\n" for file in backup.manifest.files)
    digest = subprocess.run(["sha256sum"], input=listing, capture_output=True, text=True, check=True).stdout.split()[0]
    assert report.sha256 == digest
    checked = subprocess.run(["sha256sum", "--check"], input=listing, cwd=backup.dump, text=True, check=False)
    assert checked.returncode == 0
    assert (backup.manifest.version, backup.manifest.database) == ("1.0.0", filled.name)


@on_debians_server
def test_a_repeated_step_reports_the_backup_that_its_run_took_before(filled: Database, tmp_path: Path) -> None:
    request = wanted(filled, tmp_path)
    with filled.session(row_security=False) as session:
        first = take_backup(session, request)
        second = take_backup(session, request)
    assert first == second
    assert len(kept(tmp_path)) == 1


@on_debians_server
def test_a_backup_that_was_damaged_meanwhile_is_an_error(filled: Database, tmp_path: Path) -> None:
    request = wanted(filled, tmp_path)
    with filled.session(row_security=False) as session:
        take_backup(session, request)
        (backup,) = BackupStore(tmp_path / "shop.shop").all()
        data = next(path for path in backup.dump.iterdir() if path.name.endswith(".dat.gz"))
        data.write_bytes(data.read_bytes()[:-1] + b"?")
        with pytest.raises(BackupError, match="not what its manifest says"):
            take_backup(session, request)


@on_debians_server
def test_a_dump_that_fails_leaves_nothing_and_says_why(filled: Database, tmp_path: Path) -> None:
    other = filled.role(password=CANARY)
    with filled.session(row_security=False) as session, pytest.raises(BackupError, match="permission denied") as caught:
        take_backup(session, wanted(filled, tmp_path, where=filled.where(user=other)))
    assert CANARY not in str(caught.value)
    assert list((tmp_path / "shop.shop").iterdir()) == []


@on_debians_server
def test_a_dump_whose_connection_was_ended_is_no_failure_but_lost(filled: Database, tmp_path: Path) -> None:
    with waiting_dump(filled, tmp_path) as (caught, dumping):
        filled.rows(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {dumping}")
    assert isinstance(caught[0], ConnectionLostError)
    assert kept(tmp_path) == []


@on_debians_server
def test_a_dump_that_waits_too_long_for_a_table_is_tried_later(filled: Database, tmp_path: Path) -> None:
    with waiting_dump(filled, tmp_path, lock_wait=1) as (caught, _):
        pass
    assert isinstance(caught[0], ContentionError)
    assert "locked" in str(caught[0])


@on_debians_server
@pytest.mark.skipif(not shutil.which("setpriv"), reason="only where util-linux is")
def test_pg_dump_does_not_outlive_a_killed_runner(filled: Database, tmp_path: Path) -> None:
    with filled.connect() as holder:
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE t")
        runner = multiprocessing.get_context("forkserver").Process(
            target=dump_at, args=(filled.where(), wanted(filled, tmp_path))
        )
        runner.start()
        until(lambda: filled.rows(f"SELECT FROM pg_stat_activity WHERE {DUMPING}"))
        runner.kill()
        until(lambda: not filled.rows(f"SELECT FROM pg_stat_activity WHERE {DUMPING}"))


DUMPING = "application_name = 'dbmigrate pg_dump' AND wait_event_type = 'Lock'"


@contextmanager
def waiting_dump(database: Database, folder: Path, **changes: object) -> Iterator[tuple[list[BaseException], str]]:
    """A dump that waits for a table within, and ends with it; how, the list says then."""
    ended: list[BaseException] = []

    def dump() -> None:
        try:
            take(database, folder, **changes)
        except EngineError as error:
            ended.append(error)

    with database.connect() as holder:
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE t")
        thread = threading.Thread(target=dump)
        thread.start()
        until(lambda: database.rows(f"SELECT FROM pg_stat_activity WHERE {DUMPING}"))
        yield ended, DUMPING
        thread.join()


def dump_at(where: ConnectionSettings, request: BackupRequest) -> None:
    with Session.open(where, SessionSettings("dbmigrate backup")) as session:
        take_backup(session, request)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def instead_of_pg_dump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a shell script where pg_dump is looked for; `--version` is still the real one's answer."""
    stand_in = tmp_path / "bin" / "pg_dump"

    def put(script: str) -> None:
        stand_in.parent.mkdir()
        stand_in.write_text(f'#!/bin/sh\ntest "$1" != --version || exec {shutil.which("pg_dump")} "$1"\n{script}\n')
        stand_in.chmod(0o755)
        monkeypatch.setenv("PATH", f"{stand_in.parent}:{os.environ['PATH']}")

    return put


@on_debians_server
def test_where_our_session_was_lost_too_no_words_of_pg_dump_are_needed(
    filled: Database, tmp_path: Path, instead_of_pg_dump: Callable[[str], None]
) -> None:
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
    where = filled.server.dsn(filled.name)
    instead_of_pg_dump(f'psql "{where}" -c "{end}"\necho "pg_dump: Fehler: Verbindung beendet" >&2\nexit 1')
    with filled.session(row_security=False) as session, pytest.raises(ConnectionLostError):
        take_backup(session, wanted(filled, tmp_path))
    assert list((tmp_path / "shop.shop").iterdir()) == []


@on_debians_server
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'pg_dump: error: could not write: No space left on device' >&2\nexit 1", "enlarge it, or keep fewer"),
        ("kill -KILL $$", "was ended by SIGKILL .out of memory"),
        ("exit 3", "failed with exit code 3: it said nothing"),
    ],
    ids=["full", "killed", "silent"],
)
def test_a_failure_that_trying_again_does_not_mend_says_what_does(
    filled: Database, tmp_path: Path, instead_of_pg_dump: Callable[[str], None], script: str, words: str
) -> None:
    instead_of_pg_dump(script)
    with filled.session(row_security=False) as session, pytest.raises(BackupError, match=words):
        take_backup(session, wanted(filled, tmp_path))


@on_debians_server
def test_what_an_interrupted_dump_left_is_removed_by_the_next(filled: Database, tmp_path: Path) -> None:
    left = tmp_path / "shop.shop" / ".unfinished-of-a-killed-run"
    left.mkdir(parents=True)
    (left / "toc.dat").write_text("half")
    run = take(filled, tmp_path)
    assert kept(tmp_path) == [run]
    assert not left.exists()


@on_debians_server
def test_the_password_is_in_no_argument_and_no_environment_of_pg_dump(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("pg_dump")
    spy = tmp_path / "bin" / "pg_dump"
    spy.parent.mkdir()
    spy.write_text(
        f'#!/bin/sh\n{{ env; printf "%s\\n" "$@"; stat -c "mode %a" "$PGPASSFILE"; }} >> "{tmp_path}/seen"\n'
        f'exec "{real}" "$@"\n'
    )
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    take(filled, tmp_path / "backups")
    seen = (tmp_path / "seen").read_text()
    assert "PGPASSFILE=" in seen
    assert "mode 600" in seen
    assert CANARY not in seen
    assert "PGPASSWORD" not in seen
    passfile = next(line.partition("=")[2] for line in seen.splitlines() if line.startswith("PGPASSFILE="))
    assert not os.path.lexists(passfile)
    manifest = next((tmp_path / "backups").rglob(MANIFEST))
    assert CANARY not in manifest.read_text()
    assert not manifest.stat().st_mode & stat.S_IWOTH


@on_debians_server
def test_the_dump_runs_in_the_role_that_migrations_run_in(filled: Database, tmp_path: Path) -> None:
    login = filled.role()
    filled.run(f"GRANT {filled.owner} TO {login}", f"ALTER ROLE {login} NOINHERIT")
    request = wanted(filled, tmp_path, where=filled.where(user=login))
    with filled.session(where=filled.where(user=login), role=filled.owner, row_security=False) as session:
        assert backup_problem(session, tmp_path) == ""
        take_backup(session, request)
    assert kept(tmp_path) == [request.run]


@on_debians_server
def test_peers_17_retention_keeps_the_newest_the_runs_own_and_the_newest_verified(
    filled: Database, tmp_path: Path
) -> None:
    verified = take(filled, tmp_path, version="1.0.0")
    of_this_run = take(filled, tmp_path)
    oldest = take(filled, tmp_path)
    newest = [take(filled, tmp_path) for _ in range(2)]
    foreign = tmp_path / "shop.shop" / "notes"
    foreign.mkdir()
    (foreign / MANIFEST).write_text("not one of ours")

    removed = retire_backups(tmp_path, "shop.shop", retain=2, run=of_this_run)

    assert [path.name.endswith(oldest) for path in removed] == [True]
    assert sorted(kept(tmp_path)) == sorted([verified, of_this_run, *newest])
    assert foreign.exists()
