"""The Backup step: taken and checked before anything changes, or nothing changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import Failure, Refusal, Waiting
from dbmigrations.api.spec import BackupWhen
from dbmigrations.api.step import Outcome, RequestedBackup
from dbmigrations.postgres.client_programs import client_version

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator


@pytest.fixture
def storage(tmp_path: Path) -> RequestedBackup:
    """A mounted volume for backups."""
    (tmp_path / "backups").mkdir()
    return RequestedBackup(when=BackupWhen.ALWAYS, directory=str(tmp_path / "backups"), retain=2)


@pytest.fixture
def can_dump(database: Database) -> bool:
    """Whether this machine's pg_dump can dump the tested server."""
    client = client_version("pg_dump")
    return client is not None and client.major >= database.server.major


def test_a_backup_is_taken_before_anything_changes_or_nothing_changes(
    operator: Operator, storage: RequestedBackup, database: Database, *, can_dump: bool
) -> None:
    results = operator.migrate("1.0.0", backup=storage)
    if not can_dump:
        assert (results[-1].outcome, results[-1].reason) == (Outcome.REFUSED, Refusal.BACKUP_IMPOSSIBLE)
        assert database.value("SELECT to_regnamespace('dbmigrations')") is None
        return
    assert [r.step.name for r in results] == ["Preflight", "Backup", "Schema", "Verify"]
    report = results[1].backup
    assert report is not None
    assert Path(report.location).is_relative_to(Path(storage.directory) / "prod.shop")
    assert sum(f.stat().st_size for f in Path(report.location).rglob("*") if f.is_file()) >= report.size_bytes
    assert database.value("SELECT backup ->> 'sha256' FROM dbmigrations.migration_run") == report.sha256


def test_a_backup_step_run_again_reports_the_backup_that_it_took(
    operator: Operator, storage: RequestedBackup, *, can_dump: bool
) -> None:
    request, planned = operator.preflight("1.0.0", backup=storage)
    if not can_dump:
        assert planned.reason is Refusal.BACKUP_IMPOSSIBLE
        return
    follower = request.model_copy(update={"step": planned.next, "plan_hash": planned.plan.hash if planned.plan else ""})
    assert operator.job(follower).backup == operator.job(follower).backup
    assert len(list((Path(storage.directory) / "prod.shop").iterdir())) == 1


def test_a_backup_that_fails_stops_the_run_before_any_change(
    operator: Operator, storage: RequestedBackup, database: Database, *, can_dump: bool
) -> None:
    request, planned = operator.preflight("1.0.0", backup=storage)
    if not can_dump:
        assert planned.reason is Refusal.BACKUP_IMPOSSIBLE
        return
    Path(storage.directory).rmdir()
    Path(storage.directory).write_text("a file where the volume was")
    failed = operator.follow(request, planned)[-1]
    assert (failed.step.name, failed.outcome, failed.reason) == ("Backup", Outcome.FAILED, Failure.BACKUP_FAILED)
    assert database.value("SELECT to_regclass('notes')") is None


def test_without_storage_a_wanted_backup_is_impossible(operator: Operator) -> None:
    _, refused = operator.preflight("1.0.0", backup=RequestedBackup(when=BackupWhen.ALWAYS))
    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, Refusal.BACKUP_IMPOSSIBLE)
    assert "steps.backup.storage" in refused.message


def test_another_login_takes_the_backup(
    operator: Operator, storage: RequestedBackup, database: Database, *, can_dump: bool
) -> None:
    folder = operator.folder / "backup-credentials"
    folder.mkdir()
    login = database.role("BYPASSRLS", "IN ROLE pg_read_all_data", password="dumper's p@ss")
    for key, value in {
        "host": "127.0.0.1",
        "port": str(database.server.port),
        "dbname": database.name,
        "user": login,
        "password": "dumper's p@ss",
    }.items():
        (folder / key).write_text(value)
    results = operator.migrate("1.0.0", backup=storage, backup_credentials=str(folder))
    if not can_dump:
        assert results[-1].reason is Refusal.BACKUP_IMPOSSIBLE
        return
    assert results[-1].outcome is Outcome.SUCCEEDED, operator.log
    assert "dumper's p@ss" not in operator.log


def test_a_laptop_takes_a_backup_into_a_folder(laptop: Laptop, *, can_dump: bool) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    ran = laptop.run("backup", "--backup-dir", "kept", "--json")
    if not can_dump:
        assert (ran.code, ran.document["error"]["reason"]) == (20, "BackupFailed")
        return
    location = Path(ran.document["backup"]["location"])
    assert location.is_relative_to(laptop.folder / "kept")
    assert location.is_dir()


@pytest.mark.parametrize("name", ["..", "../a/../../b", "a\nb\x1b[31m"])
def test_whatever_a_database_is_called_its_backups_stay_in_the_folder(
    laptop: Laptop, database: Database, name: str, *, can_dump: bool
) -> None:
    if not can_dump:
        pytest.skip("this machine's pg_dump cannot dump the tested server")
    server = database.server
    server.create_database(name)
    try:
        ran = replace(laptop, url=server.url(name)).run("backup", "--json")
    finally:
        server.drop_database(name)
    place = Path(ran.document["backup"]["location"])
    assert place.resolve().parent.parent == (laptop.folder / "backups").resolve()
    assert place.is_dir()


def test_why_no_backup_was_taken_stands_in_the_log(laptop: Laptop) -> None:
    ran = replace(laptop, url="postgresql://nobody@127.0.0.1:1/nothing").run("backup", "--log-dir", "logs")
    (log,) = (laptop.folder / "logs").iterdir()
    assert ran.code == 30, ran.all
    assert "error: cannot connect to nobody@127.0.0.1:1/nothing: nothing listens there" in log.read_text()


def test_a_login_for_the_backup_that_cannot_connect_now_is_waited_for(operator: Operator, tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    folder.mkdir()
    for key, value in {"host": "127.0.0.1", "port": "1", "dbname": "x", "user": "x", "password": "x"}.items():
        (folder / key).write_text(value)
    storage = RequestedBackup(when=BackupWhen.ALWAYS, directory=str(tmp_path))

    results = operator.migrate("1.0.0", backup=storage, backup_credentials=str(folder))

    assert [(result.outcome, result.reason) for result in results] == [(Outcome.WAITING, Waiting.DATABASE)]
