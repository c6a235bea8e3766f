"""Who suffers from a batch: sessions that wait for its locks. Replicas that fall behind are the gates' business."""

from dbmigrations.postgres.connection import Session

# Rows that this transaction has changed are locked by its transaction id, tables by themselves. pg_blocking_pids()
# would say the same for each waiter, at the price of stopping the whole lock manager each time.
_WAITERS = """
    SELECT count(DISTINCT w.pid) FROM pg_locks w JOIN pg_locks h ON h.pid = pg_backend_pid() AND h.granted
        AND h.locktype = w.locktype
        AND (h.transactionid = w.transactionid OR (h.database = w.database AND h.relation = w.relation))
    WHERE NOT w.granted AND w.pid <> pg_backend_pid() AND w.locktype IN ('transactionid', 'relation')
"""


def lock_waiters(session: Session) -> int:
    """How many sessions wait for a lock that this transaction holds. Ask before COMMIT: afterwards nobody does."""
    (number,) = session.one(_WAITERS)
    return int(number)
