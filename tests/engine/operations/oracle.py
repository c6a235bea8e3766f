"""What a server does to the relations that existed before a script: it is run in a transaction, looked at, undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbmigrations.postgres.sql.operations import LockMode, Work
from dbmigrations.postgres.sql.script import read

if TYPE_CHECKING:
    import psycopg

MODES = {
    "AccessShareLock": LockMode.ACCESS_SHARE,
    "RowShareLock": LockMode.ROW_SHARE,
    "RowExclusiveLock": LockMode.ROW_EXCLUSIVE,
    "ShareUpdateExclusiveLock": LockMode.SHARE_UPDATE_EXCLUSIVE,
    "ShareLock": LockMode.SHARE,
    "ShareRowExclusiveLock": LockMode.SHARE_ROW_EXCLUSIVE,
    "ExclusiveLock": LockMode.EXCLUSIVE,
    "AccessExclusiveLock": LockMode.ACCESS_EXCLUSIVE,
}

_HELD = """
SELECT l.mode FROM pg_locks AS l
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND l.relation = ANY (%s)
"""
_FILES = """
SELECT c.oid, c.relkind IN ('i', 'I') AS is_index, pg_relation_filenode(c.oid), pg_relation_size(c.oid) > 0,
       pg_stat_get_xact_numscans(c.oid)
FROM pg_class AS c WHERE c.oid = ANY (%s) AND c.relkind NOT IN ('S', 't')
"""
_INDEXES = """
SELECT pg_relation_filenode(c.oid) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY (%s) AND c.relkind = 'i'
"""
_EXISTING = """
SELECT c.oid FROM pg_class AS c
WHERE c.oid >= 16384 AND c.relnamespace <> 'pg_toast'::regnamespace AND c.relkind <> 'c'
"""


@dataclass(frozen=True, slots=True)
class Observed:
    """The strongest lock on what existed before, and what became of its rows.

    Reading them under a lock that holds up nobody is no work.
    """

    lock: LockMode | None
    work: Work


@dataclass(frozen=True, slots=True)
class _File:
    is_index: bool
    node: int | None
    has_rows: bool
    scans: int


def existing(connection: psycopg.Connection[tuple[Any, ...]]) -> list[int]:
    """The relations that exist now: by oid."""
    return [oid for (oid,) in connection.execute(_EXISTING)]


def observe(connection: psycopg.Connection[tuple[Any, ...]], script: str, relations: list[int]) -> Observed:
    """Run a script in a transaction that is rolled back.

    Raises:
        psycopg.Error: the server refuses it.
    """
    connection.execute("BEGIN")
    try:
        before = _files(connection, relations)
        for statement in read(script).statements:
            connection.execute(statement.text.encode())
        held = [MODES[mode] for (mode,) in connection.execute(_HELD, [relations])]
        after = _files(connection, relations)
        indexes = {node for (node,) in connection.execute(_INDEXES, [relations])}
    finally:
        connection.execute("ROLLBACK")
    built = indexes - {file.node for file in before.values()}
    lock = max(held, default=None)
    work = _work(before, after, indexed=bool(built))
    return Observed(lock, Work.NONE if work is Work.READ and (lock or 0) <= LockMode.ROW_EXCLUSIVE else work)


def _files(connection: psycopg.Connection[tuple[Any, ...]], relations: list[int]) -> dict[int, _File]:
    return {oid: _File(*rest) for oid, *rest in connection.execute(_FILES, [relations])}


def _work(before: dict[int, _File], after: dict[int, _File], *, indexed: bool) -> Work:
    """By what changed most: the file of a table, of an index, or how often a table was read."""
    kept = [(before[oid], after[oid]) for oid in before.keys() & after.keys()]
    changed = [(old, new) for old, new in kept if old.node != new.node]
    tables = [(old, new) for old, new in changed if not old.is_index]
    if any(new.has_rows or not old.has_rows for old, new in tables):
        return Work.REWRITTEN
    if tables:
        return Work.EMPTIED
    if changed or indexed:
        return Work.INDEXED
    return Work.READ if any(new.scans > old.scans for old, new in kept if not old.is_index) else Work.NONE
