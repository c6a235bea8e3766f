"""What the catalog says of a backfill's table and key: whether its rows can be walked in that order at all."""

from psycopg import sql

from dbmigrations.postgres import lookup
from dbmigrations.postgres.backfill.window import KeyColumn, Keyset
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.errors import StatementError
from dbmigrations.postgres.sql.backfill import Backfill
from dbmigrations.postgres.sql.names import RelationName

_WALKABLE = frozenset({"r", "p"})
_KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table", "S": "a sequence", "i": "an index"}

_TABLE = """
    SELECT c.oid, n.nspname, c.relname, c.relkind::text,
        EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AND c.relkind = 'r'
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = {relation}
"""

# A domain's NOT NULL counts as little as a CHECK: what it holds for is not always checked.
_COLUMNS = """
    SELECT a.attname, a.attnum, a.attnotnull, format_type(a.atttypid, -1),
        (WITH RECURSIVE below AS (
            SELECT t.oid, t.typname, t.typtype, t.typbasetype FROM pg_type t WHERE t.oid = a.atttypid
            UNION ALL
            SELECT t.oid, t.typname, t.typtype, t.typbasetype FROM pg_type t JOIN below b
                ON b.typtype = 'd' AND t.oid = b.typbasetype)
         SELECT typname FROM below WHERE typtype <> 'd')
    FROM pg_attribute a
    WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY (%s)
"""

# B-trees in the order that < has: all ascending or all descending, with the column's collation and its default class.
_INDEXES = """
    SELECT i.indisunique, i.indnkeyatts, (i.indkey::int2[])[0:i.indnkeyatts - 1]::int[],
        NOT EXISTS (
            SELECT FROM generate_series(0, i.indnkeyatts - 1) n
            LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n]
            LEFT JOIN pg_opclass o ON o.oid = i.indclass[n]
            WHERE NOT o.opcdefault OR i.indcollation[n] <> a.attcollation OR i.indoption[n] & 1 <> i.indoption[0] & 1)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
    WHERE i.indrelid = %s AND m.amname = 'btree' AND i.indisvalid AND i.indisready AND i.indpred IS NULL
        AND i.indexprs IS NULL
"""


class KeyUnfitError(Exception):
    """The table cannot be walked by this key. `why` says so to people, `remedy` what helps."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(f"{why}. {remedy}")
        self.why = why
        self.remedy = remedy


def keyset_of(session: Session, backfill: Backfill) -> Keyset:
    """The table and the columns of its key, as the catalog has them now.

    Raises:
        KeyUnfitError: there is no such table or column, a column may be NULL, the key is not unique, or no index
            gives its order.
    """
    oid, table = _table(session, backfill.table)
    found = {row[0]: row[1:] for row in session.execute(_COLUMNS, (oid, list(backfill.key)))}
    name = ", ".join(backfill.key)
    for column in backfill.key:
        if column not in found:
            raise KeyUnfitError(f"{backfill.table} has no column {column}", "Name the columns of its primary key")
        if not found[column][1]:
            raise KeyUnfitError(
                f"column {backfill.table}.{column} may be NULL, and rows without a key would never be reached",
                f"Take another key, or ALTER TABLE {backfill.table} ALTER COLUMN {column} SET NOT NULL first",
            )
    numbers = [found[column][0] for column in backfill.key]
    indexes = session.execute(_INDEXES, (oid,)).fetchall()
    if not any(unique and set(columns) <= set(numbers) for unique, _, columns, _ in indexes):
        raise KeyUnfitError(
            f"({name}) is not unique in {backfill.table}", "Name the columns of its primary key, or of a unique index"
        )
    if not any(ordered and columns[: len(numbers)] == numbers for _, _, columns, ordered in indexes):
        raise KeyUnfitError(
            f"no index gives the rows of {backfill.table} in the order of ({name})",
            f"Name the columns as an index has them, or CREATE INDEX CONCURRENTLY ON {backfill.table} ({name}) first",
        )
    return Keyset(table, tuple(KeyColumn(column, *found[column][2:]) for column in backfill.key))


def estimated_rows(session: Session, table: sql.Identifier) -> int | None:
    """The planner's guess; None: this role may not see all rows.

    Raises:
        EngineError: the server does not answer.
    """
    try:
        (plan,) = session.one(sql.SQL("EXPLAIN (FORMAT JSON) SELECT FROM {}").format(table))
    except StatementError:
        return None
    return int(plan[0]["Plan"]["Plan Rows"])


def _table(session: Session, name: RelationName) -> tuple[int, sql.Identifier]:
    row = session.execute(sql.SQL(_TABLE).format(relation=lookup.relation(session, name))).fetchone()
    if row is None:
        raise KeyUnfitError(f"there is no table {name}", "Name the table, with its schema where it is another one")
    oid, schema, table, kind, inherited = row
    if kind not in _WALKABLE:
        raise KeyUnfitError(f"{name} is {_KINDS.get(kind, 'no table')}", "Name the table that holds the rows")
    if inherited:
        raise KeyUnfitError(
            f"other tables inherit from {name}: no index of it has all rows", "Make one backfill for each of them"
        )
    return oid, sql.Identifier(schema, table)
