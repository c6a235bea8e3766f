"""Whether a backup can be taken, asked before anything starts."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.postgres.client_programs import client_version
from dbmigrations.postgres.contents import table_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from dbmigrations.postgres.connection import Session


@dataclass(frozen=True, slots=True)
class Remedies:
    """What helps where one is, in words that end a sentence."""

    client: str
    """For want of a program; `{major}` is the one that is needed."""
    login: str
    """Where the login may not see everything."""
    room: str
    """Where the storage is too small."""


IN_A_JOB = Remedies(
    client="use a runner image with PostgreSQL client {major} or newer",
    login="give the backup a login with BYPASSRLS (steps.backup.secretRef)",
    room="enlarge it, or keep fewer backups (steps.backup.retain)",
)
ON_A_LAPTOP = Remedies(
    client="install PostgreSQL's client programs of version {major} or newer (postgresql-client), or pass --no-backup",
    login="log in as a role with BYPASSRLS, or pass --no-backup",
    room="name a larger one with --backup-dir, keep fewer backups (--retain), or pass --no-backup",
)
ASKED_FOR = Remedies(
    client=ON_A_LAPTOP.client.removesuffix(", or pass --no-backup"),
    login="log in as a role with BYPASSRLS",
    room="name a larger one with --backup-dir",
)
"""`dbmigrate backup`: there it is no remedy to take none."""

_SHOWN = 3

_EXPECTED_RATIO = 0.5
"""What a compressed dump takes of the tables' size; most take less."""


def backup_problem(session: Session, directory: Path, remedies: Remedies = IN_A_JOB) -> str:
    """Why no backup can be taken in this session and into this folder, with the remedy; empty: it can.

    Args:
        session: of the login for the dump, in its role.
        directory: the folder of all backups of the storage.
        remedies: what the text ends with.
    """
    return (
        _program_problem(session, remedies)
        or _row_security_problem(session, remedies)
        or _privilege_problem(session)
        or _folder_problem(directory)
        or room_problem(int(table_bytes(session) * _EXPECTED_RATIO), free_bytes(directory), remedies)
    )


def _program_problem(session: Session, remedies: Remedies) -> str:
    major = session.facts.major
    remedy = remedies.client.format(major=major)
    for program in ("pg_dump", "pg_restore"):
        client = client_version(program)
        if client is None:
            return f"there is no {program} on PATH: {remedy}"
        if client.major < major:
            return f"{program} {client.text} cannot dump a server of version {major}: {remedy}"
    return ""


def _row_security_problem(session: Session, remedies: Remedies) -> str:
    bound = _names(
        session,
        "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity"
        " AND row_security_active(c.oid) ORDER BY 1",
    )
    if not bound:
        return ""
    (role,) = session.one("SELECT current_user")
    return (
        f"row level security would hide rows of {_some(bound)} from role {role}, so its dump would not be whole: "
        f"{remedies.login}"
    )


def _privilege_problem(session: Session) -> str:
    closed = _names(
        session,
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p', 'm', 'S') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
        " AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))"
        " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e' AND d.classid = 'pg_class'::regclass"
        "   AND d.objid = c.oid) ORDER BY 1",
    )
    if not closed:
        return ""
    (role,) = session.one("SELECT current_user")
    return (
        f"role {role} may not read {_some(closed)}: GRANT pg_read_all_data TO {role}, or give the backup another login"
    )


def _folder_problem(directory: Path) -> str:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return ""
    except OSError as error:
        return f"the folder for backups {directory} cannot be written: {error.strerror}"


def free_bytes(directory: Path) -> int:
    """What an ordinary user may still write there."""
    storage = os.statvfs(directory)
    return storage.f_bavail * storage.f_frsize


def room_problem(expected: int, free: int, remedies: Remedies = IN_A_JOB) -> str:
    """Why a backup of so many expected bytes does not fit into the free ones; empty: it does."""
    if expected <= free:
        return ""
    return f"the backup is expected to take {_size(expected)}, and its storage has {_size(free)} left: {remedies.room}"


def _names(session: Session, query: str) -> list[str]:
    return [name for (name,) in session.send(query)]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _size(number: int) -> str:
    amount = float(number)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:  # noqa: PLR2004
            return f"{amount:.0f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"
