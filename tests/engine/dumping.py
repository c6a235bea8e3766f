"""What tests of backups ask for, and where there is a pg_dump for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from dbmigrations.postgres.backup_store import BackupStore
from dbmigrations.postgres.dump import BackupRequest, take_backup

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.databases import Database

on_debians_server = pytest.mark.parametrize("server", ["debian"], ids=["postgres-debian"], indirect=True)
"""The packages of newer majors bring no pg_dump."""


def fill(database: Database) -> Database:
    """With one table of the owner's that has a row."""
    database.run("CREATE TABLE t (id int, word text)", "INSERT INTO t VALUES (1, 'kept')", user=database.owner)
    return database


def wanted(database: Database, folder: Path, **changes: object) -> BackupRequest:
    values: dict[str, object] = {
        "where": database.by_password(),
        "directory": folder,
        "database_key": "shop.shop",
        "run": str(uuid4()),
    }
    return BackupRequest(**(values | changes))  # type: ignore[arg-type]


def take(database: Database, folder: Path, **changes: object) -> str:
    request = wanted(database, folder, **changes)
    with database.session(row_security=False) as session:
        take_backup(session, request)
    return request.run


def kept(folder: Path) -> list[str]:
    return [backup.manifest.run for backup in BackupStore(folder / "shop.shop").all()]
