"""Two runs at once on one database: whose place was taken waits for the other, plans anew, and ends as if alone."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dbmigrations.postgres.lock import migration_lock
from tests.engine.runner.program import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop
    from tests.engine.runner.releases import Notes

_SLOW = "CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL);\nSELECT pg_sleep(1);\n"
_INIT = "prisma/migrations/20260101000000_init/migration.sql"
_MIGRATE = ("migrate", "--to", "1.0.0", "--no-backup")


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _take_its_place(database: Database) -> None:
    """What the preflight of another run does between two steps of this one."""
    asleep = (
        f"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '{database.name}' AND wait_event = 'PgSleep')"
    )
    _until(lambda: database.value(asleep) is True)
    database.run("UPDATE dbmigrations.migration_run SET outcome = 'Superseded' WHERE outcome = 'Running'")
    database.run(
        "INSERT INTO dbmigrations.migration_run (id, owner, uid, generation, trigger, target_version, direction, base,"
        " plan, steps, plan_hash, approved_plan, changing, outcome) SELECT '0therrun-1', owner, uid, generation,"
        " trigger, target_version, direction, base, plan, steps, plan_hash, approved_plan, changing, 'Running'"
        " FROM dbmigrations.migration_run"
    )


def test_a_run_whose_place_another_took_waits_for_it_and_then_does_what_is_left(
    laptop: Laptop, database: Database, notes: Notes
) -> None:
    notes.write(_INIT, _SLOW)
    with laptop.started(*_MIGRATE) as process:
        _take_its_place(database)
        with database.session(application_name="dbmigrate verify 0therrun"):
            time.sleep(2.5)
            assert process.poll() is None
            assert database.value("SELECT to_regclass('notes') IS NULL")
            database.run("UPDATE dbmigrations.migration_run SET outcome = 'Succeeded' WHERE id = '0therrun-1'")
        ran = laptop.end(process)
    assert ran.code == 0, ran.all
    assert "goes first; this one is planned anew after it" in ran.err
    assert database.value("SELECT count(*) FROM dbmigrations.migration_history WHERE outcome = 'Applied'") == 1


def test_a_run_that_died_is_not_waited_for(laptop: Laptop, database: Database, notes: Notes) -> None:
    notes.write(_INIT, _SLOW)
    with laptop.started(*_MIGRATE) as process:
        _take_its_place(database)
        ran = laptop.end(process)
    assert ran.code == 0, ran.all


def test_another_run_that_takes_longer_than_locks_are_waited_for_is_told_with_the_code_of_what_can_be_tried_again(
    laptop: Laptop, database: Database, notes: Notes
) -> None:
    notes.write(_INIT, _SLOW)
    with laptop.started(*_MIGRATE, "--wait", "1", "--json") as process:
        _take_its_place(database)
        with database.session(application_name="dbmigrate verify 0therrun"):
            ran = laptop.end(process)
    assert ran.code == 30, ran.all
    assert ran.document["error"]["reason"] == "WaitingForLock"
    assert "another run of this database is under way: the run to 1.0.0" in ran.document["error"]["message"]


def test_rows_that_came_while_the_lock_was_waited_for_are_counted(laptop: Laptop, database: Database) -> None:
    """What the look before the wait found is not taken for what is there behind it."""
    laptop.changed("migrate", "--to", "1.1.0")
    waits = (
        f"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '{database.name}'"
        " AND application_name LIKE 'dbmigrate preflight%')"
    )
    with database.session(application_name="dbmigrate test") as holder, ExitStack() as held:
        held.enter_context(migration_lock(holder, database.tables, wait=0))
        with laptop.started("rollback", "--to-version", "1.0.0", "--no-backup", "--yes") as process:
            _until(lambda: database.value(waits) is True)
            time.sleep(3.5)
            database.run("INSERT INTO notes (body, colour) VALUES ('late', 'red')", user=database.owner)
            held.close()
            ran = laptop.end(process)
    assert "loses 1 value" in ran.err, ran.all
