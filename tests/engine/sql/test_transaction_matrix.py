"""Each kind of statement is run in a transaction block: the server says whether it may, and we must say the same."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import postgast
import psycopg
import pytest

from dbmigrations.postgres.sql.placement import Commits, Inside, Opens, Outside, Undoes, placement_of
from dbmigrations.postgres.sql.tree import Unparsed, parse
from tests.engine.sql.test_what_servers_say import INSIDE, OUTSIDE, sqlstate_inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tests.harness.postgres import Server

    Connection = psycopg.Connection[tuple[Any, ...]]

pytestmark = pytest.mark.every_major

NEEDS_NO_TRANSACTION = {"25001", "2D000"}
SYNTAX_ERROR = "42601"

EXISTING = """
    CREATE TABLE t (a int NOT NULL DEFAULT 1, b text, c int);
    CREATE UNIQUE INDEX i ON t (a);
    CREATE TABLE p (a int) PARTITION BY LIST (a);
    CREATE TABLE q PARTITION OF p FOR VALUES IN (1);
    CREATE INDEX pi ON p (a);
    CREATE TYPE e AS ENUM ('a');
    CREATE TYPE composite AS (a int);
    CREATE DOMAIN d AS int;
    CREATE SEQUENCE s;
    CREATE VIEW v AS SELECT a FROM t;
    CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
    CREATE UNIQUE INDEX mi ON m (a);
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE FUNCTION ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
    CREATE EVENT TRIGGER eg ON sql_drop EXECUTE FUNCTION ev();
    CREATE RULE r AS ON DELETE TO t DO ALSO NOTHING;
    CREATE POLICY y ON t USING (true);
    CREATE PROCEDURE quiet() LANGUAGE plpgsql AS 'BEGIN END';
    CREATE PROCEDURE loud() LANGUAGE plpgsql AS 'BEGIN COMMIT; END';
    CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere' PUBLICATION x WITH (connect = false, slot_name = NONE);
    CREATE SUBSCRIPTION slotted CONNECTION 'host=nowhere' PUBLICATION x WITH (connect = false, slot_name = 'n');
    CREATE PUBLICATION pub FOR TABLE t;
    CREATE STATISTICS st ON a, c FROM t;
    CREATE FOREIGN DATA WRAPPER w;
    CREATE SERVER srv FOREIGN DATA WRAPPER w;
    CREATE USER MAPPING FOR CURRENT_USER SERVER srv;
    CREATE FOREIGN TABLE ft (a int) SERVER srv;
    CREATE COLLATION co FROM "C";
    CREATE TEXT SEARCH CONFIGURATION tsc (COPY = simple);
    CREATE TEXT SEARCH DICTIONARY tsd (TEMPLATE = simple);
    CREATE OPERATOR FAMILY opf USING btree;
    CREATE ROLE matrix_role;
    CREATE EXTENSION pg_trgm;
    PREPARE prepared AS SELECT 1;
