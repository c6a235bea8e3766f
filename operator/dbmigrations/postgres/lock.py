"""The lock that keeps migrations of one database apart: a session-level advisory lock, polled, its holder named.

It is never waited for inside `pg_advisory_lock()`: a waiter there holds a snapshot and makes the holder's CREATE INDEX
CONCURRENTLY hang. In a database with `_prisma_migrations`, Prisma's own lock is taken too.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from dbmigrations.postgres.blockers import advisory_lock_holder
from dbmigrations.postgres.errors import LockHeldError
from dbmigrations.postgres.events import Listener, WaitingForLock, silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.tables import Tables

PRISMA_KEY = 72707369
"""The advisory lock that Prisma's engine takes."""

CLASS = 0x64626D67
"""`dbmg`: the first half of our key; the second is the history schema's."""

_SHORTEST, _LONGEST = 0.2, 2.0
"""Seconds between two tries."""


def lock_key(tables: Tables) -> tuple[int, int]:
    """The two halves of the advisory lock's key."""
    return CLASS, int.from_bytes(sha256(tables.schema.encode()).digest()[:4], "big", signed=True)


@contextmanager
def migration_lock(
    session: Session, tables: Tables, *, wait: float, application_schema: str = "public", listener: Listener = silent
) -> Iterator[None]:
    """Hold the lock while the block runs.

    Args:
        session: the session that does the work, so that lock and work die together.
        tables: the history schema; each has a lock of its own.
        wait: seconds to wait for another migration; 0: one try.
        application_schema: where `_prisma_migrations` would be.
        listener: is told who holds the lock, when that changes.

    Raises:
        LockHeldError: another session still holds it at the end of the wait; its text names that session.
    """
    patience = _Patience(time.monotonic() + wait, listener)
    ours = lock_key(tables)
    _take(session, sql.SQL("pg_catalog.pg_try_advisory_lock({}, {})").format(*ours), (*ours, 2), patience)
    try:
        # Looked for under our own lock: the table appears with the first schema migration, which is under it too.
        if _has_prisma(session, application_schema):
            _take(
                session,
                sql.SQL("pg_catalog.pg_try_advisory_lock({})").format(PRISMA_KEY),
                (*split_key(PRISMA_KEY), 1),
                patience,
            )
        yield
    finally:
        # A lost session has released it already.
        with suppress(psycopg.Error):
            session.connection.execute("SELECT pg_catalog.pg_advisory_unlock_all()")


def holds_lock(session: Session, tables: Tables) -> bool:
    """Whether this very server process still holds the lock: a script may have released it."""
    (held,) = session.one(sql.SQL("SELECT {}").format(held_by_this_session(tables)))
    return bool(held)


def held_by_this_session(tables: Tables) -> sql.Composed:
    """The same as a condition; where it is asked in a transaction, nobody else gets the lock until that ends.

    What pg_locks says costs more, the more the transaction has locked. So the lock is taken once more, for the
    transaction; then, when nobody can come between, it is let go and taken again: only who holds a lock can let it go.
    """
    key = sql.SQL("{}, {}").format(*lock_key(tables))
    return sql.SQL(
        "CASE WHEN pg_catalog.pg_try_advisory_xact_lock({key}) THEN CASE WHEN pg_catalog.pg_advisory_unlock({key})"
        " THEN pg_catalog.pg_try_advisory_lock({key}) ELSE false END ELSE false END"
    ).format(key=key)


def split_key(key: int) -> tuple[int, int]:
    """A 64-bit key as pg_locks shows it."""
    return key >> 32, key & 0xFFFFFFFF


def _unsigned(key: tuple[int, int]) -> tuple[int, int]:
    return key[0] & 0xFFFFFFFF, key[1] & 0xFFFFFFFF


@dataclass(frozen=True)
class _Patience:
    deadline: float
    listener: Listener


def _take(session: Session, attempt: sql.Composed, key: tuple[int, int, int], patience: _Patience) -> None:
    pause, told = _SHORTEST, ""
    while not session.one(sql.SQL("SELECT {}").format(attempt))[0]:
        holder = _holder(session, key)
        left = patience.deadline - time.monotonic()
        if left <= 0:
            raise LockHeldError(f"another migration of this database is running: {holder or 'its session just ended'}")
        if holder and holder != told:
            patience.listener(WaitingForLock(holder))
            told = holder
        # Jitter, so that several that wait do not all ask at once.
        time.sleep(min(left, pause * random.uniform(0.5, 1.0)))  # noqa: S311  not a secret
        pause = min(_LONGEST, pause * 2)


def _holder(session: Session, key: tuple[int, int, int]) -> str:
    found = advisory_lock_holder(session, (*_unsigned(key[:2]), key[2]))
    # Its query of now is no reason: it holds the lock for all of its work.
    return (
        ""
        if found is None
        else replace(found, state="", query=found.query if found.hidden else "").described("connected")
    )


def _has_prisma(session: Session, schema: str) -> bool:
    # Not by to_regclass: it is an error where the role may not use the schema, which is told better later.
    found = session.one(
        "SELECT count(*) FROM pg_class WHERE relname = '_prisma_migrations' AND relnamespace = to_regnamespace(%s)",
        (sql.Identifier(schema).as_string(None),),
    )
    return bool(found[0])
