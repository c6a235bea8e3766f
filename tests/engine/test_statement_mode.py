"""Scripts that cannot run in one transaction: journalled, resumed, probed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from dbmigrations.api.step import Direction
from dbmigrations.postgres import facts, history, journal
from dbmigrations.postgres.errors import NotResumableError, PlanChangedError, StatementError
from dbmigrations.postgres.sql.script import read
from dbmigrations.release.migration import Kind
from tests.engine.databases import applier
from tests.engine.releases import migration

if TYPE_CHECKING:
    from tests.engine.databases import Database

TABLE = "CREATE TABLE t (id int, word text); INSERT INTO t SELECT n % 10, 'w' FROM generate_series(1, 100) n"
CONCURRENTLY = """\
ALTER TABLE t ADD COLUMN note text;
CREATE INDEX CONCURRENTLY t_word ON t (word);
INSERT INTO t (id) VALUES (1000);
"""
UNIQUE = """\
INSERT INTO t (id) VALUES (1000);
CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id);
INSERT INTO t (id) VALUES (1001);
"""


def is_valid(database: Database, index: str) -> bool | None:
    found = database.rows(f"SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{index}')")
    return found[0][0] if found else None


def test_an_index_is_built_concurrently_between_two_transactions(database: Database) -> None:
    database.run(TABLE, user=database.owner)
    with database.session() as session:
        applier(session, database.tables).up(migration("a", CONCURRENTLY))

        found = facts.read_history(session, database.tables)
        assert [row.name for row in found.applied] == ["a"]
        assert found.partial == ()
    assert is_valid(database, "t_word") is True
    assert database.value("SELECT count(*) FROM t") == 101


def test_a_script_that_failed_half_way_is_partial(database: Database) -> None:
    database.run(TABLE, user=database.owner)
    with database.session() as session:
        with pytest.raises(StatementError, match=r"a\.sql:2:1: could not create unique index"):
            applier(session, database.tables).up(migration("a", UNIQUE, "DROP INDEX IF EXISTS t_id;"))

        found = facts.read_history(session, database.tables)
        (half,) = found.partial
        assert (half.name, half.direction, half.down_partial_safe, half.times_applied) == ("a", Direction.UP, False, 0)
        assert found.applied == ()
    assert database.value("SELECT count(*) FROM t WHERE id = 1000") == 1
    assert is_valid(database, "t_id") is False


def test_a_half_done_script_goes_on_where_it_stopped_and_redoes_the_invalid_index(database: Database) -> None:
    database.run(TABLE, user=database.owner)
    with database.session() as session, pytest.raises(StatementError):
        applier(session, database.tables).up(migration("a", UNIQUE))
    database.run("DELETE FROM t WHERE id < 1000", user=database.owner)
    with database.session() as session:
        applier(session, database.tables).up(migration("a", UNIQUE))

        assert facts.read_history(session, database.tables).partial == ()
    assert is_valid(database, "t_id") is True
    assert database.rows("SELECT id FROM t ORDER BY id") == [(1000,), (1001,)]


def test_the_failed_statement_itself_may_be_mended_in_the_file(database: Database) -> None:
    database.run(TABLE, user=database.owner)
    with database.session() as session, pytest.raises(StatementError):
        applier(session, database.tables).up(migration("a", UNIQUE))
    with database.session() as session:
        applier(session, database.tables).up(migration("a", UNIQUE.replace("UNIQUE ", "")))
    assert is_valid(database, "t_id") is True
    assert database.value("SELECT count(*) FROM t WHERE id >= 1000") == 2


def test_an_edited_executed_part_is_refused(database: Database) -> None:
    database.run(TABLE, user=database.owner)
    with database.session() as session, pytest.raises(StatementError):
        applier(session, database.tables).up(migration("a", UNIQUE))
    with database.session() as session, pytest.raises(NotResumableError, match="statement 1 has already run"):
        applier(session, database.tables).up(migration("a", UNIQUE.replace("1000", "2000")))
    assert database.value("SELECT count(*) FROM t WHERE id = 2000") == 0


LOADED = f"CREATE TABLE loaded (id int);\nCOPY loaded FROM stdin;\n1\n2\n\\.\n{UNIQUE}"


@pytest.mark.parametrize("edited", ["1\n3\n", "1\n", "1\n2\n3\n"], ids=["changed", "removed", "added"])
def test_edited_data_of_an_executed_copy_is_refused(database: Database, edited: str) -> None:
    database.run(TABLE, user=database.owner)
    with database.session() as session, pytest.raises(StatementError, match="could not create unique"):
        applier(session, database.tables).up(migration("a", LOADED))
    with (
        database.session() as session,
        pytest.raises(NotResumableError, match="statement 2 with the data below it has already run"),
    ):
        applier(session, database.tables).up(migration("a", LOADED.replace("1\n2\n", edited)))
    assert database.rows("SELECT id FROM loaded ORDER BY id") == [(1,), (2,)]


def test_a_half_done_run_of_a_runner_that_journalled_no_data_is_taken_up(database: Database) -> None:
    database.run(TABLE, user=database.owner)
    with database.session() as session, pytest.raises(StatementError, match="could not create unique"):
        applier(session, database.tables).up(migration("a", LOADED))
    database.run("UPDATE dbmigrations.migration_journal_statement SET checksum = split_part(checksum, ':', 1)")
    database.run("TRUNCATE t", user=database.owner)
    with database.session() as session:
        applier(session, database.tables).up(migration("a", LOADED))
    assert database.rows("SELECT id FROM loaded ORDER BY id") == [(1,), (2,)]
    assert is_valid(database, "t_id") is True


def test_an_index_found_valid_after_an_interruption_is_not_built_again(database: Database) -> None:
    database.run(TABLE, user=database.owner)
    script = migration("a", CONCURRENTLY)
    with database.session() as session:
        apply = applier(session, database.tables)
        interrupt_before_it_is_written(database, script.up.text, apply.provenance.run, 1)
    database.run("CREATE INDEX t_word ON t (word)", "ALTER TABLE t ADD COLUMN note text", user=database.owner)
    before = database.value("SELECT 't_word'::regclass::oid")
    with database.session() as session:
        applier(session, database.tables).up(script)
    assert database.value("SELECT 't_word'::regclass::oid") == before
    assert database.value("SELECT count(*) FROM t") == 101


def test_if_not_exists_does_not_keep_an_invalid_index(database: Database) -> None:
    database.run("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1), (1)", user=database.owner)
    with database.connect(database.owner) as connection, pytest.raises(Exception, match="could not create unique"):
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id)")
    database.run("DELETE FROM t", user=database.owner)
    with database.session() as session:
        applier(session, database.tables).up(
            migration("a", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_id ON t (id);")
        )
    assert is_valid(database, "t_id") is True


def test_a_file_with_its_own_transactions_is_run_as_it_says(database: Database) -> None:
    script = """\
