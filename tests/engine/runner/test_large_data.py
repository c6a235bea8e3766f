"""Data below COPY is streamed from its file to the server: a large block costs no memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.errors import NotResumableError, StatementError
from dbmigrations.postgres.sql.bulk import read_large
from dbmigrations.release.files import read_script
from tests.engine.databases import applier
from tests.engine.releases import migration_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop
    from tests.engine.runner.releases import Notes

MEGABYTES = int(os.environ.get("SOAK_COPY_MEGABYTES", "60"))
BOUND = 64 * max(0.4, MEGABYTES / 200)
"""Megabytes that the block may add: 64 for 200; what is read at a time does not shrink with the block."""

ROW = "some words é\t" + "x" * 185 + "\n"


def write_seed(path: Path, megabytes: int) -> int:
    """A script with a block of about that size, between statements; returns the number of its rows."""
    rows = megabytes * 1_000_000 // len(ROW.encode()) + 1
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.write("CREATE TABLE seed (id serial, body text, more text);\nCOPY seed (body, more) FROM stdin;\n")
        for _ in range(rows // 1000):
            file.write(ROW * 1000)
        file.write(ROW * (rows % 1000))
        file.write("\\.\nUPDATE seed SET more = 'last' WHERE id = (SELECT max(id) FROM seed);\n")
    return rows


def peak(laptop: Laptop, *words: str) -> float:
    """The most memory that a command had, in megabytes."""
    with laptop.started(*words) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.read() + process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said
    return used.ru_maxrss / 1000


def test_a_large_block_adds_little_memory(laptop: Laptop, notes: Notes, database: Database) -> None:
    notes.write(notes.ASSERTION, "SELECT true;\n")
    small = peak(laptop, "migrate", "--to", "1.1.0", "--no-backup")
    rows = write_seed(notes.root / notes.COUNT, MEGABYTES)
    large = peak(laptop, "migrate", "--to", "1.2.0", "--no-backup")
    print(f"\n{MEGABYTES} MB of COPY: {small:.0f} MB -> {large:.0f} MB")  # noqa: T201  # the figure, with -s
    assert database.rows("SELECT count(*), count(*) FILTER (WHERE more = 'last') FROM seed") == [(rows, 1)]
    assert large - small < BOUND


def test_data_that_was_changed_after_it_was_read_is_not_loaded(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "seed.sql"
    write_seed(path, 5)
    script = read_script(tmp_path, "seed.sql", read_large)
    assert script.bulk
    path.write_bytes(path.read_bytes().replace(b"some words", b"same words"))
    with database.session() as session, pytest.raises(StatementError, match=r"seed.sql:2:1: the data .* was changed"):
        applier(session, database.tables).up(migration_of("seed", script))
    assert not database.value("SELECT to_regclass('seed') IS NOT NULL")


def test_data_that_was_edited_after_a_half_done_run_is_noticed(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "seed.sql"
    write_seed(path, 5)
    path.write_text(f"-- migrate: tx=statement\n{path.read_text()}SELECT wrong;\n")
    with database.session() as session, pytest.raises(StatementError, match="wrong"):
        applier(session, database.tables).up(migration_of("seed", read_script(tmp_path, "seed.sql", read_large)))
    rows = database.value("SELECT count(*) FROM seed")
    path.write_bytes(path.read_bytes().replace(b"some words", b"same words").replace(b"SELECT wrong", b"SELECT 1"))
    with database.session() as session, pytest.raises(NotResumableError, match="statement 2 with the data below it"):
        applier(session, database.tables).up(migration_of("seed", read_script(tmp_path, "seed.sql", read_large)))
    path.write_bytes(path.read_bytes().replace(b"same words", b"some words"))
    with database.session() as session:
        applier(session, database.tables).up(migration_of("seed", read_script(tmp_path, "seed.sql", read_large)))
    assert database.value("SELECT count(*) FROM seed") == rows


def test_an_error_behind_a_large_block_has_the_line_of_the_file(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "seed.sql"
    rows = write_seed(path, 5)
    path.write_text(path.read_text() + "SELECT 1,\n  wrong;\n")
    script = read_script(tmp_path, "seed.sql", read_large)
    with database.session() as session, pytest.raises(StatementError, match=rf"seed.sql:{rows + 6}:3:") as caught:
        applier(session, database.tables).up(migration_of("seed", script))
    assert f"{rows + 6} |   wrong;" in caught.value.excerpt
    assert not database.value("SELECT to_regclass('seed') IS NOT NULL")


def test_a_large_block_is_sent_in_the_encoding_that_the_script_set(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "seed.sql"
    rows = write_seed(path, 5)
    path.write_text("SET client_encoding = 'LATIN1';\n" + path.read_text())
    with database.session() as session:
        applier(session, database.tables).up(migration_of("seed", read_script(tmp_path, "seed.sql", read_large)))
    assert database.value("SELECT count(*) FROM seed WHERE body = 'some words é'") == rows
