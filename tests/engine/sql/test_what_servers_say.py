"""Real servers agree with what is read from the parse tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from dbmigrations.postgres.sql.builtin_functions import READING, VOLATILE
from dbmigrations.postgres.sql.placement import Inside, Outside, placement_of
from dbmigrations.postgres.sql.script import read
from dbmigrations.postgres.sql.transactions import execution_plan
from dbmigrations.postgres.sql.tree import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tests.harness.postgres import Server

    Connection = psycopg.Connection[tuple[Any, ...]]

pytestmark = pytest.mark.every_major

IN_A_TRANSACTION = "25001"
BY_A_COMMIT = "2D000"

EXISTING = """
    CREATE TABLE t (a int NOT NULL DEFAULT 1, b text, c int, CONSTRAINT c_is_positive CHECK (c > 0) NOT VALID);
    CREATE TABLE u (a int PRIMARY KEY);
    CREATE INDEX i ON t (a);
    CREATE UNIQUE INDEX j ON t (c);
    ALTER TABLE t REPLICA IDENTITY DEFAULT;
    CREATE TABLE p (a int) PARTITION BY LIST (a);
    CREATE TABLE q PARTITION OF p FOR VALUES IN (1);
    CREATE TABLE base (a int);
    CREATE TABLE free (a int);
    CREATE INDEX pi ON p (a);
    CREATE TYPE e AS ENUM ('a');
    CREATE DOMAIN d AS int;
    CREATE SEQUENCE s;
    CREATE VIEW v AS SELECT a FROM t;
    CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
    CREATE UNIQUE INDEX mi ON m (a);
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
    CREATE POLICY y ON t USING (true);
    CREATE PROCEDURE quiet() LANGUAGE plpgsql AS 'BEGIN END';
    CREATE PROCEDURE loud() LANGUAGE plpgsql AS 'BEGIN COMMIT; END';
    CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere' PUBLICATION x WITH (connect = false, slot_name = NONE);
    CREATE PUBLICATION pub FOR TABLE base;
    CREATE STATISTICS st ON a, c FROM t;
    CREATE SCHEMA elsewhere;
