"""Backup: an artifact that was read back, before anything changes. Its failure stops the run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from dbmigrations.postgres import runs
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.dump import BackupRequest, retire_backups, take_backup
from dbmigrations.postgres.errors import BackupError
from dbmigrations.runner.report.events import BackupTaken, Noted
from dbmigrations.runner.report.words import size
from dbmigrations.runner.steps.planned import PlannedWork, take_up
from dbmigrations.runner.steps.session import Work, in_database, session_settings

if TYPE_CHECKING:
    from dbmigrations.api.step import StepRequest, StepResult
    from dbmigrations.runner.context import StepContext


def run(request: StepRequest, context: StepContext) -> StepResult:
    """Dump the database, check the dump, retire old ones. The lock keeps other migrations away meanwhile."""
    return in_database(request, context, _back_up, row_security=False)


def _back_up(work: Work) -> StepResult:
    planned = take_up(work)
    request = work.request
    if not request.backup.directory:
        raise BackupError("there is no folder for backups: name steps.backup.storage")
    with _dumping_session(work) as session:
        report = take_backup(session, _backup_request(planned), on_line=lambda line: work.context.report(Noted(line)))
    work.context.report(BackupTaken(report))
    stored = report.model_dump(mode="json", by_alias=True)
    result = planned.succeed(
        f"{size(report.size_bytes)} at {report.location}",
        backup=report,
        also=lambda: runs.record_backup(work.session, work.tables, request.run, stored),
    )
    directory = Path(request.backup.directory)
    for path in retire_backups(directory, _key(work), retain=request.backup.retain, run=request.run):
        work.context.report(Noted(f"retired the old backup {path.name}"))
    return result


def _dumping_session(work: Work) -> Session:
    return Session.open(work.context.logins.backup(), session_settings(work.request, row_security=False))


def _backup_request(planned: PlannedWork) -> BackupRequest:
    work = planned.work
    version = planned.history.current_version
    return BackupRequest(
        where=work.context.logins.backup(),
        directory=Path(work.request.backup.directory),
        database_key=_key(work),
        run=work.request.run,
        version="" if version.endswith("*") else version,
        schema=work.request.schema_name,
    )


def _key(work: Work) -> str:
    return database_key(work.request, work.session.facts.database)


def database_key(request: StepRequest, database: str) -> str:
    """The name of the folder that holds the backups of one database: the resource's, on a laptop the database's."""
    requester = request.requester
    return f"{requester.namespace}.{requester.name}" if requester.uid else _as_folder(database)


def _as_folder(name: str) -> str:
    """The name itself, but that it is one folder below the one for backups whatever is in it."""
    if name in {".", ".."}:
        return name.replace(".", "%2E")
    return "".join(each if each.isprintable() and each not in "/%" else quote(each, safe="") for each in name)
