"""Whether a connection can carry a migration: its session must be ours alone, and it must be able to write.

A session-level lock is void behind a pooler that gives each transaction another server process. Such a pooler is
found in two looks: the process id told at login is not that of the server process (so something stands between); then
a second session holds a transaction open, and the first is seen to change its process.
"""

from dataclasses import dataclass

import psycopg
from psycopg.rows import TupleRow

from dbmigrations.postgres.errors import ConnectionUnsuitableError, UnavailableError
from dbmigrations.postgres.login import open_connection
from dbmigrations.postgres.settings import ConnectionSettings
from dbmigrations.postgres.translation import translate

OLDEST_SERVER = 130000
"""server_version_num of PostgreSQL 13."""

_PROBE_SECONDS = 5.0


@dataclass(frozen=True)
class ServerFacts:
    """What a new session learnt about its server and itself."""

    version: int
    """server_version_num: 150004 is 15.4."""
    backend_pid: int
    database: str
    login: str
    """The role that logged in."""

    @property
    def major(self) -> int:
        """15 of 15.4."""
        return self.version // 10_000


def check_suitable(connection: psycopg.Connection[TupleRow], where: ConnectionSettings) -> ServerFacts:
    """Look at a new connection.

    Raises:
        ConnectionUnsuitableError: a pooler that shares server processes, a standby, a read-only database.
        UnavailableError: the connection broke meanwhile.
    """
    try:
        row = connection.execute(
            "SELECT current_setting('server_version_num')::int, pg_backend_pid(), current_database(), session_user,"
            " pg_is_in_recovery(), current_setting('transaction_read_only')::bool"
        ).fetchone()
    except psycopg.Error as error:
        raise translate(error) from None
    if row is None:
        raise UnavailableError("the server answered with nothing")
    version, pid, database, login, standby, read_only = row
    if standby:
        raise ConnectionUnsuitableError(
            f"{where} is a read-only standby: connect to the primary (its service, or target_session_attrs=read-write)"
        )
    if read_only:
        raise ConnectionUnsuitableError(
            f"{where} only allows reading: default_transaction_read_only is on for this role, database or server"
        )
    if version < OLDEST_SERVER:
        raise ConnectionUnsuitableError(f"{where} runs PostgreSQL {version // 10_000}: 13 is the oldest supported")
    if pid != connection.info.backend_pid and _shares_processes(connection, where):
        raise ConnectionUnsuitableError(
            f"{where} is a pooler in transaction mode: its sessions are not ours alone, so no lock holds. "
            "Connect to PostgreSQL itself, or to a pool in session mode"
        )
    return ServerFacts(version=version, backend_pid=pid, database=database, login=login)


def _shares_processes(connection: psycopg.Connection[TupleRow], where: ConnectionSettings) -> bool:
    other = open_connection(where, "dbmigrate probe")
    try:
        before = _process(connection)
        other.execute("BEGIN")
        _process(other)
        return _process(connection) != before
    except (psycopg.Error, TimeoutError):
        # One of the two had to wait for the other, or was thrown out: they share something.
        return True
    finally:
        other.close()


def _process(connection: psycopg.Connection[TupleRow]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {int(_PROBE_SECONDS * 1000)}".encode())
        row = cursor.execute("SELECT pg_backend_pid()").fetchone()
        return int(row[0]) if row else 0
