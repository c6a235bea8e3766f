"""Taking a snapshot: a handful of set-based queries in one read-only transaction, whatever the number of objects."""

import time
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from psycopg import sql

from dbmigrations.postgres.catalog.snapshot import CatalogObject, Snapshot
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.errors import StatementError
from dbmigrations.postgres.tables import Tables
from dbmigrations.postgres.view import IS_OUR_VIEW

_BY_SCHEMA = (
    "schemas",
    "relations",
    "columns",
    "constraints",
    "not_null.18",
    "indexes",
    "sequences",
    "functions",
    "triggers",
    "rules",
    "policies",
    "types",
    "statistics",
    "text_search",
    "operators",
)
_DATABASE_WIDE = ("database_wide", "publications", "publications.15")
_BESIDE = ("privileges",)
"""Adds to objects that the others found."""

# How values are printed depends on the session; so does what needs a schema's name before it.
_SETTINGS = """
    SET LOCAL search_path = pg_catalog, pg_temp;
    SET LOCAL quote_all_identifiers = off;
    SET LOCAL DateStyle = 'ISO, YMD';
    SET LOCAL IntervalStyle = postgres;
    SET LOCAL TimeZone = 'UTC';
    SET LOCAL extra_float_digits = 1;
    SET LOCAL bytea_output = hex;
    SET LOCAL lock_timeout = 0;
    SET LOCAL jit = off
"""

_SCHEMAS = """
    SELECT array_agg(n.oid) FROM pg_namespace n
    WHERE n.nspname = ANY (%(names)s) OR (%(names)s IS NULL
        AND NOT starts_with(n.nspname, 'pg_') AND n.nspname NOT IN ('information_schema', %(history)s)
        AND NOT EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e'))
"""

# What is to be printed may be dropped meanwhile, for those who look without the lock: the rows of the catalog are those
# of the transaction's beginning, but what prints them is not ("could not open relation", "cache lookup failed").
_INTERNAL_ERROR = "XX000"
_TRIES, _PAUSE = 20, 0.1

_COMPRESSION_SINCE = 14
_MULTIRANGE_SINCE = 14
_EXPRESSIONS_SINCE = 14
_NULLS_NOT_DISTINCT_SINCE = 15
_ENFORCED_SINCE = 18


def take_snapshot(session: Session, tables: Tables, schemas: Sequence[str] | None = None) -> Snapshot:
    """What is there now.

    Args:
        session: not in a transaction.
        tables: our own, which are left out, as are Prisma's and the objects of extensions.
        schemas: only these; None: all but the system's, the extensions' and ours, and what stands in no schema.

    Raises:
        EngineError: the database does not answer.
    """
    for _ in range(_TRIES - 1):
        try:
            return _taken(session, tables, schemas)
        except StatementError as error:
            if error.details.sqlstate != _INTERNAL_ERROR:
                raise
            time.sleep(_PAUSE)
    return _taken(session, tables, schemas)


def _taken(session: Session, tables: Tables, schemas: Sequence[str] | None) -> Snapshot:
    with session.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"):
        session.execute(_SETTINGS)
        chosen = None if schemas is None else list(schemas)
        (namespaces,) = session.one(_SCHEMAS, {"names": chosen, "history": tables.schema})
        return Snapshot.of(session.facts.major, _objects(session, namespaces or [], database_wide=schemas is None))


def _objects(session: Session, namespaces: Sequence[int], *, database_wide: bool) -> Iterator[CatalogObject]:
    params = {"namespaces": list(namespaces), "database_wide": database_wide}
    for name in (*_BY_SCHEMA, *(_DATABASE_WIDE if database_wide else ()), *_BESIDE):
        since = name.rpartition(".")[2]
        if since.isdigit() and session.facts.major < int(since):
            continue
        for kind, identity, parent, properties in session.execute(_query(name, session.facts.major), params):
            said = {key: value for key, value in properties.items() if value is not None}
            if said:
                yield CatalogObject(kind, identity, parent, said)


@cache
def _query(name: str, major: int) -> sql.Composed:
    """The text of a query, with what is not in every major filled in."""
    parts = {
        "our_view": IS_OUR_VIEW,
        "compression": sql.SQL("a.attcompression" if major >= _COMPRESSION_SINCE else "''"),
        "multirange": sql.SQL("r.rngmultitypid" if major >= _MULTIRANGE_SINCE else "NULL"),
        "expressions": sql.SQL(
            "pg_get_statisticsobjdef_expressions(s.oid)" if major >= _EXPRESSIONS_SINCE else "NULL::text"
        ),
        "nulls_not_distinct": sql.SQL("i.indnullsnotdistinct" if major >= _NULLS_NOT_DISTINCT_SINCE else "false"),
        "enforced": sql.SQL("c.conenforced" if major >= _ENFORCED_SINCE else "true"),
    }
    return sql.SQL(_text("scope") + _text(name)).format(**parts)


def _text(name: str) -> str:
    return files("dbmigrations.postgres.catalog").joinpath("queries", f"{name}.sql").read_text(encoding="utf-8")
