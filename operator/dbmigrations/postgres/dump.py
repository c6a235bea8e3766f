"""Backups by pg_dump: taking one, checking it, retiring old ones.

A backup is put into place only when it was read back: every file's checksum, and the table of contents by pg_restore.
"""

from __future__ import annotations

import re
import shutil
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dbmigrations.api.step import BackupReport
from dbmigrations.postgres.backup_store import DUMP, BackupStore, Manifest, StoredBackup, list_files
from dbmigrations.postgres.client_programs import ClientVersion, Ended, client_version, login_environment, run_program
from dbmigrations.postgres.errors import BackupError, ConnectionLostError, ContentionError, EngineError
from dbmigrations.postgres.settings import ConnectionSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dbmigrations.postgres.connection import Session

_FULL = re.compile("No space left on device|Disk quota exceeded")

_ZSTD_SINCE = 16
"""The major of the client that can compress with zstd."""


@dataclass(frozen=True)
class BackupRequest:
    """A backup of one database.

    Attributes:
        where: the login for the dump.
        directory: the folder of all backups of the storage.
        database_key: names the database's own folder below it.
        run: the run that takes it.
        version: the version that the database is verified at; empty: not verified, or changed since.
        jobs: parallel workers of pg_dump.
        lock_wait: seconds that pg_dump waits for its tables; then the backup is tried later.
    """

    where: ConnectionSettings
    directory: Path
    database_key: str
    run: str
    version: str = ""
    jobs: int = 2
    schema: str = "public"
    lock_wait: int = 60


def take_backup(
    session: Session, request: BackupRequest, *, on_line: Callable[[str], None] | None = None
) -> BackupReport:
    """Dump, check, and put into place; a backup that this run took before is checked and reported again.

    Args:
        session: of the login for the dump; its role is what pg_dump sets too. It holds no transaction meanwhile.
        request: what to dump, and where to.
        on_line: is told each line that pg_dump says.

    Raises:
        ConnectionLostError: pg_dump lost its connection, or got none; or `session` was lost with it.
        ContentionError: it waited too long for a table.
        BackupError: it failed otherwise, or what it wrote cannot be read back.
    """
    store = BackupStore(request.directory / request.database_key)
    try:
        present = store.of_run(request.run)
        if present is not None:
            return _report(_checked(present))
        unfinished = store.begin(request.run)
        try:
            manifest = _dump(session, request, unfinished / DUMP, on_line)
            return _report(store.put(unfinished, manifest))
        finally:
            store.clear_unfinished()
    except OSError as error:
        raise BackupError(f"the backup cannot be written to {request.directory}: {error.strerror}") from None


def retire_backups(directory: Path, database_key: str, *, retain: int, run: str) -> tuple[Path, ...]:
    """Remove old backups of this database, never that of `run` nor the newest at a verified version.

    Args:
        directory: the folder of all backups of the storage.
        database_key: names the database's own folder below it.
        retain: how many are kept.
        run: the run under way.

    Returns:
        The folders that were removed. What interrupted dumps left is removed as well.
    """
    store = BackupStore(directory / database_key)
    store.clear_unfinished()
    backups = store.all()
    kept = {backup.path for backup in backups[-retain:]}
    kept |= {backup.path for backup in backups if backup.manifest.run == run}
    kept |= {backup.path for backup in [b for b in backups if b.manifest.version][-1:]}
    doomed = [backup for backup in backups if backup.path not in kept]
    for backup in doomed:
        store.remove(backup)
    return tuple(backup.path for backup in doomed)


def dump_command(client: ClientVersion, request: BackupRequest, target: Path) -> list[str]:
    """How pg_dump is called: in parallel, compressed as well as this client can, never asking for a password."""
    return [
        "pg_dump",
        "--format=directory",
        f"--jobs={request.jobs}",
        f"--file={target}",
        "--no-password",
        f"--lock-wait-timeout={request.lock_wait * 1000}",
        "--compress=zstd:3" if client.major >= _ZSTD_SINCE else "--compress=6",
    ]


def _dump(session: Session, request: BackupRequest, target: Path, on_line: Callable[[str], None] | None) -> Manifest:
    client = client_version("pg_dump")
    if client is None:
        raise BackupError("there is no pg_dump on PATH: use the runner's own image, or install postgresql-client")
    taken_at = datetime.now(UTC)
    command = dump_command(client, request, target)
    if session.settings.role:
        command.append(f"--role={session.settings.role}")
    with login_environment(request.where) as environment:
        ended = run_program(command, environment, on_line)
        if ended.is_unexplained:
            session.execute("SELECT")  # lost as well? then that is the explanation, whatever pg_dump's words were
            if not speaks_english(*session.one("SELECT current_setting('lc_messages')")):
                shutil.rmtree(target, ignore_errors=True)
                ended = run_program(command, environment, on_line)
        if ended.code != 0:
            raise _failed(ended, request)
        _check_contents(target, environment)
    return Manifest(
        run=request.run,
        database=session.facts.database,
        version=request.version,
        taken_at=taken_at,
        server=str(session.facts.version),
        client=client.text,
        files=list_files(target),
    )


def speaks_english(lc_messages: str) -> bool:
    """Whether the words of the server's errors are those that are looked for.

    The language is the server's: only a superuser may choose another one. What nobody can read is tried once more, for
    it may have been a lost connection.
    """
    return lc_messages.partition(".")[0] in {"", "C", "POSIX"} or lc_messages.startswith("en")


def _failed(ended: Ended, request: BackupRequest) -> EngineError:
    said = f"pg_dump {_how(ended.code)}: {_said(ended)}"
    if ended.lost:
        return ConnectionLostError(f"pg_dump lost its connection ({said})")
    if ended.blocked:
        return ContentionError(
            f"pg_dump waited {request.lock_wait} s for a table that another session has locked", sqlstate="55P03"
        )
    if _FULL.search(said):
        said += ". The storage of the backups is full: enlarge it, or keep fewer backups (steps.backup.retain)"
    return BackupError(said)


def _how(code: int) -> str:
    if code >= 0:
        return f"failed with exit code {code}"
    killed = " (out of memory? then raise the limit in jobTemplate.resources)" if -code == signal.SIGKILL else ""
    return f"was ended by {signal.Signals(-code).name}{killed}"


def _check_contents(dump: Path, environment: dict[str, str]) -> None:
    ended = run_program(["pg_restore", "--list", str(dump)], environment)
    if ended.code != 0:
        raise BackupError(f"pg_restore cannot read the backup's table of contents: {_said(ended)}")


def _checked(backup: StoredBackup) -> StoredBackup:
    if list_files(backup.dump) != backup.manifest.files:
        raise BackupError(f"the backup {backup.path} is not what its manifest says: its files were changed or damaged")
    with login_environment(ConnectionSettings()) as environment:
        _check_contents(backup.dump, environment)
    return backup


def _report(backup: StoredBackup) -> BackupReport:
    return BackupReport(
        location=str(backup.path),
        taken_at=backup.manifest.taken_at,
        size_bytes=backup.manifest.size,
        sha256=backup.manifest.sha256,
    )


def _said(ended: Ended) -> str:
    # pg_dump's own errors; its DETAIL lines may hold row data.
    lines = [line for line in ended.last_lines if ": error:" in line or ": fatal:" in line] or list(ended.last_lines)
    return " ".join(line for line in lines if "detail:" not in line.lower()) or "it said nothing"