BEGIN;
CREATE TABLE t (id int);
INSERT INTO t VALUES (1);
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO t SELECT 2 WHERE current_setting('transaction_isolation') = 'serializable';
COMMIT;
"""
    with database.session() as session:
        applier(session, database.tables).up(migration("a", script))

        assert len(history.applied(session, database.tables)) == 1
    assert database.rows("SELECT id FROM t ORDER BY id") == [(1,), (2,)]


def test_a_file_whose_second_transaction_fails_keeps_the_first_and_goes_on_after_it(database: Database) -> None:
    script = "BEGIN;\nCREATE TABLE t (id int);\nCOMMIT;\nBEGIN;\nINSERT INTO u VALUES (1);\nCOMMIT;\n"
    with database.session() as session, pytest.raises(StatementError, match=r"a\.sql:5:13: relation"):
        applier(session, database.tables).up(migration("a", script))
    database.run("CREATE TABLE u (id int)", user=database.owner)
    with database.session() as session:
        applier(session, database.tables).up(migration("a", script))
    assert database.rows("SELECT id FROM u") == [(1,)]


def test_a_file_that_does_not_end_its_transaction_is_refused_before_anything_runs(database: Database) -> None:
    with database.session() as session, pytest.raises(StatementError, match=r"a\.sql:1:1: .*never committed"):
        applier(session, database.tables).up(migration("a", "BEGIN;\nCREATE TABLE t (id int);\n"))
    assert not database.value("SELECT to_regclass('t') IS NOT NULL")


def test_settings_of_the_file_hold_across_its_parts_also_when_it_goes_on_in_a_new_session(database: Database) -> None:
    database.run("CREATE SCHEMA app", user=database.owner)
    script = """\
