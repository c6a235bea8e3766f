"""Asking the server what the gates are about. Nothing here waits, and nothing holds a snapshot beyond its query."""

import time
from contextlib import suppress

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.errors import PrivilegesMissingError, StatementError
from dbmigrations.postgres.gates.limits import GateLimits, Mark, OpenTransaction, Reading, Replica, Slot


def read(session: Session, limits: GateLimits) -> Reading:
    """One look, at what the limits ask for only.

    Raises:
        EngineError: what the server said.
    """
    return Reading(
        now=_mark(session),
        replicas=_replicas(session) if limits.watches_replicas else (),
        slots=_slots(session) if limits.retained_wal is not None else (),
        oldest=_oldest(session) if limits.oldest_transaction is not None else None,
    )


def check_sight(session: Session, limits: GateLimits) -> None:
    """A gate that cannot see would always be open: so the role must be able to see.

    Raises:
        PrivilegesMissingError: it sees neither the replicas nor the transactions of others.
    """
    if not (limits.watches_replicas or limits.oldest_transaction is not None):
        return  # replication slots are shown to everybody
    role, sees = session.one("SELECT current_user, pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')")
    if not sees:
        raise PrivilegesMissingError(
            f"gates are asked for, but role {role} sees neither replicas nor the transactions of others: "
            f'GRANT pg_read_all_stats TO "{role}" (pg_monitor contains it), or remove the gates'
        )


def nudge_replicas(session: Session) -> None:
    """Give the replicas something to receive, so that they say how far they have come.

    With nothing to receive a replica reports its replay each wal_receiver_status_interval only: every 10 s. The
    message is not transactional: a commit could wait for the very replica that is in question.
    """
    with suppress(StatementError):  # a server where even this is not granted: then each 10 s
        session.execute("SELECT pg_catalog.pg_logical_emit_message(false, 'dbmigrations', 'gate')")


def _mark(session: Session) -> Mark:
    (position,) = session.one("SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), '0/0')::bigint")
    return Mark(time.monotonic(), position)


def _replicas(session: Session) -> tuple[Replica, ...]:
    # A receiver that only stores WAL (pg_receivewal, pg_basebackup) has no replay.
    found = session.execute(
        "SELECT coalesce(nullif(application_name, ''), pg_catalog.host(client_addr), 'process ' || pid),"
        " pg_catalog.pg_wal_lsn_diff(replay_lsn, '0/0')::bigint FROM pg_catalog.pg_stat_replication"
        " WHERE replay_lsn IS NOT NULL AND state IN ('streaming', 'catchup') ORDER BY 2, 1"
    )
    return tuple(Replica(name, replayed) for name, replayed in found)


def _slots(session: Session) -> tuple[Slot, ...]:
    found = session.execute(
        "SELECT slot_name, pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)::bigint, active"
        " FROM pg_catalog.pg_replication_slots WHERE restart_lsn IS NOT NULL ORDER BY 2 DESC"
    )
    return tuple(Slot(name, retained, active) for name, retained, active in found)


def _oldest(session: Session) -> OpenTransaction | None:
    # VACUUM of the server itself holds nobody up, and a parallel worker is its leader's.
    row = session.execute(
        "SELECT * FROM (SELECT pg_catalog.format('process %s (%s, user %s, %s)', pid,"
        "     coalesce(nullif(application_name, ''), 'unnamed'), usename, state) AS who, xact_start AS since"
        "   FROM pg_catalog.pg_stat_activity"
        "   WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()"
        "   AND xact_start IS NOT NULL AND backend_type NOT IN ('autovacuum worker', 'parallel worker', 'walsender')"
        "   UNION ALL SELECT pg_catalog.format('user %s, prepared as %L', owner, gid), prepared"
        "   FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()) open"
        " ORDER BY since LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    who, since = row
    (age,) = session.one("SELECT extract(epoch FROM pg_catalog.clock_timestamp() - %s)::float", (since,))
    return OpenTransaction(who, age)
