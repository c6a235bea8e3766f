"""Whether a connection can carry a migration: its session must be ours alone, and it must be able to write.

A session-level lock is void behind a pooler that gives each transaction another server process. Such a pooler is
found in two looks: the process id told at login is not that of the server process (so something stands between); then
a second session holds a transaction open, and the first is seen to change its process.
"""

from __future__ import annotations

import select
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import pq

from dbmigrations.postgres.errors import ConnectionUnsuitableError, StandbyError, UnavailableError
from dbmigrations.postgres.login import open_connection
from dbmigrations.postgres.translation import translate

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

    from dbmigrations.postgres.settings import ConnectionSettings

OLDEST_SERVER = 130000
"""server_version_num of PostgreSQL 13."""

_NO_TRANSACTIONS = "not allowed in statement pooling"
"""What PgBouncer answers to BEGIN in its statement mode, before it ends the connection."""

_PATIENCE = 3.0
"""Seconds."""


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
        ConnectionUnsuitableError: a pooler that shares server processes, a read-only database.
        StandbyError: a server in recovery.
        UnavailableError: the connection broke meanwhile.
    """
    try:
        row = connection.execute(
            # The role may have a search_path of its own, with the catalog at its end.
            "SELECT pg_catalog.current_setting('server_version_num')::int, pg_catalog.pg_backend_pid(),"
            " pg_catalog.current_database(), session_user, pg_catalog.pg_is_in_recovery(),"
            " pg_catalog.current_setting('transaction_read_only')::boolean"
        ).fetchone()
    except psycopg.Error as error:
        raise translate(error) from None
    if row is None:
        raise UnavailableError("the server answered with nothing")
    version, pid, database, login, standby, read_only = row
    if standby:
        raise StandbyError(
            f"{where} is a read-only standby: connect to the primary (its service, or target_session_attrs=read-write)"
        )
    if read_only:
        raise ConnectionUnsuitableError(
            f"{where} only allows reading: default_transaction_read_only is on for this role, database or server"
        )
    if version < OLDEST_SERVER:
        raise ConnectionUnsuitableError(f"{where} runs PostgreSQL {version // 10_000}: 13 is the oldest supported")
    mode = _pooling_mode(connection, where) if pid != connection.info.backend_pid else ""
    if mode:
        raise ConnectionUnsuitableError(
            f"{where} is a pooler in {mode} mode: its sessions are not ours alone, so no lock holds. "
            "Connect to PostgreSQL itself, or to a pool in session mode"
        )
    return ServerFacts(version=version, backend_pid=pid, database=database, login=login)


def _pooling_mode(connection: psycopg.Connection[TupleRow], where: ConnectionSettings) -> str:
    """The mode of a pooler that shares server processes; empty: it is in session mode, or there is none."""
    other = open_connection(where, "dbmigrate probe")
    try:
        before = _ask(connection.pgconn)
        if _ask(other.pgconn, begin=True) is None:
            return ""  # it had to wait although we do nothing: our process is ours
        # Where ours is taken by the other's transaction, we get another one, or wait.
        return "transaction" if _ask(connection.pgconn) != before else ""
    except psycopg.Error as error:
        if _NO_TRANSACTIONS in str(error):
            return "statement"
        raise translate(error) from None
    finally:
        other.close()


def _ask(connection: pq.abc.PGconn, *, begin: bool = False) -> bytes | None:
    """The process that answers; None: nobody does in time (a pooler lets queries wait for minutes)."""
    connection.send_query(
        b"BEGIN; SELECT pg_catalog.pg_backend_pid()" if begin else b"SELECT pg_catalog.pg_backend_pid()"
    )
    deadline = time.monotonic() + _PATIENCE
    answer: bytes | None = None
    while True:
        while connection.is_busy():
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([connection.socket], [], [], left)[0]:
                return None
            connection.consume_input()
        result = connection.get_result()
        if result is None:
            return answer
        answer = result.get_value(0, 0) if result.ntuples else answer