SET search_path = app;
CREATE TABLE t (id int);
CREATE INDEX CONCURRENTLY t_id ON t (id);
CREATE TABLE u AS SELECT * FROM missing;
"""
    with database.session() as session, pytest.raises(StatementError, match="missing"):
        applier(session, database.tables).up(migration("a", script))
    database.run("CREATE TABLE app.missing (id int)", user=database.owner)
    with database.session() as session:
        applier(session, database.tables).up(migration("a", script))
    assert database.value("SELECT to_regclass('app.u') IS NOT NULL AND to_regclass('app.t_id') IS NOT NULL")


def test_a_half_applied_migration_is_undone_only_where_its_down_says_it_is_safe(database: Database) -> None:
    database.run(TABLE, user=database.owner)
    safe = "-- migrate: down=partial-safe\nDROP INDEX IF EXISTS t_id;\nDELETE FROM t WHERE id >= 1000;\n"
    with database.session() as session:
        for name, down in (("plain", "DROP INDEX IF EXISTS t_id;"), ("safe", safe)):
            with pytest.raises(StatementError):
                applier(session, database.tables).up(migration(name, UNIQUE.replace("t_id", f"{name}_id"), down))
        apply = applier(session, database.tables)
        with pytest.raises(PlanChangedError, match="applied in part"):
            apply.down(Kind.SQL, "plain")
        apply.down(Kind.SQL, "safe")

        found = facts.read_history(session, database.tables)
        assert [half.name for half in found.partial] == ["plain"]
        assert [gone.name for gone in found.undone] == ["safe"]


def test_what_only_the_author_can_tell_is_asked_by_the_check(database: Database) -> None:
    script = """\
