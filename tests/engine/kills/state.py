"""What a database is, as far as two runs of the same migrations must agree: catalog, rows, history, no left-overs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from dbmigrations.postgres import history
from dbmigrations.postgres.catalog.difference import compare
from dbmigrations.postgres.catalog.reading import take_snapshot
from dbmigrations.postgres.catalog.sentences import headline
from dbmigrations.postgres.connection import Session, SessionSettings

if TYPE_CHECKING:
    from dbmigrations.postgres.catalog.snapshot import Snapshot
    from tests.engine.databases import Database

_OURS = "('pg_catalog', 'information_schema', 'pg_toast', 'dbmigrations')"

_CATALOG = f"""\
SELECT 'relation', n.nspname, c.relname, c.relkind::text, c.relispartition::text, pg_get_expr(c.relpartbound, c.oid)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname NOT IN {_OURS}
UNION ALL
SELECT 'column', a.attrelid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
  pg_get_expr(d.adbin, d.adrelid)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname NOT IN {_OURS}
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(c.oid), convalidated::text, NULL
  FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname NOT IN {_OURS}
UNION ALL
SELECT 'index', i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indisvalid::text, i.indisready::text, NULL
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN {_OURS}
UNION ALL
SELECT 'inheritance', inhrelid::regclass::text, inhparent::regclass::text, inhdetachpending::text, NULL, NULL
  FROM pg_inherits
UNION ALL
SELECT 'view', schemaname, viewname, definition, NULL, NULL FROM pg_views WHERE schemaname NOT IN {_OURS}
UNION ALL
SELECT 'routine', n.nspname, p.oid::regprocedure::text, md5(p.prosrc), NULL, NULL
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname NOT IN {_OURS}
UNION ALL
SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), tgenabled::text, NULL
  FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'type', n.nspname, t.typname, t.typtype::text,
  (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid), NULL
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname NOT IN {_OURS} AND t.typrelid = 0
ORDER BY 1, 2, 3, 4
"""

# An INVALID index of a TOAST table only a superuser may drop; it is in nobody's way.
_INVALID = """\
SELECT 'INVALID index ' || indexrelid::regclass FROM pg_index WHERE NOT (indisvalid AND indisready AND indislive)
  AND indexrelid NOT IN (SELECT oid FROM pg_class WHERE relnamespace = 'pg_toast'::regnamespace)
UNION ALL SELECT 'detach pending of ' || inhrelid::regclass FROM pg_inherits WHERE inhdetachpending
UNION ALL SELECT 'open journal of ' || name FROM dbmigrations.migration_journal WHERE state IN ('running', 'failed')
UNION ALL SELECT 'a lock held by ' || pid FROM pg_locks WHERE locktype = 'advisory' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

_HISTORY = """\
SELECT kind, name, release, direction, outcome, checksum FROM dbmigrations.migration_history
WHERE outcome <> 'Failed' ORDER BY id
"""

_PRISMA = """\
SELECT migration_name, checksum, finished_at IS NOT NULL, rolled_back_at IS NOT NULL
FROM _prisma_migrations ORDER BY started_at, migration_name
"""


@dataclass(frozen=True)
class State:
    """The value that is compared."""

    catalog: tuple[tuple[Any, ...], ...]
    data: tuple[tuple[str, int, str], ...]
    history: tuple[tuple[Any, ...], ...]
    prisma: tuple[tuple[Any, ...], ...]
    left_over: tuple[str, ...]
    broken_link: int | None
    snapshot: Snapshot
    """The catalog once more, as the fingerprint sees it: every kind of object, its owner, grants and comment."""

    def differences(self, other: State) -> list[str]:
        """What the other has otherwise, in words; empty: they agree."""
        found = []
        for part in ("catalog", "data", "history", "prisma", "left_over"):
            mine, theirs = list(getattr(self, part)), list(getattr(other, part))
            found += [f"{part}: missing {each}" for each in mine if each not in theirs]
            found += [f"{part}: unexpected {each}" for each in theirs if each not in mine]
            if not found and mine != theirs:
                found.append(f"{part}: another order or number: {theirs}")
        found += [f"fingerprint: {headline(each)}" for each in compare(self.snapshot, other.snapshot)]
        if other.broken_link is not None:
            found.append(f"the chain of the history breaks at row {other.broken_link}")
        return found


def state_of(database: Database) -> State:
    """Read it, as the superuser."""
    with database.connect() as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN"
            " ('pg_catalog', 'information_schema', 'dbmigrations') AND tablename <> '_prisma_migrations' ORDER BY 1, 2"
        ).fetchall()
        data = []
        for schema, table in tables:
            query = sql.SQL("SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t")
            row = connection.execute(query.format(sql.Identifier(schema, table))).fetchone()
            assert row is not None
            data.append((f"{schema}.{table}", *row))
        prisma = connection.execute("SELECT to_regclass('public._prisma_migrations') IS NOT NULL").fetchone()
        has_prisma = prisma == (True,)
        read = {
            "catalog": tuple(connection.execute(_CATALOG.encode()).fetchall()),
            "history": tuple(connection.execute(_HISTORY).fetchall()),
            "prisma": tuple(connection.execute(_PRISMA).fetchall()) if has_prisma else (),
            "left_over": tuple(row[0] for row in connection.execute(_INVALID)),
        }
    with Session.open(database.where(), SessionSettings("the oracle")) as session:
        broken = history.broken_link(session, database.tables)
        snapshot = take_snapshot(session, database.tables)
    return State(data=tuple(data), broken_link=broken, snapshot=snapshot, **read)
