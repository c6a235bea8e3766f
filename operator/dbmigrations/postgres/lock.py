"""The lock that keeps migrations of one database apart: a session-level advisory lock, polled, its holder named.

It is never waited for inside `pg_advisory_lock()`: a waiter there holds a snapshot and makes the holder's CREATE INDEX
CONCURRENTLY hang. In a database with `_prisma_migrations`, Prisma's own lock is taken too.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.events import Listener, silent
from dbmigrations.postgres.tables import Tables

PRISMA_KEY = 72707369
"""The advisory lock that Prisma's engine takes."""


@contextmanager
def migration_lock(
    session: Session,
    tables: Tables,
    *,
    wait: float,
    application_schema: str = "public",
    listener: Listener = silent,
    sleep: Callable[[float], None] | None = None,
) -> Iterator[None]:
    """Hold the lock while the block runs.

    Args:
        session: the session that does the work, so that lock and work die together.
        tables: the history schema; each has a lock of its own.
        wait: seconds to wait for another migration; 0: one try.
        application_schema: where `_prisma_migrations` would be.
        listener: is told who holds the lock.
        sleep: how to wait; the default is `time.sleep`.

    Raises:
        LockHeldError: another session still holds it; its text names that session.
    """
    raise NotImplementedError
    yield
