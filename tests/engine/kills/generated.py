"""Migrations in the manner of an application's: made from a seed, so that every run has the same ones."""

from __future__ import annotations

import random

from tests.engine.kills.hostile import MigrationSet

_TABLES = ("users", "teams", "orders", "invoices", "sessions", "comments", "tags", "files")


def generated(count: int = 14, seed: int = 7) -> MigrationSet:
    """So many migrations, each with its down, after a first one that makes the tables."""
    chance = random.Random(seed)
    files: dict[str, str] = {}
    names = [f"20250101_{n // 60:02d}{n % 60:02d}_step_{n}" for n in range(count + 1)]
    first = "CREATE TYPE state AS ENUM ('new', 'done');\n" + "".join(
        f"CREATE TABLE {table} (id int PRIMARY KEY, name text, state state NOT NULL DEFAULT 'new');\n"
        f"INSERT INTO {table} SELECT n, '{table} ' || n FROM generate_series(1, 50) n;\n"
        for table in _TABLES
    )
    bodies = [(first, "DROP SCHEMA public CASCADE;\n")]
    bodies += [_step(chance, n) for n in range(1, count + 1)]
    for name, (up, down) in zip(names, bodies, strict=True):
        files[f"migrations/sql/{name}.sql"] = up
        files[f"migrations/sql/{name}.down.sql"] = down
    rest = names[1:]
    half = len(rest) // 2
    files["releases.yaml"] = (
        "releases:\n"
        f"  - version: 1.0.0\n    sql: [{names[0]}]\n"
        f"  - version: 1.1.0\n    sql: [{', '.join(rest[:half])}]\n"
        f"  - version: 1.2.0\n    sql: [{', '.join(rest[half:])}]\n"
    )
    return MigrationSet("generated", files, top="1.2.0", bottom="1.0.0")


def _step(chance: random.Random, number: int) -> tuple[str, str]:
    table, other = chance.sample(_TABLES, 2)
    kinds = (
        (
            (
                f"ALTER TABLE {table} ADD COLUMN c{number} integer NOT NULL DEFAULT {number};",
                f"UPDATE {table} SET c{number} = c{number} + 1 WHERE id % 2 = 0;",
            ),
            (f"ALTER TABLE {table} DROP COLUMN c{number};",),
        ),
        (
            (
                f"CREATE TABLE t{number} (id int PRIMARY KEY, {other}_id int REFERENCES {other}, at date);",
                f"CREATE INDEX t{number}_{other} ON t{number} ({other}_id);",
                f"INSERT INTO t{number} SELECT id, id FROM {other};",
            ),
            (f"DROP TABLE t{number};",),
        ),
        (
            (
                f"CREATE INDEX CONCURRENTLY {table}_name_{number} ON {table} (name, id);",
                f"UPDATE {table} SET name = name || '.' WHERE id < 5;",
            ),
            (
                f"UPDATE {table} SET name = left(name, -1) WHERE id < 5;",
                f"DROP INDEX CONCURRENTLY {table}_name_{number};",
            ),
        ),
        (
            (
                f"ALTER TABLE {table} ADD CONSTRAINT k{number} CHECK (id > 0) NOT VALID;",
                f"ALTER TABLE {table} VALIDATE CONSTRAINT k{number};",
            ),
            (f"ALTER TABLE {table} DROP CONSTRAINT k{number};",),
        ),
        (
            (
                "BEGIN;",
                f"CREATE VIEW v{number} AS SELECT id, name FROM {table};",
                "COMMIT;",
                f"COMMENT ON VIEW v{number} IS 'number {number}';",
            ),
            (f"DROP VIEW v{number};",),
        ),
        (
            (
                f"ALTER TYPE state ADD VALUE 's{number}';",
                f"UPDATE {table} SET state = 's{number}' WHERE id = {number};",
            ),
            (f"UPDATE {table} SET state = 'new' WHERE id = {number};",),
        ),
    )
    up, down = kinds[(number - 1) % len(kinds)]
    return "\n".join((*up, "")), "\n".join((*down, ""))
