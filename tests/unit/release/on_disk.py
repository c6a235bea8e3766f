"""A release directory on disk, whole, for tests that spoil something of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.release.directory import inspect

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = """\
releases:
  - version: 1.0.0
    schema: [20260101000000_init]
    sql: [20260101_0900_rls]
    data: [20260101_1000_seed]
    verify: [works]
"""


FILES = {
    "prisma/migrations/20260101000000_init/migration.sql": "CREATE TABLE a ();\n",
    "prisma/migrations/20260101000000_init/down.sql": "DROP TABLE a;\n",
    "migrations/sql/20260101_0900_rls.sql": "SELECT 1;\n",
    "migrations/sql/20260101_0900_rls.down.sql": "SELECT 2;\n",
    "migrations/data/20260101_1000_seed.sql": "SELECT 3;\n",
    "migrations/data/20260101_1000_seed.down.sql": "-- nothing to do\n",
    "migrations/verify/works.sql": "SELECT true;\n",
    "prisma/migrations/migration_lock.toml": 'provider = "postgresql"\n',
    "releases.yaml": LEDGER,
}


def write(root: Path, name: str, content: str | bytes) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def told(root: Path, *, require_down: bool = False) -> list[str]:
    return [f"{problem.severity}: {problem}" for problem in inspect(root, require_down=require_down)[1]]
