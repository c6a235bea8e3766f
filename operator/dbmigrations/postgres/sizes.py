"""How large relations are now. Asks without waiting behind anybody's lock."""

from collections.abc import Mapping, Sequence

from psycopg import sql

from dbmigrations.postgres import lookup
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.errors import ContentionError
from dbmigrations.postgres.sql.names import RelationName

# Of a partitioned table or index: all of its partitions. pg_partition_tree is empty for everything else.
_EXACT = """
    SELECT place, coalesce((SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(found.oid)),
        pg_total_relation_size(found.oid))::bigint
    FROM (VALUES {names}) found (place, oid) WHERE oid IS NOT NULL
"""

# What the planner last saw, for relations that somebody holds: functions of size wait for their lock.
_SEEN = """
    SELECT place, (current_setting('block_size')::bigint * (SELECT coalesce(sum(c.relpages), 0) FROM pg_class c
        WHERE c.oid = found.oid OR c.oid IN (SELECT reltoastrelid FROM pg_class t WHERE t.oid = found.oid)
            OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = found.oid)))::bigint
    FROM (VALUES {names}) found (place, oid) WHERE oid IS NOT NULL
"""


def relation_sizes(session: Session, names: Sequence[RelationName]) -> Mapping[RelationName, int]:
    """Bytes of each relation with its indexes, TOAST and partitions; one that is not there is not in the answer.

    Names without a schema are looked for as in scripts.

    Raises:
        UnavailableError: the session was lost.
    """
    rows = [
        sql.SQL("({}, {})").format(sql.Literal(place), lookup.relation(session, name))
        for place, name in enumerate(names)
    ]
    if not rows:
        return {}
    asked = sql.SQL(", ").join(rows)
    try:
        with session.transaction("BEGIN READ ONLY"):
            session.execute("SET LOCAL lock_timeout = '100ms'")
            found = session.execute(sql.SQL(_EXACT).format(names=asked)).fetchall()
    except ContentionError:
        found = session.execute(sql.SQL(_SEEN).format(names=asked)).fetchall()
    return {names[place]: int(size) for place, size in found}
