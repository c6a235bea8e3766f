"""The examples of docs/guides/backfills.md do what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import dbmigrations
from dbmigrations.release.migration import Kind
from tests.engine.databases import Database, applier
from tests.engine.releases import migration

if TYPE_CHECKING:
    from dbmigrations.release.migration import Migration

GUIDE = Path(dbmigrations.__file__).parents[2] / "docs" / "guides" / "backfills.md"


def example(number: int) -> Migration:
    text = re.findall(r"```sql\n(.*?)```", GUIDE.read_text(), re.DOTALL)[number]
    return migration(f"example_{number}", text, kind=Kind.DATA)


def test_orders_get_the_accounts_of_their_users(database: Database) -> None:
    database.run(
        "CREATE TABLE users (id int PRIMARY KEY, account_id int NOT NULL)",
        "CREATE TABLE orders (id bigint PRIMARY KEY, user_id int NOT NULL REFERENCES users, account_id int)",
        "INSERT INTO users SELECT i, i * 10 FROM generate_series(1, 50) i",
        "INSERT INTO orders SELECT i, 1 + i % 50 FROM generate_series(1, 5000) i",
        user=database.owner,
    )
    with database.session(row_security=False) as session:
        applier(session, database.tables).up(example(0))
    assert database.rows("SELECT count(*), bool_and(account_id = user_id * 10) FROM orders") == [(5000, True)]
    assert database.value("SELECT batches FROM dbmigrations.backfill_checkpoint") > 1


def test_old_events_move_to_the_archive_each_once(database: Database) -> None:
    database.run(
        "CREATE TABLE events (id uuid PRIMARY KEY, created_at timestamptz NOT NULL)",
        "CREATE TABLE events_archive (LIKE events)",
        "INSERT INTO events SELECT gen_random_uuid(), '2024-11-01'::timestamptz + i * interval '1 hour'"
        " FROM generate_series(1, 3000) i",
        user=database.owner,
    )
    old = database.value("SELECT count(*) FROM events WHERE created_at < '2025-01-01'")
    with database.session(row_security=False) as session:
        applier(session, database.tables).up(example(1))
    assert 0 < old < 3000
    assert database.value("SELECT count(*) FROM events") == 3000 - old
    assert database.rows("SELECT count(*), count(DISTINCT id) FROM events_archive") == [(old, old)]
