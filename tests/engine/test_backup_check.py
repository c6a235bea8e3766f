"""Whether a backup can be taken: asked before anything is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.backup_check import ASKED_FOR, ON_A_LAPTOP, backup_problem, free_bytes, room_problem
from dbmigrations.postgres.client_programs import client_version
from dbmigrations.postgres.dump import take_backup
from dbmigrations.postgres.errors import BackupError
from dbmigrations.postgres.tables import install

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.databases import Database
from tests.engine.dumping import fill, kept, on_debians_server, wanted

FORCED = (
    "CREATE TABLE orders (id int)",
    "ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE orders FORCE ROW LEVEL SECURITY",
    "CREATE POLICY own ON orders USING (false)",
)


@pytest.fixture
def filled(database: Database) -> Database:
    return fill(database)


@on_debians_server
def test_a_database_that_its_owner_can_read_can_be_backed_up(filled: Database, tmp_path: Path) -> None:
    with filled.session(row_security=False) as session:
        install(session, filled.tables, application_schema="public", runner_version="test")
        assert backup_problem(session, tmp_path / "new") == ""


@on_debians_server
def test_row_security_that_binds_the_dumping_role_is_a_problem(database: Database, tmp_path: Path) -> None:
    database.run(*FORCED, user=database.owner)
    with database.session(row_security=False) as session:
        problem = backup_problem(session, tmp_path)
        assert "orders" in problem
        assert "BYPASSRLS" in problem
        with pytest.raises(BackupError, match="row-level security"):
            take_backup(session, wanted(database, tmp_path))


@on_debians_server
def test_a_login_of_its_own_with_bypassrls_can_dump_what_the_owner_cannot(database: Database, tmp_path: Path) -> None:
    database.run(*FORCED, user=database.owner)
    dumper = database.role("BYPASSRLS")
    database.run(f"GRANT pg_read_all_data TO {dumper}")
    where = database.where(user=dumper)
    with database.session(where=where, row_security=False) as session:
        install_as_owner(database)
        assert backup_problem(session, tmp_path) == ""
        take_backup(session, wanted(database, tmp_path, where=where))
    assert len(kept(tmp_path)) == 1


@on_debians_server
def test_a_table_that_may_not_be_read_is_a_problem(filled: Database, tmp_path: Path) -> None:
    other = filled.role()
    with filled.session(where=filled.where(user=other), row_security=False) as session:
        assert "pg_read_all_data" in backup_problem(session, tmp_path)


@on_debians_server
def test_a_folder_that_cannot_be_written_is_a_problem(filled: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with filled.session(row_security=False) as session:
        assert "cannot be written" in backup_problem(session, tmp_path / "file")


def test_a_dump_that_would_not_fit_is_a_problem(tmp_path: Path) -> None:
    assert room_problem(3 << 20, 2 << 20).startswith("the backup is expected to take 3 MiB, and its storage has 2 MiB")
    assert room_problem(2 << 20, 2 << 20) == ""
    assert room_problem(3, 2).endswith("(steps.backup.retain)")
    assert room_problem(3, 2, ON_A_LAPTOP).endswith("or pass --no-backup")
    assert "--no-backup" not in room_problem(3, 2, ASKED_FOR)
    assert free_bytes(tmp_path) > 0


def test_a_client_that_is_older_than_the_server_is_a_problem(filled: Database, tmp_path: Path) -> None:
    client = client_version("pg_dump")
    assert client is not None
    with filled.session(row_security=False) as session:
        problem = backup_problem(session, tmp_path)
    if client.major < filled.server.major:
        assert f"pg_dump {client.text} cannot dump a server of version {filled.server.major}" in problem
    else:
        assert problem == ""


def install_as_owner(database: Database) -> None:
    with database.session() as session:
        install(session, database.tables, application_schema="public", runner_version="test")
