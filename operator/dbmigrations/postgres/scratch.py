"""Scratch databases: made on a server for a rehearsal, and gone afterwards whatever happens."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
from psycopg import sql

from dbmigrations.postgres.errors import PrivilegesMissingError
from dbmigrations.postgres.login import open_connection
from dbmigrations.postgres.translation import translate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.rows import TupleRow

    from dbmigrations.postgres.settings import ConnectionSettings

PREFIX = "dbmigrate_rehearsal_"

_IDLE_LIMIT_SINCE = 140000

_CLASS = 0x64626D72
"""`dbmr`: the first half of the advisory lock of a scratch database; the second are the last digits of its name."""

# Locks of all databases are shown in each. Who holds one is at work; without one, nobody is left to drop it.
_ABANDONED = """
    SELECT d.datname FROM pg_catalog.pg_database d
    WHERE pg_catalog.starts_with(d.datname, %s) AND d.datname ~ '_[0-9a-f]{12}$'
        AND pg_catalog.pg_has_role(d.datdba, 'USAGE')
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l
            WHERE l.locktype = 'advisory' AND l.classid::bigint = %s AND l.objsubid = 2
            AND l.objid::bigint = ('x' || pg_catalog.right(d.datname, 8))::bit(32)::bigint)
"""


@contextmanager
def scratch_database(server: ConnectionSettings, *, owner: str = "") -> Iterator[ConnectionSettings]:
    """An empty database of its own name beside the one that the settings name; it is dropped at the end.

    What a killed rehearsal left is dropped first: an advisory lock says whose scratch is still in use.

    Args:
        server: where to log in; its database is only used to make the other one, and to hold the lock.
        owner: the role that owns it; empty: the login.

    Raises:
        PrivilegesMissingError: the login may not make databases.
        EngineError: no connection.
    """
    name = PREFIX + uuid4().hex[:12]
    parts = [sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))]
    if owner:
        parts.append(sql.SQL("OWNER {}").format(sql.Identifier(owner)))
    with _mark_of(server, name) as keeper:
        _drop_abandoned(keeper)
        try:
            _run(server, sql.SQL(" ").join(parts))
            yield replace(server, dbname=name)
        finally:
            with suppress(Exception):
                _run(server, _drop(name))


@contextmanager
def _mark_of(server: ConnectionSettings, name: str) -> Iterator[psycopg.Connection[TupleRow]]:
    """A connection that holds the lock of a scratch database for as long as it lives."""
    with open_connection(server, "dbmigrate rehearse") as keeper:
        try:
            if keeper.info.server_version >= _IDLE_LIMIT_SINCE:
                keeper.execute("SET idle_session_timeout = 0")
            number = int(name[-8:], 16)
            keeper.execute("SELECT pg_catalog.pg_advisory_lock(%s, %s)", (_CLASS, number - (number >> 31 << 32)))
        except psycopg.Error as error:
            raise translate(error) from None
        yield keeper


def _drop_abandoned(keeper: psycopg.Connection[TupleRow]) -> None:
    with suppress(psycopg.Error):  # whatever stands in the way of that is no reason not to rehearse
        for (name,) in keeper.execute(_ABANDONED, (PREFIX, _CLASS)).fetchall():
            keeper.execute(_drop(name))


def _drop(name: str) -> sql.Composed:
    return sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))


def _run(server: ConnectionSettings, statement: sql.Composed) -> None:
    with open_connection(server, "dbmigrate rehearse") as connection:
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege as error:
            (login,) = connection.execute("SELECT session_user").fetchone() or ("this login",)
            raise PrivilegesMissingError(
                f"{login} may not make a scratch database: {error.diag.message_primary}. Let a superuser run "
                f'ALTER ROLE "{login}" CREATEDB; or name a server where it may with --scratch-url'
            ) from None
        except psycopg.Error as error:
            raise translate(error) from None
