"""Who holds what is needed, in words: process, application, user, since when, and the shape of its query.

A plain role sees less of other roles' sessions: what is hidden is said to be hidden, with the grant that shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from dbmigrations.postgres.connection import Session

_HIDDEN = "<insufficient privilege>"


@dataclass(frozen=True, slots=True)
class OtherSession:
    """A session of somebody else, as far as this role may see it. `since`: None where it may not."""

    pid: int
    application: str
    user: str
    address: str = ""
    since: datetime | None = None
    state: str = ""
    query: str = ""

    @property
    def hidden(self) -> bool:
        """Whether the server shows this role only that the session exists."""
        return self.query == _HIDDEN

    def described(self, since_what: str) -> str:
        """In one line, without row data.

        Args:
            since_what: what `since` is the time of: `connected`, `in a transaction`.
        """
        name = f"{self.application!r}" if self.application else "a session without a name"
        where = f" from {self.address}" if self.address else ""
        head = f"{name} (process {self.pid}, user {self.user or '?'}{where}"
        if self.hidden:
            return f"{head}; more is shown to members of pg_read_all_stats)"
        since = f", {since_what} since {self.since:%Y-%m-%d %H:%M:%S%z}" if self.since else ""
        state = f", {self.state}" if self.state else ""
        query = f": {_shape(self.query)}" if self.query else ""
        return f"{head}{since}{state}){query}"


def advisory_lock_holder(session: Session, key: tuple[int, int, int]) -> OtherSession | None:
    """Who holds this advisory lock of this database: its key as pg_locks has it (classid, objid, objsubid)."""
    row = session.execute(
        "SELECT l.pid, a.application_name, a.usename, pg_catalog.host(a.client_addr), a.backend_start, a.state, a.query"
        " FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
        " WHERE l.locktype = 'advisory' AND l.granted AND l.pid IS NOT NULL AND l.database = (SELECT oid FROM"
        "   pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"
        " AND l.classid::bigint = %s AND l.objid::bigint = %s AND l.objsubid = %s LIMIT 1",
        key,
    ).fetchone()
    return None if row is None else _session(*row)


def is_connected(session: Session, name_ends_with: str) -> bool:
    """Whether another session of this database has an application name that ends so. Every role may see names."""
    (found,) = session.one(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database()"
        " AND pid <> pg_catalog.pg_backend_pid() AND pg_catalog.right(application_name, %s) = %s)",
        (len(name_ends_with), name_ends_with),
    )
    return bool(found)


def relation_lock_holders(session: Session) -> tuple[tuple[OtherSession, str], ...]:
    """The oldest open transactions of others that hold locks on relations here, and on which."""
    found = session.execute(
        "SELECT a.pid, a.application_name, a.usename, pg_catalog.host(a.client_addr), a.xact_start, a.state, a.query,"
        "   (SELECT pg_catalog.string_agg(name, ', ') FROM (SELECT DISTINCT c.relname || ' (' || l.mode || ')' AS name"
        "     FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation"
        "     AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
        "     AND c.relnamespace <> 'pg_catalog'::regnamespace"
        "     WHERE l.pid = a.pid AND l.granted AND l.locktype = 'relation' ORDER BY 1 LIMIT 5) held) AS held"
        " FROM pg_catalog.pg_stat_activity a"
        " WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()"
        " AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = a.pid AND l.granted AND l.locktype = 'relation'"
        "   AND l.relation >= 16384)"
        " ORDER BY a.xact_start NULLS LAST LIMIT 5"
    )
    return tuple((_session(*row[:7]), row[7]) for row in found if row[7])


def _shape(query: str) -> str:
    from dbmigrations.postgres.sql.shape import shape_of  # most runs meet nobody

    return shape_of(query)


def _session(  # noqa: PLR0913, PLR0917 - the columns of pg_stat_activity
    pid: int,
    application: str | None,
    user: str | None,
    address: str | None,
    since: datetime | None,
    state: str | None,
    query: str | None,
) -> OtherSession:
    return OtherSession(pid, application or "", user or "", address or "", since, state or "", query or "")
