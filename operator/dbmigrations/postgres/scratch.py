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

    from dbmigrations.postgres.settings import ConnectionSettings

PREFIX = "dbmigrate_rehearsal_"


@contextmanager
def scratch_database(server: ConnectionSettings, *, owner: str = "") -> Iterator[ConnectionSettings]:
    """An empty database of its own name beside the one that the settings name; it is dropped at the end.

    Args:
        server: where to log in; its database is only used to make the other one.
        owner: the role that owns it; empty: the login.

    Raises:
        PrivilegesMissingError: the login may not make databases.
        EngineError: no connection.
    """
    name = PREFIX + uuid4().hex[:12]
    parts = [sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))]
    if owner:
        parts.append(sql.SQL("OWNER {}").format(sql.Identifier(owner)))
    try:
        _run(server, sql.SQL(" ").join(parts))
        yield replace(server, dbname=name)
    finally:
        with suppress(Exception):
            _run(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


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