"""

# One of each kind of the grammar, beside those of OUTSIDE and INSIDE.
OF_EACH_KIND = """
ALTER COLLATION co REFRESH VERSION
ALTER DATABASE template1 REFRESH COLLATION VERSION
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC
ALTER DOMAIN d SET DEFAULT 1
ALTER EVENT TRIGGER eg DISABLE
ALTER EXTENSION pg_trgm DROP FUNCTION similarity(text, text)
ALTER EXTENSION pg_trgm UPDATE
ALTER FOREIGN DATA WRAPPER w OPTIONS (a 'b')
ALTER SERVER srv OPTIONS (a 'b')
ALTER FUNCTION f() STABLE
ALTER FUNCTION f() DEPENDS ON EXTENSION pg_trgm
ALTER TABLE t SET SCHEMA pg_catalog
ALTER OPERATOR FAMILY opf USING btree ADD FUNCTION 1 (int4, int4) btint4cmp(int4, int4)
ALTER OPERATOR = (int4, int4) SET (RESTRICT = eqsel)
ALTER TABLE t OWNER TO matrix_role
ALTER VIEW v OWNER TO matrix_role
ALTER TYPE e OWNER TO matrix_role
ALTER POLICY y ON t USING (false)
ALTER PUBLICATION pub DROP TABLE t
ALTER ROLE matrix_role SET work_mem = '4MB'
ALTER ROLE matrix_role NOLOGIN
ALTER SEQUENCE s RESTART
ALTER STATISTICS st SET STATISTICS 10
ALTER TEXT SEARCH CONFIGURATION tsc DROP MAPPING FOR word
ALTER TEXT SEARCH DICTIONARY tsd (StopWords)
ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE pg_default
ALTER TABLESPACE pg_default SET (seq_page_cost = 1)
ALTER TYPE composite ADD ATTRIBUTE n int
ALTER TYPE composite SET (RECEIVE = NONE)
ALTER USER MAPPING FOR CURRENT_USER SERVER srv OPTIONS (a 'b')
CLOSE ALL
COMMENT ON TABLE t IS 'x'
CREATE TYPE n AS (a int)
SET CONSTRAINTS ALL DEFERRED
COPY t TO '/dev/null'
CREATE ACCESS METHOD n TYPE TABLE HANDLER heap_tableam_handler
CREATE CAST (e AS int) WITH INOUT
CREATE CONVERSION n FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8
CREATE DOMAIN n AS int
CREATE TYPE n AS ENUM ('x')
CREATE EVENT TRIGGER n ON sql_drop EXECUTE FUNCTION ev()
CREATE FOREIGN DATA WRAPPER n
CREATE SERVER n FOREIGN DATA WRAPPER w
CREATE FOREIGN TABLE n (a int) SERVER srv
CREATE FUNCTION n() RETURNS int LANGUAGE sql RETURN 1
CREATE FUNCTION n() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END
CREATE OPERATOR CLASS n FOR TYPE e USING btree AS STORAGE e
CREATE OPERATOR FAMILY n USING btree
CREATE LANGUAGE plpgsql
CREATE LANGUAGE n HANDLER plpgsql_call_handler
CREATE POLICY n ON t USING (true)
CREATE PUBLICATION n FOR ALL TABLES
CREATE TYPE n AS RANGE (subtype = int)
CREATE ROLE n
CREATE SEQUENCE n
CREATE STATISTICS n ON a, b FROM t
CREATE TABLE n (a int)
CREATE TEMP TABLE n (a int) ON COMMIT DROP
CREATE TABLE n AS SELECT 1 AS a
CREATE MATERIALIZED VIEW n AS SELECT 1 AS a
SELECT 1 AS a INTO n
CREATE TRANSFORM FOR int LANGUAGE plpgsql (FROM SQL WITH FUNCTION f())
CREATE CONSTRAINT TRIGGER n AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()
CREATE USER MAPPING FOR PUBLIC SERVER srv
DEALLOCATE prepared
CREATE AGGREGATE n (int) (sfunc = int4pl, stype = int)
DELETE FROM t
DROP OWNED BY matrix_role
DROP ROLE matrix_role
DROP USER MAPPING FOR CURRENT_USER SERVER srv
DROP TABLE t CASCADE
DROP SCHEMA public CASCADE
DROP EXTENSION pg_trgm
EXECUTE prepared
EXPLAIN ANALYZE SELECT 1
FETCH FROM nothing
GRANT matrix_role TO CURRENT_USER
GRANT SELECT ON t TO matrix_role
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM matrix_role
IMPORT FOREIGN SCHEMA x FROM SERVER srv INTO public
INSERT INTO t VALUES (1)
LISTEN n
LOAD 'plpgsql'
MERGE INTO t USING p ON t.a = p.a WHEN MATCHED THEN DO NOTHING
PREPARE n AS SELECT 1
REASSIGN OWNED BY matrix_role TO CURRENT_USER
ALTER TABLE t RENAME TO n
ALTER TABLE t REPLICA IDENTITY FULL
CREATE RULE n AS ON DELETE TO t DO ALSO NOTHING
SECURITY LABEL ON TABLE t IS NULL
SELECT 1
UNLISTEN *
UPDATE t SET c = 1
SHOW work_mem
RESET ALL
SET LOCAL work_mem = '4MB'
CREATE VIEW n AS SELECT 1 AS a
CREATE RECURSIVE VIEW n (a) AS SELECT 1
DISCARD SEQUENCES
TRUNCATE t CASCADE
RELEASE SAVEPOINT x
ROLLBACK TO SAVEPOINT x
ALTER SUBSCRIPTION sub DISABLE
ALTER SUBSCRIPTION sub CONNECTION 'host=elsewhere'
ALTER SUBSCRIPTION sub SET (synchronous_commit = off)
ALTER SUBSCRIPTION sub SKIP (lsn = NONE)
ALTER SUBSCRIPTION sub OWNER TO CURRENT_USER
ALTER DATABASE template1 RENAME TO template1
ALTER DATABASE template1 CONNECTION LIMIT 5
ALTER DATABASE template1 OWNER TO CURRENT_USER
ALTER INDEX i SET TABLESPACE pg_default
ALTER TABLE t SET TABLESPACE pg_default
ALTER TABLE p ATTACH PARTITION t FOR VALUES IN (2)
ALTER TABLE p DETACH PARTITION q FINALIZE
ALTER TYPE e ADD VALUE IF NOT EXISTS 'c' BEFORE 'a'
ANALYZE (VERBOSE) t
VACUUM (ANALYZE, SKIP_LOCKED) t
REINDEX (TABLESPACE pg_default) TABLE t
REINDEX SYSTEM postgres
REINDEX DATABASE postgres
REINDEX TABLE CONCURRENTLY p
CLUSTER VERBOSE
CREATE DATABASE n TEMPLATE template0 STRATEGY file_copy
ALTER DATABASE template1 SET TABLESPACE pg_default
DROP DATABASE n (FORCE)
DROP SUBSCRIPTION slotted
""".strip().splitlines()

# What the answer depends on is in the database; it is tried inside, and refused there without effect.
DATABASE_KNOWS = ["REINDEX TABLE p", "REINDEX INDEX pi", "CLUSTER p USING pi", "CALL loud()"]

NO_STATEMENTS = {"RawStmt", "SetOperationStmt", "ReturnStmt", "PLAssignStmt", "ReplicaIdentityStmt"}
"""Parts of statements that PostgreSQL's grammar calls so."""