"""


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[Connection]:
    """A superuser in a database with one of everything. Tests roll back."""
    name = server.create_database()
    with server.connect(name, options="-c client_min_messages=error") as connected:
        connected.execute(EXISTING)
        yield connected
        connected.execute("DROP SUBSCRIPTION sub")
    server.drop_database(name)


def sqlstate_inside(connection: Connection, statement: str) -> str:
    """What the server says to a statement in a transaction block; empty if nothing. Nothing stays of it."""
    connection.execute("BEGIN")
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        return error.sqlstate or "?"
    else:
        return ""
    finally:
        connection.execute("ROLLBACK")


OUTSIDE = [
    "CREATE INDEX CONCURRENTLY k ON t (a)",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS k ON t (a)",
    "DROP INDEX CONCURRENTLY i",
    "DROP INDEX CONCURRENTLY IF EXISTS i",
    "REINDEX TABLE CONCURRENTLY t",
    "REINDEX INDEX CONCURRENTLY i",
    "REINDEX (CONCURRENTLY) TABLE t",
    "REINDEX (VERBOSE, CONCURRENTLY true) INDEX i",
    "REINDEX SCHEMA public",
    "REINDEX (VERBOSE off) SCHEMA public",
    "ALTER TABLE p DETACH PARTITION q CONCURRENTLY",
    "VACUUM",
    "VACUUM t",
    "VACUUM (FULL, ANALYZE) t",
    "CLUSTER",
    "CREATE DATABASE other",
    "DROP DATABASE other",
    "DROP DATABASE IF EXISTS other",
    "CREATE TABLESPACE x LOCATION '/nowhere'",
    "DROP TABLESPACE x",
    "ALTER DATABASE postgres SET TABLESPACE pg_default",
    "ALTER SYSTEM SET work_mem = '4MB'",
    "ALTER SYSTEM RESET work_mem",
    "DISCARD ALL",
    "CREATE SUBSCRIPTION n CONNECTION 'host=nowhere' PUBLICATION x",
    "COMMIT PREPARED 'x'",
    "ROLLBACK PREPARED 'x'",
    "DO $$ BEGIN COMMIT; END $$",
    "DO $$ BEGIN LOOP ROLLBACK; EXIT; END LOOP; END $$",
]

INSIDE = [
    "CREATE INDEX k ON t (a)",
    "DROP INDEX i",
    "REINDEX TABLE t",
    "REINDEX INDEX i",
    "REINDEX (CONCURRENTLY off) TABLE t",
    "ALTER TABLE p DETACH PARTITION q",
    "ANALYZE",
    "ANALYZE t",
    "CLUSTER t USING i",
    "REFRESH MATERIALIZED VIEW m",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY m",
    "ALTER TYPE e ADD VALUE 'b'",
    "ALTER TYPE e RENAME VALUE 'a' TO 'b'",
    "CREATE SUBSCRIPTION n CONNECTION 'host=nowhere' PUBLICATION x WITH (connect = false)",
    "CREATE SUBSCRIPTION n CONNECTION '' PUBLICATION x WITH (create_slot = false, enabled = false, connect = false)",
    "ALTER SUBSCRIPTION sub ADD PUBLICATION z WITH (refresh = false)",
    "ALTER SUBSCRIPTION sub SET PUBLICATION z WITH (refresh = false)",
    "ALTER DATABASE postgres SET work_mem = '4MB'",
    "DISCARD PLANS",
    "DISCARD TEMP",
    "TRUNCATE t",
    "CREATE SCHEMA n CREATE TABLE x (a int)",
    "CREATE EXTENSION plpgsql_check_that_is_not_there",
    "SAVEPOINT a",
    "LOCK TABLE t",
    "DECLARE x CURSOR FOR SELECT 1",
    "DO $$ BEGIN PERFORM 'COMMIT'; END $$",
    "CALL quiet()",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "NOTIFY x",
    "CHECKPOINT",
]  # fmt: skip


def test_what_is_placed_outside_is_refused_inside(connection: Connection) -> None:
    said = {statement: sqlstate_inside(connection, statement) for statement in OUTSIDE}
    assert {text: state for text, state in said.items() if state not in {IN_A_TRANSACTION, BY_A_COMMIT}} == {}
    assert [text for text in OUTSIDE if not isinstance(placement_of(parse(text)), Outside)] == []


def test_what_is_placed_inside_runs_inside(connection: Connection) -> None:
    said = {statement: sqlstate_inside(connection, statement) for statement in INSIDE}
    assert [text for text, state in said.items() if state in {IN_A_TRANSACTION, BY_A_COMMIT}] == []
    assert [text for text in INSIDE if not isinstance(placement_of(parse(text)), Inside)] == []
    failed = {text for text, state in said.items() if state}
    assert failed == {"CREATE EXTENSION plpgsql_check_that_is_not_there"}


@pytest.mark.parametrize(
    ("statement", "state"),
    [("REINDEX TABLE p", IN_A_TRANSACTION), ("REINDEX INDEX pi", IN_A_TRANSACTION), ("CALL loud()", BY_A_COMMIT)],
)
def test_what_only_the_database_knows_is_refused_inside_without_effect(
    connection: Connection, statement: str, state: str
) -> None:
    assert isinstance(placement_of(parse(statement)), Inside)
    assert sqlstate_inside(connection, statement) == state


def run_as_planned(connection: Connection, script: str) -> None:
    for unit in execution_plan(read(script)).units:
        if unit.transactional:
            connection.execute(unit.begin.encode())
        for statement in unit.statements:
            connection.execute(statement.text.encode())
        if unit.transactional:
            connection.execute("COMMIT")


def test_a_new_value_of_an_enum_can_be_used_where_the_transaction_was_broken(connection: Connection) -> None:
    script = (
        "CREATE TABLE moods (mood e); ALTER TYPE e ADD VALUE 'calm';"
        "CREATE FUNCTION calm() RETURNS e LANGUAGE sql AS 'SELECT ''calm''::e'; INSERT INTO moods VALUES ('calm')"
    )
    together = [statement.text for statement in read(script).statements]
    assert sqlstate_inside(connection, "; ".join(together)) == "55P04"
    run_as_planned(connection, script)
    assert connection.execute("SELECT mood::text FROM moods").fetchall() == [("calm",)]
    connection.execute("DROP FUNCTION calm(); DROP TABLE moods")


def test_so_can_one_of_an_enum_that_the_same_file_made(connection: Connection) -> None:
    """Newer servers would allow it in one transaction."""
    run_as_planned(connection, "CREATE TYPE n AS ENUM ('a'); ALTER TYPE n ADD VALUE 'b'; SELECT 'b'::n; DROP TYPE n")


def test_a_file_with_its_own_transactions_and_concurrent_indexes_runs_as_planned(connection: Connection) -> None:
    run_as_planned(
        connection,
        "SET lock_timeout = '1s'; BEGIN ISOLATION LEVEL SERIALIZABLE; CREATE TABLE own (a int); SAVEPOINT x;"
        "INSERT INTO own VALUES (1); ROLLBACK TO x; COMMIT; CREATE INDEX CONCURRENTLY own_a ON own (a);"
        "INSERT INTO own VALUES (2); VACUUM own; RESET lock_timeout",
    )
    assert connection.execute("SELECT a FROM own").fetchall() == [(2,)]
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'own_a'::regclass"
    assert connection.execute(valid).fetchall() == [(True,)]
    connection.execute("DROP TABLE own")


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ("SELECT 1;\n\n\tSELECT '日本 é',\n  wrong FROM t", "4:3"),
        ("-- ä\nSELECT a, 'é' FROM t WHERE x = 1", "2:28"),
        ("SELECT 1; SELECT 1 FRO t x", "1:24"),
    ],
)
def test_the_servers_position_is_found_in_the_file(connection: Connection, script: str, place: str) -> None:
    parsed = read(script)
    statement = parsed.statements[-1]
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(statement.text.encode())
    assert parsed.server_position(statement, int(caught.value.diag.statement_position or 0)).reference == place


def test_no_function_that_counts_as_reading_is_volatile(connection: Connection) -> None:
    volatile = connection.execute(
        "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile = 'v'"
        " AND proname = ANY (%s)",
        [sorted(READING)],
    ).fetchall()
    assert volatile == []
    assert not READING & VOLATILE
