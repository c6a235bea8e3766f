"""A release directory with every kind of statement that is hard to repeat; what ran twice shows in its effects.

Release 1.0.0 makes the tables, 1.1.0 does the hard things; everything has a down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class MigrationSet:
    """A release directory: its files, and the way from `bottom` (nothing where empty) to `top`."""

    name: str
    files: dict[str, str]
    top: str
    bottom: str

    def write(self, root: Path) -> None:
        """Put it on disk."""
        for path, text in self.files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")


_SCHEMA = "prisma/migrations"

_INIT = """\
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL, qty int NOT NULL DEFAULT 0);
CREATE TABLE effects (what text NOT NULL);
CREATE TABLE moods (m mood);
CREATE TABLE events (at date NOT NULL, n int) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE INDEX items_old ON items (qty);
INSERT INTO items SELECT n, 'item ' || n, n % 7 FROM generate_series(1, 300) n;
INSERT INTO events VALUES ('2024-05-05', 1), ('2025-05-05', 2);
CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM effects WHERE what = 'call 1') THEN
    INSERT INTO effects VALUES ('call 1');
    COMMIT;
  END IF;
  INSERT INTO effects VALUES ('call 2');
  COMMIT;
END $$;
"""

_INDEXES = """\
INSERT INTO effects VALUES ('before');
CREATE INDEX CONCURRENTLY items_name ON items (name);
INSERT INTO effects VALUES ('between');
UPDATE items SET qty = qty + 100 WHERE id <= 10;
CREATE INDEX CONCURRENTLY IF NOT EXISTS items_qty ON items (qty);
CREATE UNIQUE INDEX CONCURRENTLY "items; (odd)" ON public.items (name, id);
DROP INDEX CONCURRENTLY items_old;
INSERT INTO effects VALUES ('after');
"""
_INDEXES_DOWN = """\
INSERT INTO effects VALUES ('undone');
CREATE INDEX CONCURRENTLY items_old ON items (qty);
DROP INDEX CONCURRENTLY "items; (odd)";
UPDATE items SET qty = qty - 100 WHERE id <= 10;
DROP INDEX CONCURRENTLY IF EXISTS items_qty;
DROP INDEX CONCURRENTLY items_name;
DELETE FROM effects WHERE what IN ('before', 'between', 'after');
"""

_MAINTENANCE = """\
VACUUM items;
INSERT INTO effects VALUES ('vacuumed');
REINDEX INDEX CONCURRENTLY items_pkey;
REINDEX TABLE CONCURRENTLY items;
ANALYZE items;
INSERT INTO effects VALUES ('reindexed');
"""
_MAINTENANCE_DOWN = "DELETE FROM effects WHERE what IN ('vacuumed', 'reindexed');\nVACUUM (ANALYZE) effects;\n"

_DETACH = """\
INSERT INTO effects VALUES ('detaching');
ALTER TABLE events DETACH PARTITION events_2024 CONCURRENTLY;
INSERT INTO events_2024 VALUES ('2024-06-06', 3);
"""
_DETACH_DOWN = """\
DELETE FROM events_2024 WHERE n = 3;
ALTER TABLE events ATTACH PARTITION events_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
DELETE FROM effects WHERE what = 'detaching';
"""

_VALUES = """\
ALTER TYPE mood ADD VALUE 'fine';
INSERT INTO moods VALUES ('fine');
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'so so' BEFORE 'bad';
INSERT INTO moods SELECT 'so so' FROM generate_series(1, 3);
"""
_VALUES_DOWN = "DELETE FROM moods;\n"

_OWN = """\
BEGIN;
INSERT INTO effects VALUES ('own 1');
CREATE TABLE own (id int);
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO own SELECT generate_series(1, 5);
INSERT INTO effects VALUES ('own 2');
END;
SET work_mem = '8MB';
INSERT INTO own VALUES (6);
"""
_OWN_DOWN = "BEGIN;\nDROP TABLE own;\nCOMMIT;\nBEGIN;\nDELETE FROM effects WHERE what LIKE 'own%';\nCOMMIT;\n"

_CALL = """\
-- migrate: tx=none
INSERT INTO effects VALUES ('to be called');
-- migrate: check=SELECT EXISTS (SELECT FROM effects WHERE what = 'call 2')
CALL fill();
-- migrate: check=SELECT EXISTS (SELECT FROM effects WHERE what = 'do')
DO $$ BEGIN INSERT INTO effects VALUES ('do'); COMMIT; END $$;
INSERT INTO effects VALUES ('called');
"""
_CALL_DOWN = "DELETE FROM effects WHERE what IN ('to be called', 'call 1', 'call 2', 'do', 'called');\n"

_COPY = """\
INSERT INTO effects VALUES ('copying');
COPY items (id, name, qty) FROM stdin;
1001\tcopied; one\t1
1002\tcopied 'two'\t2
\\.
UPDATE items SET qty = qty + 1 WHERE id > 1000;
"""
_COPY_DOWN = "DELETE FROM items WHERE id > 1000;\nDELETE FROM effects WHERE what = 'copying';\n"

_COLUMN = """\
ALTER TABLE items ADD COLUMN note text;
UPDATE items SET note = 'n' || id WHERE id % 2 = 0;
CREATE INDEX items_note ON items (note);
"""
_COLUMN_DOWN = "ALTER TABLE items DROP COLUMN note;\n"

_EFFECTS = "SELECT count(*) = count(DISTINCT what) FROM effects WHERE what <> 'undone';\n"

_LEDGER = """\
releases:
  - version: 1.0.0
    schema: [20260101000000_init]
  - version: 1.1.0
    schema: [20260201000000_column]
    sql:
      - 20260201_0901_indexes
      - 20260201_0902_maintenance
      - 20260201_0903_detach
      - 20260201_0904_values
      - 20260201_0905_own
      - 20260201_0906_call
    data: [20260201_0907_copy]
    verify: [effects]
"""


def hostile() -> MigrationSet:
    """The set."""
    files = {
        "releases.yaml": _LEDGER,
        f"{_SCHEMA}/20260101000000_init/migration.sql": _INIT,
        f"{_SCHEMA}/20260101000000_init/down.sql": "DROP SCHEMA public CASCADE;\n",
        f"{_SCHEMA}/20260201000000_column/migration.sql": _COLUMN,
        f"{_SCHEMA}/20260201000000_column/down.sql": _COLUMN_DOWN,
        "migrations/data/20260201_0907_copy.sql": _COPY,
        "migrations/data/20260201_0907_copy.down.sql": _COPY_DOWN,
        "migrations/verify/effects.sql": _EFFECTS,
    }
    sql = {
        "20260201_0901_indexes": (_INDEXES, _INDEXES_DOWN),
        "20260201_0902_maintenance": (_MAINTENANCE, _MAINTENANCE_DOWN),
        "20260201_0903_detach": (_DETACH, _DETACH_DOWN),
        "20260201_0904_values": (_VALUES, _VALUES_DOWN),
        "20260201_0905_own": (_OWN, _OWN_DOWN),
        "20260201_0906_call": (_CALL, _CALL_DOWN),
    }
    for name, (up, down) in sql.items():
        files |= {f"migrations/sql/{name}.sql": up, f"migrations/sql/{name}.down.sql": down}
    return MigrationSet("hostile", files, top="1.1.0", bottom="1.0.0")
