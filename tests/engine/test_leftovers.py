"""What a session holds between the units of a script: repeated for a runner that takes over, or refused beforehand."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres import facts, history
from dbmigrations.postgres.errors import StatementError
from tests.engine.databases import applier
from tests.engine.killed import run_until_killed
from tests.engine.releases import migration

if TYPE_CHECKING:
    from tests.engine.databases import Database

EVERY = 5

TEMPORARY = """\
CREATE TEMP TABLE kept AS SELECT 1 AS id;
CREATE INDEX CONCURRENTLY t_id ON t (id);
INSERT INTO t SELECT id FROM kept;
"""
SETTINGS = """\
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ;
SET app.who = 'the script';
CREATE TEMP TABLE kept AS SELECT 1 AS id; -- used up in its own transaction
INSERT INTO t SELECT id FROM kept;
CREATE INDEX CONCURRENTLY t_id ON t (id);
INSERT INTO seen SELECT current_setting('transaction_isolation'), current_setting('app.who');
"""


def test_a_script_that_could_not_be_resumed_is_refused_before_anything_runs(database: Database) -> None:
    database.run("CREATE TABLE t (id int)", user=database.owner)
    with database.session() as session:
        with pytest.raises(StatementError, match=r"a\.sql:3:1: this needs the temporary relation kept of line 1"):
            applier(session, database.tables).up(migration("a", TEMPORARY))

        assert facts.read_history(session, database.tables).partial == ()
        assert history.applied(session, database.tables) == ()
    assert database.value("SELECT count(*) FROM t") == 0
    assert database.value("SELECT to_regclass('t_id') IS NULL")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_runner_that_takes_over_has_the_settings_of_the_one_that_was_killed(
    database: Database, *, after: bool
) -> None:
    """Killed at every `EVERY`th query, for each of which a story of its own is told."""
    database.run("CREATE TABLE t (id int)", "CREATE TABLE seen (isolation text, who text)", user=database.owner)
    at = 2
    while run_until_killed(database, [(f"story {at}", SETTINGS)], at=at, after=after) == -signal.SIGKILL:
        assert run_until_killed(database, [(f"story {at}", SETTINGS)], at=0, after=False) == 0
        told = database.rows("SELECT * FROM seen"), database.value("SELECT count(*) FROM t")
        assert told == ([("repeatable read", "the script")], 1), f"killed at query {at}"
        database.run("TRUNCATE t, seen", "DROP INDEX t_id", user=database.owner)
        at += EVERY

    assert at > 20
