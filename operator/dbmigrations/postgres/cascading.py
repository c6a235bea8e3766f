"""What DROP … CASCADE reaches: whether rows or values are among it, or only what comes back from Git."""

from typing import LiteralString

from psycopg import sql

from dbmigrations.postgres import lookup
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.sql.loss import Dropped
from dbmigrations.postgres.sql.names import ColumnName, RelationName

_REACHED: LiteralString = """
WITH RECURSIVE start (class, object, part) AS ({start}), dropped AS (
    SELECT * FROM start
    UNION
    SELECT n.class, n.object, n.part FROM dropped AS r, LATERAL (
        SELECT d.classid, d.objid, d.objsubid FROM pg_depend AS d
        WHERE d.refclassid = r.class AND d.refobjid = r.object AND (r.part = 0 OR d.refobjsubid = r.part)
        UNION ALL
        -- an internal part of something takes it along: the rule of a view, the index of a constraint
        SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_depend AS d
        WHERE d.classid = r.class AND d.objid = r.object AND d.objsubid = r.part AND d.deptype = 'i'
    ) AS n (class, object, part)
), own AS (
    -- whose rows are counted as those of the table that is named
    SELECT object FROM start WHERE class = 'pg_class'::regclass AND part = 0
    UNION
    SELECT i.inhrelid FROM pg_inherits AS i JOIN own AS o ON i.inhparent = o.object
)
SELECT NOT EXISTS (SELECT FROM start WHERE object IS NOT NULL) OR count(*) > 0
FROM dropped AS x JOIN pg_class AS c ON x.class = 'pg_class'::regclass AND c.oid = x.object
WHERE c.relkind IN ('f', 'p', 'r') AND c.oid NOT IN (SELECT object FROM own)
  AND (x.class, x.object, x.part) NOT IN (SELECT class, object, part FROM start)
"""
_RELATION: LiteralString = "SELECT 'pg_class'::regclass::oid, {relation}, 0"
_COLUMN: LiteralString = """
SELECT 'pg_class'::regclass::oid, attrelid, attnum::int FROM pg_attribute
WHERE attrelid = {relation} AND attname = {column} AND NOT attisdropped
"""
_EXTENSION: LiteralString = "SELECT 'pg_extension'::regclass::oid, oid, 0 FROM pg_extension WHERE extname = {name}"
_TYPE: LiteralString = "SELECT 'pg_type'::regclass::oid, {type}, 0"
_ROUTINE: LiteralString = """
SELECT 'pg_proc'::regclass::oid, p.oid, 0 FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE p.proname = {name} AND (n.nspname = {schema} OR {schema}::text IS NULL)
"""


def reaches_data(session: Session, dropped: Dropped) -> bool:
    """Whether a table, or a column of another one, goes with it; also where nothing of that name is found.

    Not asked of what is named itself.
    """
    query = sql.SQL(_REACHED).format(start=_start(session, dropped))
    return bool(session.one(query)[0])


def _start(session: Session, dropped: Dropped) -> sql.Composed:
    match dropped.name:
        case ColumnName(relation=relation, column=column):
            found = lookup.relation(session, relation)
            return sql.SQL(_COLUMN).format(relation=found, column=sql.Literal(column))
        case RelationName() as name if dropped.kind == "relation":
            return sql.SQL(_RELATION).format(relation=lookup.relation(session, name))
        case RelationName() as name if dropped.kind == "type":
            return sql.SQL(_TYPE).format(type=lookup.type_named(session, name))
        case RelationName(name=name) if dropped.kind == "extension":
            return sql.SQL(_EXTENSION).format(name=sql.Literal(name))
        case RelationName(schema=schema, name=name):
            return sql.SQL(_ROUTINE).format(name=sql.Literal(name), schema=sql.Literal(schema))
