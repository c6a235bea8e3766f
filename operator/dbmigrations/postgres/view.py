"""The view `migration_history` in the application's schema, where that name is free.

It is marked by a comment, so that it is known as ours later: by the emptiness test, and when its columns change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from dbmigrations.postgres.errors import StatementError

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session

VIEW = "migration_history"

_MARK = "The history of this database, kept by dbmigrate in schema "

_COLUMNS = """
    SELECT id, release AS version, kind, name, description, direction, outcome, checksum, applied_at, duration,
           database_user AS applied_by, requested_by, git_revision, run_id, runner_version, error
    FROM {schema}.migration_history
    OFFSET 0
"""
# OFFSET makes a view that nothing can be written through. A plain one passes INSERT on to its table with the rights of
# its owner, for whoever was given rights on it: by default privileges of the application's schema, say.


def create_view(session: Session, schema: str, application_schema: str) -> bool:
    """Make the view; False where the name is taken, the schema missing, or the role may not create there."""
    if application_schema == schema:
        return False
    try:
        with session.transaction():
            free = session.one(
                "SELECT n.oid IS NOT NULL"
                " AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relname = %(view)s)"
                " AND NOT EXISTS (SELECT FROM pg_type WHERE typnamespace = n.oid AND typname = %(view)s)"
                " AND has_schema_privilege(n.oid, 'CREATE')"
                " FROM (SELECT to_regnamespace(%(schema)s)::oid AS oid) n",
                {"view": VIEW, "schema": sql.Identifier(application_schema).as_string(None)},
            )
            if not free[0]:
                return False
            names = {"view": sql.Identifier(application_schema, VIEW), "schema": sql.Identifier(schema)}
            session.execute(sql.SQL("CREATE VIEW {view} AS" + _COLUMNS).format(**names))
            comment = sql.SQL("COMMENT ON VIEW {view} IS {text}")
            session.execute(comment.format(view=names["view"], text=sql.Literal(_MARK + schema)))
    except StatementError:
        # A convenience: nothing of a migration may depend on it.
        return False
    return True


IS_OUR_VIEW = sql.SQL(
    "c.relkind = 'v' AND c.relname = {view} AND coalesce(obj_description(c.oid, 'pg_class') LIKE {mark}, false)"
).format(view=sql.Literal(VIEW), mark=sql.Literal(_MARK + "%"))
"""A condition on pg_class c."""
