"""Finding and reading the tables of tools that were here before. Nothing of theirs is changed or locked for long.

A table is known by its name and its columns: many call theirs `schema_migrations`. It is looked for where a tool puts
it unless told otherwise: in the application's schema, in `public`, in the schema of the login's name. Only ordinary
tables with PostgreSQL's own types are read, for a view or a type of somebody's would run his code with our rights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

from dbmigrations.postgres.predecessors.telling import Predecessor, Tool, tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dbmigrations.postgres.connection import Session

ROW_LIMIT = 100_000
"""More migrations nobody has; a larger table is not read."""

_TEXT = frozenset({"character varying", "text"})
_NUMBER = frozenset({"smallint", "integer", "bigint"})
_FLAG = frozenset({"boolean"})
_TIME = frozenset({"timestamp without time zone", "timestamp with time zone"})

_COMPANION = "ar_internal_metadata"
"""Rails' second table: with it beside, a bare `schema_migrations` is not dbmate's."""

_TABLES = """
    SELECT n.nspname, c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
        has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'),
        row_security_active(c.oid),
        (SELECT jsonb_object_agg(attname, CASE WHEN typnamespace = 'pg_catalog'::regnamespace
                THEN format_type(atttypid, NULL) ELSE '' END)
            FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
            WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relname = ANY(%(names)s)
        AND n.nspname IN (%(application)s, 'public', session_user::text)
    ORDER BY n.nspname <> %(application)s, 1, 2
"""


@dataclass(frozen=True)
class _Shape:
    """How a tool's table looks, and what of it is read."""

    tool: Tool
    table: str
    columns: Mapping[str, frozenset[str]]
    is_exact: bool
    """Whether it has no other columns: the name alone says little."""
    query: LiteralString

    def fits(self, name: str, columns: Mapping[str, str]) -> bool:
        if name != self.table or (self.is_exact and columns.keys() != self.columns.keys()):
            return False
        return all(columns.get(column, "") in types for column, types in self.columns.items())


_SHAPES = (
    _Shape(
        Tool.FLYWAY,
        "flyway_schema_history",
        {"installed_rank": _NUMBER, "version": _TEXT, "type": _TEXT, "script": _TEXT, "success": _FLAG},
        is_exact=False,
        query='SELECT left(version, 200), left("type", 200), left(script, 1000), success FROM ONLY {} '
        "ORDER BY installed_rank LIMIT %s",
    ),
    _Shape(
        Tool.GOLANG_MIGRATE,
        "schema_migrations",
        {"version": _NUMBER, "dirty": _FLAG},
        is_exact=True,
        query="SELECT version, dirty FROM ONLY {} ORDER BY version LIMIT %s",
    ),
    _Shape(
        Tool.DBMATE,
        "schema_migrations",
        {"version": _TEXT},
        is_exact=True,
        query="SELECT left(version, 200) FROM ONLY {} ORDER BY version LIMIT %s",
    ),
    _Shape(
        Tool.GOOSE,
        "goose_db_version",
        {"id": _NUMBER, "version_id": _NUMBER, "is_applied": _FLAG, "tstamp": _TIME},
        is_exact=False,
        query="SELECT version_id, is_applied FROM ONLY {} ORDER BY id LIMIT %s",
    ),
)


def find_predecessors(session: Session) -> tuple[Predecessor, ...]:
    """The tools whose tables are there, the application's schema first.

    Raises:
        ContentionError: one of them is migrating at this moment.
        EngineError: the database does not answer.
    """
    with session.transaction():
        session.mean_the_catalog()
        return tuple(_found(session))


def _found(session: Session) -> Iterator[Predecessor]:
    application = session.settings.schema
    names = [*{shape.table for shape in _SHAPES}, _COMPANION]
    rows = session.execute(_TABLES, {"names": names, "application": application}).fetchall()
    companions = {schema for schema, name, *_ in rows if name == _COMPANION}
    for schema, name, shown, may_read, is_under_policies, columns in rows:
        shape = next((each for each in _SHAPES if each.fits(name, columns or {})), None)
        if shape is None:
            continue
        tool = Tool.RAILS if shape.tool is Tool.DBMATE and schema in companions else shape.tool
        unreadable = _obstacle(shown, may_read=may_read, is_under_policies=is_under_policies)
        if not unreadable:
            query = sql.SQL(shape.query).format(sql.Identifier(schema, name))
            written = session.execute(query, (ROW_LIMIT + 1,)).fetchall()
            if len(written) <= ROW_LIMIT:
                yield Predecessor(tool, shown, schema == application, tell(tool, written))
                continue
            unreadable = f"it has more than {ROW_LIMIT:,} rows"
        yield Predecessor(tool, shown, schema == application, unreadable=unreadable)


def _obstacle(shown: str, *, may_read: bool, is_under_policies: bool) -> str:
    if not may_read:
        return f"the migrating role may not read it: GRANT SELECT ON {shown} to it (and USAGE on its schema)"
    if is_under_policies:
        return "row level security hides rows of it from the migrating role: exempt the role, or the table"
    return ""
