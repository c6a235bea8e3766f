"""Backups by pg_dump: whether one can be taken, taking it, checking it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dbmigrations.api.step import BackupReport
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.settings import ConnectionSettings


@dataclass(frozen=True)
class BackupRequest:
    """A backup of one database.

    Attributes:
        where: the login for the dump.
        directory: the folder of all backups of the storage.
        database_key: names the database's own folder below it: `<namespace>-<name>`, or what a laptop is given.
        run: the run that takes it.
        version: the version that the database is verified at; empty: not verified, or changed since.
        jobs: parallel workers of pg_dump.
        history_schema: ours; it is dumped like everything else.
    """

    where: ConnectionSettings
    directory: Path
    database_key: str
    run: str
    version: str = ""
    jobs: int = 2
    schema: str = "public"


def backup_problem(session: Session, directory: Path) -> str:
    """Why no backup can be taken in this session and into this folder, with the remedy; empty: it can.

    Looks at: pg_dump there and not older than the server, the folder writable, room for it, row level security that
    would bind the dumping role.
    """
    raise NotImplementedError


def take_backup(
    session: Session, request: BackupRequest, *, on_line: Callable[[str], None] | None = None
) -> BackupReport:
    """Dump, check, and put into place; a backup that this run took before is checked and reported again.

    Raises:
        BackupError: pg_dump failed, or what it wrote cannot be read back.
    """
    raise NotImplementedError


def retire_backups(directory: Path, database_key: str, *, retain: int, run: str) -> tuple[Path, ...]:
    """Remove old backups of this database, never that of `run` nor the newest at a verified version.

    Returns what was removed; leftovers of interrupted dumps are removed as well.
    """
    raise NotImplementedError
