"""What an interrupted REINDEX CONCURRENTLY leaves behind: INVALID indexes `…_ccnew` and `…_ccold`. Only those of ours.

Ours are copies of an index that the statement rebuilds, and nobody works on them now: another session's REINDEX
CONCURRENTLY has the same kind of index while it runs, and holds a lock on it. One of a TOAST table only a superuser may
drop, for no other role reaches its schema. It stays; it costs room, and nothing waits for it.
"""

from typing import LiteralString

from psycopg import sql

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.sql.probes import Reindexed, ReindexedKind

_FIND = """\
WITH target AS (
  SELECT %(target)s::oid AS oid UNION SELECT relid FROM pg_catalog.pg_partition_tree(%(target)s::oid::regclass))
SELECT n.nspname, c.relname FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
AND EXISTS (
  SELECT FROM pg_catalog.pg_index o JOIN pg_catalog.pg_class oc ON oc.oid = o.indexrelid
  WHERE o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid AND {of_target}
  AND pg_catalog.starts_with(oc.relname, pg_catalog.regexp_replace(c.relname, '_cc(new|old)[0-9]*$', '')))
AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
  WHERE l.locktype = 'relation' AND l.relation = i.indexrelid AND d.datname = pg_catalog.current_database()
  AND l.pid <> pg_catalog.pg_backend_pid())
"""

_OF_TARGET: dict[ReindexedKind, LiteralString] = {
    ReindexedKind.INDEX: "o.indexrelid IN (SELECT oid FROM target)",
    ReindexedKind.TABLE: (
        "(o.indrelid IN (SELECT oid FROM target) OR o.indrelid IN"
        " (SELECT t.reltoastrelid FROM pg_catalog.pg_class t JOIN target ON t.oid = target.oid))"
    ),
    ReindexedKind.SCHEMA: "n.oid = pg_catalog.to_regnamespace(%(name)s)",
    ReindexedKind.EVERYTHING: "%(name)s::text IS NOT NULL",
}
"""Whether the index `o` is one that the statement rebuilds."""


def leftovers(session: Session, target: Reindexed) -> tuple[sql.Identifier, ...]:
    """The indexes that an interrupted rebuild of the target has left.

    Raises:
        EngineError: what the server said.
    """
    relation = target.relation
    parts = [relation.name] if relation.schema is None else [relation.schema, relation.name]
    query = sql.SQL(_FIND).format(of_target=sql.SQL(_OF_TARGET[target.kind]))
    name = sql.Identifier(*parts).as_string(None)
    # As the script finds it; then with the catalog's own operators, whichever the script has put before them.
    (oid,) = session.one("SELECT pg_catalog.to_regclass(%s)::pg_catalog.oid", (name,))
    with session.transaction():
        session.mean_the_catalog()
        found = session.execute(query, {"target": oid, "name": name}).fetchall()
    return tuple(sql.Identifier(schema, name) for schema, name in found)
