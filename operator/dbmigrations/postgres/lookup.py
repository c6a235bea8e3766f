"""Relations and types as scripts of the application name them, for queries that mean the catalog alone.

A name without a schema is looked for where a script would find it: among PostgreSQL's own, in the application's schema,
and behind that in `public`. No search_path takes part, so nothing of the application's can stand before the catalog.
"""

from psycopg import sql

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.sql.names import RelationName


def relation(session: Session, name: RelationName) -> sql.Composed:
    """An expression of type oid; null: there is no such relation."""
    return _found(sql.SQL("pg_catalog.to_regclass"), session.settings.schema, name)


def type_named(session: Session, name: RelationName) -> sql.Composed:
    """An expression of type oid; null: there is no such type."""
    return _found(sql.SQL("pg_catalog.to_regtype"), session.settings.schema, name)


def _found(function: sql.SQL, own: str, name: RelationName) -> sql.Composed:
    if name.schema is not None:
        return sql.SQL("{}({})::pg_catalog.oid").format(function, _text(name.schema, name.name))
    return sql.SQL(
        "coalesce({function}({catalog}), {function}({own}), CASE WHEN pg_catalog.to_regnamespace({schema}) IS NOT NULL"
        " THEN {function}({public}) END)::pg_catalog.oid"
    ).format(
        function=function,
        catalog=_text("pg_catalog", name.name),
        own=_text(own, name.name),
        schema=_text(own),
        public=_text("public", name.name),
    )


def _text(*parts: str) -> sql.Literal:
    return sql.Literal(sql.Identifier(*parts).as_string(None))
