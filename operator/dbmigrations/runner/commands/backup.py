"""`dbmigrate backup`: a dump that was read back, in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from dbmigrations.postgres.backup_check import ASKED_FOR, backup_problem
from dbmigrations.postgres.dump import BackupRequest, take_backup
from dbmigrations.postgres.errors import BackupError
from dbmigrations.postgres.facts import read_history
from dbmigrations.postgres.lock import migration_lock
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.laptop import Laptop, at_laptop
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.options import Place, backup_options, log_dir_option, place_options
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.commands.running_steps import logged
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.report.events import BackupTaken, Noted
from dbmigrations.runner.report.words import size
from dbmigrations.runner.steps.backup import database_key
from dbmigrations.runner.steps.listening import listener
from dbmigrations.runner.steps.session import open_work

if TYPE_CHECKING:
    from dbmigrations.api.step import BackupReport, RequestedBackup
    from dbmigrations.runner.context import StepContext


@click.command("backup", cls=Leaf)
@place_options
@backup_options
@log_dir_option
@laptop_command
def backup(desk: Desk, place: Place, backup: RequestedBackup, log_dir: Path | None) -> Exit:
    """Take a backup by pg_dump, check that it can be read back, and say where it is. No old one is removed."""
    laptop = at_laptop(desk, place)
    with logged(laptop, laptop.context(), log_dir) as context:
        report = _take(laptop, context, Path(backup.directory))
    if desk.terminal.as_json:
        desk.terminal.document(document("backup", backup=report.to_wire()))
    else:
        desk.terminal.say(f"{report.location}  {size(report.size_bytes)}  sha256 {report.sha256}")
    return Exit.OK


def _take(laptop: Laptop, context: StepContext, folder: Path) -> BackupReport:
    request = laptop.request("")
    with (
        open_work(request, context, row_security=False) as work,
        migration_lock(
            work.session,
            work.tables,
            wait=request.timeouts.wait,
            application_schema=request.schema_name,
            listener=listener(context.report),
        ),
    ):
        problem = backup_problem(work.session, folder, ASKED_FOR)
        if problem:
            raise BackupError(f"no backup can be taken: {problem}")
        version = read_history(work.session, work.tables).current_version
        wanted = BackupRequest(
            where=laptop.settings,
            directory=folder,
            database_key=database_key(request, work.session.facts.database),
            run=str(uuid4()),
            version="" if version.endswith("*") else version,
            schema=request.schema_name,
        )
        report = take_backup(work.session, wanted, on_line=lambda line: context.report(Noted(line)))
    context.report(BackupTaken(report))
    return report
