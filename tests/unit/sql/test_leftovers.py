"""What a later unit of a script needs of an earlier one's session: refused before anything runs, or repeated."""

import pytest

from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.script import read
from dbmigrations.postgres.sql.transactions import ExecutionPlan, Mode, execution_plan

BETWEEN = "CREATE INDEX CONCURRENTLY i ON t (a);"


def plan(script: str) -> ExecutionPlan:
    return execution_plan(read(script))


@pytest.mark.parametrize(
    ("makes", "needs", "what"),
    [
        ("CREATE TEMP TABLE kept (a int)", "INSERT INTO t SELECT a FROM kept", "temporary relation kept"),
        ("CREATE TEMPORARY TABLE kept AS SELECT 1", "DELETE FROM t USING kept", "temporary relation kept"),
        ("CREATE TABLE pg_temp.kept (a int)", "TRUNCATE pg_temp.kept", "temporary relation kept"),
        ("SELECT 1 AS a INTO TEMP kept", "DROP TABLE kept", "temporary relation kept"),
        ("SELECT 1 AS a INTO TEMP kept", "DROP TABLE IF EXISTS kept", "temporary relation kept"),
        ("CREATE TEMP VIEW kept AS SELECT 1", "SELECT * FROM kept", "temporary relation kept"),
        ("CREATE TEMP SEQUENCE kept", "INSERT INTO t SELECT nextval('kept')", "temporary relation kept"),
        ("CREATE TEMP SEQUENCE kept", "SELECT setval('pg_temp.kept', 5)", "temporary relation kept"),
        ('CREATE TEMP TABLE "Kept" (a int)', 'DELETE FROM "Kept"', "temporary relation Kept"),
        ("CREATE TEMP TABLE kept (a int)", "DO $$ BEGIN DELETE FROM kept; END $$", "temporary relation kept"),
        ("CREATE TEMP TABLE kept (a int)", "SELECT FROM kept WHERE a ?? b ~~~ SYNTAX (", "temporary relation kept"),
        ("DO $$ BEGIN CREATE TEMP TABLE IF NOT EXISTS kept (a int); END $$", "DELETE FROM kept", "relation kept"),
        ("EXPLAIN ANALYZE CREATE TEMP TABLE kept AS SELECT 1", "DELETE FROM kept", "temporary relation kept"),
        ("CREATE FUNCTION pg_temp.kept() RETURNS int LANGUAGE sql AS 'SELECT 1'",
         "INSERT INTO t SELECT pg_temp.kept()", "temporary function kept"),
        ("PREPARE kept AS INSERT INTO t VALUES (1)", "EXECUTE kept", "prepared statement kept"),
        ("PREPARE kept AS INSERT INTO t VALUES (1)", "DEALLOCATE kept", "prepared statement kept"),
        ("DECLARE kept CURSOR WITH HOLD FOR SELECT 1", "FETCH kept", "cursor kept"),
        ("DECLARE kept CURSOR WITH HOLD FOR SELECT 1", "CLOSE kept", "cursor kept"),
    ],
)  # fmt: skip
def test_what_a_resumed_run_would_lack_is_refused_where_it_is_needed(makes: str, needs: str, what: str) -> None:
    with pytest.raises(SqlInvalidError, match=f"{what} of line 1.*goes on in a new session") as refused:
        plan(f"{makes};\n{BETWEEN}\n  {needs};")

    assert refused.value.position.reference == "3:3"


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TEMP TABLE kept (a int); INSERT INTO t SELECT a FROM kept;" + BETWEEN,
        BETWEEN + "CREATE TEMP TABLE kept (a int); INSERT INTO t SELECT a FROM kept; DROP TABLE kept;",
        "CREATE TEMP TABLE kept (a int); DROP TABLE kept;" + BETWEEN + "CREATE TABLE kept (a int);",
        "CREATE TEMP TABLE kept (a int) ON COMMIT DROP;" + BETWEEN + "INSERT INTO kept VALUES (1);",
        "CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT 1;" + BETWEEN + "INSERT INTO kept VALUES (1);",
        "DO $$ BEGIN CREATE TEMP TABLE kept (a int) ON COMMIT DROP; END $$;" + BETWEEN + "DELETE FROM kept;",
        "CREATE TEMP TABLE kept (a int);" + BETWEEN + "DROP TABLE IF EXISTS pg_temp.kept;",
        "CREATE TEMP TABLE kept (a int);" + BETWEEN + "DELETE FROM app.kept;",
        "CREATE TEMP TABLE kept (a int);" + BETWEEN + "WITH kept AS (SELECT 1) SELECT * FROM kept;",
        "CREATE TEMP TABLE kept (a int);" + BETWEEN + "UPDATE t SET kept = 'kept';",
        "CREATE TEMP TABLE kept (a int);" + BETWEEN + "DISCARD TEMP; DELETE FROM kept;",
        "CREATE TABLE kept (a int);" + BETWEEN + "DELETE FROM kept;",
        "PREPARE kept AS SELECT 1; EXECUTE kept; DEALLOCATE kept;" + BETWEEN + "SELECT 1;",
        "PREPARE kept AS SELECT 1; EXECUTE kept;" + BETWEEN + "DEALLOCATE ALL;",
        "DECLARE kept CURSOR FOR SELECT 1; FETCH kept;" + BETWEEN + "CLOSE ALL;",
        "LISTEN news;" + BETWEEN + "UNLISTEN news;",
    ],
)
def test_what_is_used_up_or_ended_or_not_needed_is_no_matter(script: str) -> None:
    assert plan(script).mode is Mode.STATEMENT


