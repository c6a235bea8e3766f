"""What a database holds, in the large: whether anything at all, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from dbmigrations.postgres.view import IS_OUR_VIEW

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.tables import Tables

# What counts: relations that people make, routines, and types that stand alone.
_OBJECTS = """
    WITH objects AS (
        SELECT c.relnamespace AS namespace, 'pg_class'::regclass AS class, c.oid, c.relowner AS owner
        FROM pg_class c
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND NOT ({our_view})
        UNION ALL
        SELECT pronamespace, 'pg_proc'::regclass, oid, proowner FROM pg_proc
        UNION ALL
        SELECT typnamespace, 'pg_type'::regclass, oid, typowner FROM pg_type
        WHERE typtype IN ('d', 'e', 'r') OR (typtype = 'b' AND typelem = 0)
    )
    SELECT NOT EXISTS (
        SELECT FROM objects o JOIN pg_namespace n ON n.oid = o.namespace
        WHERE n.nspname NOT LIKE 'pg\\_%%' AND n.nspname NOT IN ('information_schema', %(history)s)
        -- of an extension: the object, or the schema that it stands in
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e'
            AND ((d.classid = o.class AND d.objid = o.oid)
                OR (d.classid = 'pg_namespace'::regclass AND d.objid = n.oid)))
        -- of the provider: a superuser's, in a schema where this role may not create anything
        AND NOT (n.nspname <> %(application)s
            AND NOT has_schema_privilege(n.oid, 'CREATE')
            AND (SELECT rolsuper FROM pg_roles WHERE oid = o.owner)
            AND (SELECT rolsuper FROM pg_roles WHERE oid = n.nspowner))
    )
"""


def is_empty(session: Session, tables: Tables) -> bool:
    """Whether there is no relation, routine or type outside system, extension and our schemas.

    A provider's own schemas (made by a superuser, closed to the migrating role) count as system.
    """
    names = {"history": tables.schema, "application": session.settings.schema}
    return bool(session.one(sql.SQL(_OBJECTS).format(our_view=IS_OUR_VIEW), names)[0])


def table_bytes(session: Session) -> int:
    """Bytes of all tables of this database, TOAST included, indexes left out: what a dump holds, before compression."""
    (total,) = session.one(
        "SELECT coalesce(sum(pg_table_size(c.oid)), 0)::bigint FROM pg_class c JOIN pg_namespace n"
        " ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND n.nspname NOT LIKE 'pg\\_%'"
        " AND n.nspname <> 'information_schema'"
    )
    return int(total)
