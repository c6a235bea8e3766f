"""What an interrupted REINDEX CONCURRENTLY leaves behind: ours is cleared away, nobody else's is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from dbmigrations.postgres.leftovers import leftovers
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.probes import Reindexed, ReindexedKind
from tests.engine.databases import applier
from tests.engine.releases import migration
from tests.engine.test_statement_mode import TABLE, interrupt_before_it_is_written, is_valid

if TYPE_CHECKING:
    from tests.engine.databases import Database


def begin(database: Database, script: str) -> None:
    """A runner was killed in the second statement of the script."""
    with database.session() as session:
        apply = applier(session, database.tables)
        interrupt_before_it_is_written(database, script, apply.provenance.run, 1)


def go_on(database: Database, script: str) -> None:
    """The next runner takes it up."""
    with database.session() as session:
        applier(session, database.tables).up(migration("a", script))


def interrupt_reindex(database: Database, table: str, what: str) -> None:
    """Leave what a killed REINDEX CONCURRENTLY leaves: it gives up in its second phase."""
    with database.connect(database.owner) as reader, database.connect(database.owner) as other:
        reader.execute("BEGIN")
        reader.execute(f"INSERT INTO {table} (id) VALUES (5)".encode())
        other.execute("SET lock_timeout = '300ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(f"REINDEX {what}".encode())


def test_an_interrupted_reindex_leaves_no_half_built_index_behind(database: Database) -> None:
    database.run(TABLE, "CREATE INDEX t_word ON t (word)", user=database.owner)
    script = "INSERT INTO t (id) VALUES (1000);\nREINDEX INDEX CONCURRENTLY t_word;\n"
    begin(database, script)
    interrupt_reindex(database, "t", "INDEX CONCURRENTLY t_word")
    assert is_valid(database, "t_word_ccnew") is False
    go_on(database, script)
    assert is_valid(database, "t_word_ccnew") is None
    assert is_valid(database, "t_word") is True


@pytest.mark.parametrize("reindex", ["INDEX CONCURRENTLY t_word", "TABLE CONCURRENTLY t", "SCHEMA CONCURRENTLY public"])
def test_of_an_interrupted_reindex_only_our_own_leftovers_are_dropped(database: Database, reindex: str) -> None:
    database.run(
        TABLE,
        "CREATE INDEX t_word ON t (word)",
        "CREATE SCHEMA app",
        "CREATE TABLE app.u (id int)",
        user=database.owner,
    )
    database.run("CREATE INDEX u_id ON app.u (id)", "CREATE INDEX odd_ccnew ON t (id)", user=database.owner)
    script = f"INSERT INTO t (id) VALUES (1000);\nREINDEX {reindex};\n"
    begin(database, script)
    for table, index in (("t", "t_word"), ("app.u", "app.u_id")):
        interrupt_reindex(database, table, f"INDEX CONCURRENTLY {index}")
    database.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'odd_ccnew'::regclass")

    go_on(database, script)

    assert is_valid(database, "t_word_ccnew") is None
    assert is_valid(database, "app.u_id_ccnew") is False
    assert is_valid(database, "odd_ccnew") is not None


def test_a_leftover_that_only_a_superuser_may_drop_stands_in_nobodys_way(database: Database) -> None:
    database.run(TABLE, "CREATE INDEX t_word ON t (word)", user=database.owner)
    script = "INSERT INTO t (id) VALUES (1000);\nREINDEX TABLE CONCURRENTLY t;\n"
    begin(database, script)
    interrupt_reindex(database, "t", "TABLE CONCURRENTLY t")
    of_toast = "SELECT count(*) FROM pg_class WHERE relnamespace = 'pg_toast'::regnamespace AND relname ~ '_ccnew'"
    assert database.value(of_toast) == 1
    go_on(database, script)
    assert is_valid(database, "t_word_ccnew") is None
    assert is_valid(database, "t_word") is True


def test_a_reindex_of_somebody_else_that_runs_now_is_left_alone(database: Database) -> None:
    database.run(TABLE, "CREATE INDEX t_word ON t (word)", user=database.owner)
    script = "INSERT INTO t (id) VALUES (1000);\nREINDEX INDEX CONCURRENTLY t_word;\n"
    begin(database, script)
    interrupt_reindex(database, "t", "INDEX CONCURRENTLY t_word")
    target = Reindexed(ReindexedKind.INDEX, RelationName(None, "t_word"))
    with database.connect(database.owner) as other, database.session() as session:
        other.execute("BEGIN")
        other.execute("ALTER INDEX t_word_ccnew SET (fillfactor = 90)")
        assert leftovers(session, target) == ()
        other.execute("ROLLBACK")
        assert len(leftovers(session, target)) == 1