def test_in_one_transaction_a_session_keeps_everything() -> None:
    script = "CREATE TEMP TABLE kept (a int); SELECT pg_advisory_lock(1); INSERT INTO t SELECT a, lastval() FROM kept;"
    assert plan(script).mode is Mode.TRANSACTION


def test_a_file_of_one_transaction_a_statement_is_told_too() -> None:
    with pytest.raises(SqlInvalidError, match="temporary relation kept of line 2"):
        plan("-- migrate: tx=statement\nCREATE TEMP TABLE kept (a int);\nINSERT INTO kept VALUES (1);")


def test_so_is_one_with_transactions_of_its_own() -> None:
    with pytest.raises(SqlInvalidError, match="temporary relation kept of line 1"):
        plan("BEGIN; CREATE TEMP TABLE kept (a int); COMMIT; BEGIN; INSERT INTO t SELECT a FROM kept; COMMIT;")


@pytest.mark.parametrize("lock", ["pg_advisory_lock(1)", "pg_catalog.pg_try_advisory_lock_shared(1, 2)"])
def test_a_lock_that_a_resumed_run_would_not_hold_is_refused(lock: str) -> None:
    with pytest.raises(SqlInvalidError, match=r"does not hold the lock.*pg_advisory_xact_lock") as refused:
        plan(f"SELECT 1;\nSELECT {lock};\n{BETWEEN}\nSELECT pg_advisory_unlock(1);")

    assert refused.value.position.line == 2


@pytest.mark.parametrize(
    "script",
    [
        "SELECT pg_advisory_lock(1); SELECT pg_advisory_unlock(1);" + BETWEEN,
        "SELECT pg_advisory_xact_lock(1);" + BETWEEN,
        BETWEEN + "SELECT pg_advisory_lock(1);",
    ],
)
def test_a_lock_of_one_unit_is_its_own_affair(script: str) -> None:
    assert plan(script).mode is Mode.STATEMENT


@pytest.mark.parametrize(
    "setting",
    [
        "SELECT set_config('a.b', 'c', false), 1",
        "SELECT set_config('a.b', t.a, false) FROM t",
        "SELECT set_config('a.b', 'c', 1 = 2)",
    ],
)
def test_a_setting_that_is_not_repeated_is_refused(setting: str) -> None:
    with pytest.raises(SqlInvalidError, match="lacks the setting: write SET"):
        plan(f"{setting};\n{BETWEEN}")


@pytest.mark.parametrize(
    "setting",
    [
        "SET work_mem = '1MB'",
        "SET ROLE someone",
        "SELECT set_config('a.b', 'c', false)",
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "LOAD 'auto_explain'",
    ],
)
def test_a_setting_is_repeated_before_every_later_unit(setting: str) -> None:
    units = plan(f"{setting};\n{BETWEEN}\nSELECT 1;").units

    assert [[each.text for each in unit.preamble] for unit in units] == [[], [setting], [setting]]


@pytest.mark.parametrize("setting", ["SET LOCAL work_mem = '1MB'", "SELECT set_config('a.b', 'c', true), 1"])
def test_a_setting_of_its_transaction_alone_is_not(setting: str) -> None:
    assert plan(f"{setting};\n{BETWEEN}\nSELECT 1;").units[2].preamble == ()


@pytest.mark.parametrize("reads", ["INSERT INTO u VALUES (currval('t_id_seq'))", "SELECT lastval()"])
def test_a_value_that_an_earlier_unit_drew_is_refused(reads: str) -> None:
    with pytest.raises(SqlInvalidError, match="drew from a sequence"):
        plan(f"INSERT INTO t DEFAULT VALUES;\n{BETWEEN}\n{reads};")


@pytest.mark.parametrize("draws", ["INSERT INTO t DEFAULT VALUES", "SELECT nextval('s')", "SELECT f()", "CALL p()"])
def test_a_value_that_is_drawn_in_the_same_unit_is_fine(draws: str) -> None:
    assert plan(f"{BETWEEN} {draws}; SELECT lastval();").mode is Mode.STATEMENT