CREATE TABLE t (id int);
CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (1); COMMIT; END $$;
-- migrate: check=SELECT EXISTS (SELECT FROM t)
CALL fill();
"""
    with database.session() as session:
        apply = applier(session, database.tables)
        interrupt_before_it_is_written(database, script, apply.provenance.run, 2)
    database.run(*script.replace("CALL", "-- ").split("\n", 1)[:1], user=database.owner)
    database.run(script.splitlines()[1], "INSERT INTO t VALUES (1)", user=database.owner)
    with database.session() as session:
        applier(session, database.tables).up(migration("a", f"-- migrate: tx=none\n{script}"))
    assert database.rows("SELECT id FROM t") == [(1,)]


def test_a_partition_whose_detaching_was_interrupted_is_detached_to_the_end(database: Database) -> None:
    script = "CREATE TABLE u (id int);\nALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;\n"
    database.run(
        "CREATE TABLE p (id int) PARTITION BY LIST (id)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
        user=database.owner,
    )
    with database.session() as session:
        apply = applier(session, database.tables)
        interrupt_before_it_is_written(database, script, apply.provenance.run, 1)
    database.run("CREATE TABLE u (id int)", user=database.owner)
    with database.connect(database.owner) as reader, database.connect(database.owner) as detacher:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM p")
        detacher.execute("SET lock_timeout = '300ms'")  # it gives up in its second phase, as a killed one does
        with pytest.raises(psycopg.errors.LockNotAvailable):
            detacher.execute("ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY")
    assert database.value("SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = 'p1'::regclass")
    with database.session() as session:
        applier(session, database.tables).up(migration("a", script))
    assert database.value("SELECT count(*) FROM pg_inherits") == 0


def test_an_index_of_the_same_name_that_was_there_before_is_never_taken_for_ours(database: Database) -> None:
    database.run(TABLE, "CREATE INDEX t_word ON t (id)", user=database.owner)
    script = "INSERT INTO t (id) VALUES (1000);\nCREATE INDEX CONCURRENTLY t_word ON t (word);\n"
    with database.session() as session:
        apply = applier(session, database.tables)
        for _ in range(2):
            with pytest.raises(StatementError, match="42P07"):
                apply.up(migration("a", script))
        assert history.applied(session, database.tables) == ()


def test_a_dropped_index_is_not_dropped_again(database: Database) -> None:
    database.run(TABLE, user=database.owner)
    script = "INSERT INTO t (id) VALUES (1000);\nDROP INDEX CONCURRENTLY t_word;\n"
    with database.session() as session:
        apply = applier(session, database.tables)
        interrupt_before_it_is_written(database, script, apply.provenance.run, 1)
    with database.session() as session:
        applier(session, database.tables).up(migration("a", script))

        assert facts.read_history(session, database.tables).partial == ()


def test_a_new_value_of_an_enum_may_be_used_further_down(database: Database) -> None:
    script = "CREATE TYPE mood AS ENUM ('sad');\nCREATE TABLE t (m mood);\n"
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", script))
        apply.up(migration("b", "ALTER TYPE mood ADD VALUE 'glad';\nINSERT INTO t VALUES ('glad');\n"))
    assert database.rows("SELECT m::text FROM t") == [("glad",)]


def test_a_statement_of_which_nobody_can_tell_whether_it_ran_stops_with_the_remedy(database: Database) -> None:
    script = "-- migrate: tx=none\nCREATE TABLE t (id int);\nCALL fill();\n"
    with database.session() as session:
        apply = applier(session, database.tables)
        interrupt_before_it_is_written(database, script, apply.provenance.run, 1)
    database.run("CREATE TABLE t (id int)", user=database.owner)
    with database.session() as session, pytest.raises(NotResumableError, match="migrate: check="):
        applier(session, database.tables).up(migration("a", script))


def test_a_procedure_that_commits_inside_a_transaction_is_refused_with_the_remedy(database: Database) -> None:
    database.run(
        "CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE t (id int); COMMIT; END $$",
        user=database.owner,
    )
    with database.session() as session, pytest.raises(StatementError, match=r"2D000.*tx=none"):
        applier(session, database.tables).up(migration("a", "CALL fill();"))
    assert not database.value("SELECT to_regclass('t') IS NOT NULL")


def test_a_prisma_migration_outside_a_transaction_shows_as_begun_and_then_as_finished(database: Database) -> None:
    database.run(TABLE, user=database.owner)
    script = migration("20260101000000_a", UNIQUE, kind=Kind.SCHEMA)
    query = (
        "SELECT migration_name, finished_at IS NOT NULL, logs IS NOT NULL, applied_steps_count FROM _prisma_migrations"
    )
    with database.session() as session, pytest.raises(StatementError):
        applier(session, database.tables).up(script)
    assert database.rows(query) == [("20260101000000_a", False, True, 0)]
    database.run("DELETE FROM t WHERE id < 1000", user=database.owner)
    with database.session() as session:
        applier(session, database.tables).up(script)
    assert database.rows(query) == [("20260101000000_a", True, False, 1)]


def interrupt_before_it_is_written(database: Database, script: str, run: str, ordinal: int) -> None:
    """The journal as a kill leaves it: the statements before `ordinal` done, that one begun and nothing known of it."""
    statements = journal_texts(script)
    database.run(
        "INSERT INTO dbmigrations.migration_journal (run_id, kind, name, release, direction, state, checksum,"
        f" down_checksum, uid) VALUES ('{run}', 'sql', 'a', '1.0.0', 'Up', 'running', '', '', 'uid-1')",
        user=database.owner,
    )
    with database.connect(database.owner) as connection:
        for number, text in enumerate(statements[: ordinal + 1]):
            connection.execute(
                "INSERT INTO dbmigrations.migration_journal_statement (journal_id, ordinal, checksum, script, state)"
                " SELECT max(id), %s, %s, %s, %s FROM dbmigrations.migration_journal",
                (number, journal.statement_checksum(text), text, "running" if number == ordinal else "applied"),
            )


def journal_texts(script: str) -> list[str]:
    return [statement.text for statement in read(script).statements]