BORDERS = {
    "BEGIN": Opens,
    "START TRANSACTION READ WRITE": Opens,
    "COMMIT": Commits,
    "END": Commits,
    "ROLLBACK": Undoes,
    "ABORT": Undoes,
    "PREPARE TRANSACTION 'x'": Undoes,
}

ALL = [*OUTSIDE, *INSIDE, *OF_EACH_KIND, *DATABASE_KNOWS]


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[Connection]:
    """A superuser in a database with one of everything. Tests roll back."""
    name = server.create_database()
    with server.connect(name, options="-c client_min_messages=error") as connected:
        connected.execute(EXISTING)
        yield connected
        connected.execute("ALTER SUBSCRIPTION slotted DISABLE; ALTER SUBSCRIPTION slotted SET (slot_name = NONE)")
        connected.execute("DROP SUBSCRIPTION sub")
        connected.execute("DROP SUBSCRIPTION slotted")
    server.drop_database(name)
    with server.connect() as connected:
        connected.execute("DROP ROLE matrix_role")


def test_every_kind_of_statement_is_placed_as_the_server_runs_it(connection: Connection, server: Server) -> None:
    table: Counter[tuple[str, str]] = Counter()
    disagreements, unread = {}, {}
    for statement in ALL:
        placement = placement_of(parse(statement))
        state = sqlstate_inside(connection, statement)
        said = "runs outside" if state in NEEDS_NO_TRANSACTION else "runs inside"
        table[type(placement).__name__, said] += 1
        expected = "runs outside" if isinstance(placement, Outside) or statement in DATABASE_KNOWS else "runs inside"
        if said != expected:
            disagreements[statement] = f"{placement}, but the server: {state or 'no error'}"
        if state == SYNTAX_ERROR:
            unread[statement] = state
    print(f"\nPostgreSQL {server.major}: {len(ALL)} statements")  # noqa: T201  # the table, with -s
    for (placed, said), number in sorted(table.items()):
        print(f"  placed {placed:8} {said:13} {number:4}")  # noqa: T201
    assert disagreements == {}
    assert unread == {}


def test_the_matrix_has_every_kind_of_the_grammar() -> None:
    fields = postgast.parse("SELECT 1").stmts[0].stmt.DESCRIPTOR.oneofs[0].fields
    kinds = {field.message_type.name for field in fields if field.message_type}
    trees = {statement: parse(statement) for statement in [*ALL, *BORDERS]}
    assert [statement for statement, tree in trees.items() if isinstance(tree, Unparsed)] == []
    tried = {tree.kind for tree in trees.values() if not isinstance(tree, Unparsed)}
    assert {kind for kind in kinds if kind.endswith("Stmt")} - tried - NO_STATEMENTS == set()


@pytest.mark.parametrize(("statement", "border"), BORDERS.items(), ids=BORDERS)
def test_what_ends_or_opens_a_block_is_known_as_such(connection: Connection, statement: str, border: type) -> None:
    assert isinstance(placement_of(parse(statement)), border)
    connection.execute("BEGIN; SELECT 1")
    try:
        connection.execute(statement.encode())
        still_open = connection.info.transaction_status is not psycopg.pq.TransactionStatus.IDLE
    finally:
        connection.execute("ROLLBACK")
        if statement.startswith("PREPARE"):
            connection.execute("ROLLBACK PREPARED 'x'")
    assert still_open == (border is Opens)


def test_a_statement_inside_has_no_effect_where_the_server_refuses_it_there(connection: Connection) -> None:
    for statement in DATABASE_KNOWS:
        assert isinstance(placement_of(parse(statement)), Inside)
        assert sqlstate_inside(connection, statement) in NEEDS_NO_TRANSACTION
