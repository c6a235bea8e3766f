"""What can go wrong with a database, as one small tree; psycopg's errors never leave this package.

EngineError                     every one has a text of its own and a `reason` for results and conditions
├── WaitError                   goes away by itself, or by mending something outside this database
│   ├── CredentialsMissingError     the Secret, or a key of it, is not there or unreadable
│   ├── UnavailableError            unreachable, starting up, out of connections
│   │   ├── AuthenticationError     the server refuses this login or has no such database
│   │   ├── StandbyError            a server that only repeats its primary: a wrong service, or a failover
│   │   └── ConnectionLostError     it went away in the middle: what was done is read again from the database
│   ├── LockHeldError               another migration holds the lock; names the holder
│   ├── GateClosedError             a gate is closed; says which, and what it waits for
│   └── ContentionError             lock timeout, deadlock, serialization: retried by the runner, bounded
└── FinalError                  a person changes something first
    ├── ConnectionUnsuitableError   a transaction pooler, or a role or database that only reads
    ├── LockReleasedError           the script let the migration lock go
    ├── PrivilegesMissingError      the role may not do what it must
    ├── PrivilegesUnsafeError       others may write our tables
    ├── FormatTooNewError           the tables were written by a newer runner
    ├── StatementError              PostgreSQL refused a statement: file:line:column, SQLSTATE
    ├── PlanChangedError            history or files are not what was planned; the run was superseded
    ├── NotResumableError           a half-done migration that cannot be continued as it now reads
    └── BackupError                 the dump, its checksum or its verification failed
"""

from __future__ import annotations

from dataclasses import dataclass

from dbmigrations.api.reasons import Failure, Waiting


class EngineError(Exception):
    """Anything the engine reports. `str()` is fit for a status: no secret, no row data, no CONTEXT."""

    reason: Waiting | Failure = Failure.INTERNAL


class WaitError(EngineError):
    """Waiting is not failing: the same step is tried again."""

    reason: Waiting = Waiting.DATABASE


class CredentialsMissingError(WaitError):
    """The connection cannot be made up from what is mounted or given."""

    reason = Waiting.CREDENTIALS


class UnavailableError(WaitError):
    """The server cannot be reached, is starting up, or has no connection to spare."""


class AuthenticationError(UnavailableError):
    """The server refuses this login, or has no database of this name (yet)."""


class StandbyError(UnavailableError):
    """A read-only standby answers. During a failover that passes by itself, so it is waited for."""


class ConnectionLostError(UnavailableError):
    """The session died in the middle of something; whether it was committed only the database knows."""


class LockHeldError(WaitError):
    """Another migration of the same database did not end within the wait; the text names its session."""

    reason = Waiting.LOCK


class GateClosedError(WaitError):
    """A gate did not open within the wait. What was done before stays done, and is not done again."""

    reason = Waiting.GATE


class ContentionError(WaitError):
    """A lock timeout, deadlock or serialization failure; the transaction can be run again as a whole."""

    reason = Waiting.LOCK

    def __init__(self, message: str, *, sqlstate: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class FinalError(EngineError):
    """Trying again changes nothing."""

    reason: Failure = Failure.MIGRATION_FAILED


class ConnectionUnsuitableError(FinalError):
    """The connection cannot carry a migration: its session is not ours alone, or it may not write."""

    reason = Failure.CONNECTION_UNSUITABLE


class LockReleasedError(FinalError):
    """The script let the migration lock go; what it did in its transaction was taken back."""


class PrivilegesMissingError(FinalError):
    """The role lacks a privilege that it needs before any migration runs; the text says which GRANT helps."""

    reason = Failure.PRIVILEGES_MISSING


class PrivilegesUnsafeError(FinalError):
    """Roles other than the owner may write our tables: a planted down script would later run."""

    reason = Failure.PRIVILEGES_UNSAFE


class FormatTooNewError(FinalError):
    """The tables carry a format that only a newer runner knows."""

    reason = Failure.FORMAT_TOO_NEW


class PlanChangedError(FinalError):
    """History or files are not what preflight planned, or another run took this one's place."""

    reason = Failure.PLAN_CHANGED


class NotResumableError(FinalError):
    """A migration stopped half-way and cannot be continued: its executed part was edited, or cannot be probed."""


class BackupError(FinalError):
    """The dump, its checksum or its verification failed."""

    reason = Failure.BACKUP_FAILED


@dataclass(frozen=True)
class StatementDetails:
    """What PostgreSQL said of a refused statement, as far as it may be repeated anywhere.

    `position` counts characters of the text that was sent, from 1; 0 where the server gave none. `objects` is its
    DETAIL where that names objects of the schema and nothing else.
    """

    sqlstate: str
    primary: str
    hint: str = ""
    constraint: str = ""
    position: int = 0
    objects: str = ""


class StatementError(FinalError):
    """PostgreSQL refused a statement. `excerpt` (five lines and a caret) is for logs and terminals."""

    def __init__(self, details: StatementDetails, *, where: str = "", excerpt: str = "") -> None:
        self.details = details
        self.where = where
        self.excerpt = excerpt
        super().__init__(self._text())

    def _text(self) -> str:
        text = f"{self.where}: " if self.where else ""
        text += f"{self.details.primary} (SQLSTATE {self.details.sqlstate})"
        if self.details.constraint:
            text += f"; constraint {self.details.constraint}"
        if self.details.objects:
            text += f": {self.details.objects}"
        if self.details.hint:
            text += f". Hint: {self.details.hint}"
        return text

    def located(self, where: str, excerpt: str = "") -> StatementError:
        """The same error, at `file:line:column`."""
        return StatementError(self.details, where=where, excerpt=excerpt)
