"""The classes of what statements do."""

import pytest

from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.operations import LockMode
from tests.unit.sql.reviewing import operations

ADDITIVE = OperationClass.ADDITIVE
WIDENING = OperationClass.WIDENING
DATA = OperationClass.DATA
RESTRICTING = OperationClass.RESTRICTING
REWRITING = OperationClass.REWRITING
UNKNOWN = OperationClass.UNKNOWN
DESTRUCTIVE = OperationClass.DESTRUCTIVE


def classes(*scripts: str) -> list[OperationClass]:
    return [operation.operation_class for operation in operations(*scripts)]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("CREATE TABLE t (a serial PRIMARY KEY, b text NOT NULL UNIQUE)", ADDITIVE),
        ("CREATE SCHEMA s", ADDITIVE),
        ("CREATE EXTENSION IF NOT EXISTS pgcrypto", ADDITIVE),
        ("CREATE SEQUENCE s", ADDITIVE),
        ("CREATE TYPE e AS ENUM ('a')", ADDITIVE),
        ("CREATE DOMAIN d AS text CHECK (value <> '')", ADDITIVE),
        ("CREATE VIEW v AS SELECT 1", ADDITIVE),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1", ADDITIVE),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", ADDITIVE),
        ("CREATE AGGREGATE a (int) (sfunc = int4pl, stype = int)", ADDITIVE),
        ("CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()", ADDITIVE),
        ("CREATE INDEX CONCURRENTLY i ON t (a)", ADDITIVE),
        ("CREATE ROLE r", ADDITIVE),
        ("CREATE PUBLICATION p", ADDITIVE),
        ("CREATE PUBLICATION p FOR ALL TABLES WITH (publish = 'insert, truncate')", ADDITIVE),
        ("ALTER TABLE t REPLICA IDENTITY FULL", ADDITIVE),
        ("ALTER TABLE t REPLICA IDENTITY USING INDEX i", ADDITIVE),
        ("COMMENT ON TABLE t IS 'x'", ADDITIVE),
        ("ALTER TABLE t ADD COLUMN a text", ADDITIVE),
        ("ALTER TABLE t ADD COLUMN a text NOT NULL DEFAULT 'x'", ADDITIVE),
        ("ALTER TABLE t ADD COLUMN a timestamptz NOT NULL DEFAULT now()", ADDITIVE),
        ("ALTER TABLE t ADD COLUMN a timestamptz DEFAULT CURRENT_TIMESTAMP", ADDITIVE),
        ("ALTER TABLE t ADD COLUMN a text DEFAULT NULL", ADDITIVE),
        ("ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (b + 1) VIRTUAL", ADDITIVE),
        ("ALTER TABLE t VALIDATE CONSTRAINT c", ADDITIVE),
        ("ALTER TABLE t ALTER a SET STATISTICS 100", ADDITIVE),
        ("ALTER TABLE t SET (fillfactor = 50)", ADDITIVE),
        ("ALTER INDEX i RENAME TO j", ADDITIVE),
        ("ALTER TABLE t RENAME CONSTRAINT c TO d", ADDITIVE),
        ("ALTER TABLE p ATTACH PARTITION t FOR VALUES IN (1)", ADDITIVE),
        ("ALTER SEQUENCE s OWNED BY t.a", ADDITIVE),
        ("LOCK TABLE t IN SHARE MODE", ADDITIVE),
        ("ALTER TABLE t ALTER a DROP NOT NULL", WIDENING),
        ("ALTER TABLE t ALTER a SET DEFAULT 1", WIDENING),
        ("ALTER TABLE t DROP CONSTRAINT c", WIDENING),
        ("ALTER TABLE t DISABLE ROW LEVEL SECURITY", WIDENING),
        ("ALTER TYPE e ADD VALUE 'b'", WIDENING),
        ("ALTER DOMAIN d DROP NOT NULL", WIDENING),
        ("DROP INDEX CONCURRENTLY i", WIDENING),
        ("GRANT SELECT ON t TO r", WIDENING),
        ("GRANT a TO b", WIDENING),
        ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r", WIDENING),
        ("CREATE POLICY p ON t USING (true)", WIDENING),
        ("INSERT INTO t VALUES (1)", DATA),
        ("UPDATE t SET a = 1", DATA),
        ("DELETE FROM t WHERE a", DATA),
        ("MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", DATA),
        ("COPY t FROM stdin", DATA),
        ("SELECT setval('s', 1)", DATA),
        ("REFRESH MATERIALIZED VIEW v", DATA),
        ("ALTER SEQUENCE s RESTART", DATA),
        ("CREATE PUBLICATION p FOR ALL TABLES", RESTRICTING),
        ("CREATE PUBLICATION p FOR TABLES IN SCHEMA s", RESTRICTING),
        ("CREATE PUBLICATION p FOR ALL TABLES WITH (publish = 'insert, update')", RESTRICTING),
        ("ALTER PUBLICATION p ADD TABLE t", RESTRICTING),
        ("ALTER TABLE t REPLICA IDENTITY NOTHING", RESTRICTING),
        ("ALTER TABLE t REPLICA IDENTITY DEFAULT", RESTRICTING),
        ("CREATE INDEX i ON t (a)", RESTRICTING),
        ("DROP INDEX i", RESTRICTING),
        ("ALTER TEXT SEARCH DICTIONARY d (a = b)", RESTRICTING),
        ("CREATE UNIQUE INDEX i ON t (a)", RESTRICTING),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)", RESTRICTING),
        ("CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", RESTRICTING),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", RESTRICTING),
        ("CREATE POLICY p ON t AS RESTRICTIVE USING (true)", RESTRICTING),
        ("CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING", RESTRICTING),
        ("ALTER POLICY p ON t USING (false)", RESTRICTING),
        ("ALTER TABLE t ADD COLUMN a text NOT NULL", RESTRICTING),
        ("ALTER TABLE t ADD COLUMN a text NOT NULL DEFAULT NULL", RESTRICTING),
        ("ALTER TABLE t ADD COLUMN a text UNIQUE", RESTRICTING),
        ("ALTER TABLE t ALTER a SET NOT NULL", RESTRICTING),
        ("ALTER TABLE t ALTER a DROP DEFAULT", RESTRICTING),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", RESTRICTING),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID", RESTRICTING),
        ("ALTER TABLE t ADD PRIMARY KEY (a)", RESTRICTING),
        ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", RESTRICTING),
        ("ALTER TABLE t FORCE ROW LEVEL SECURITY", RESTRICTING),
        ("ALTER TABLE t OWNER TO r", RESTRICTING),
        ("ALTER TABLE t DISABLE TRIGGER ALL", RESTRICTING),
        ("ALTER TABLE p DETACH PARTITION t", RESTRICTING),
        ("ALTER TABLE t RENAME TO u", RESTRICTING),
        ("ALTER TABLE t RENAME a TO b", RESTRICTING),
        ("ALTER FUNCTION f() RENAME TO g", RESTRICTING),
        ("ALTER TABLE t SET SCHEMA s", RESTRICTING),
        ("ALTER TYPE e RENAME VALUE 'a' TO 'b'", RESTRICTING),
        ("ALTER DOMAIN d ADD CHECK (value > 0)", RESTRICTING),
        ("REVOKE SELECT ON t FROM r", RESTRICTING),
        ("DROP VIEW v", RESTRICTING),
        ("DROP MATERIALIZED VIEW v", RESTRICTING),
        ("DROP FUNCTION f()", RESTRICTING),
        ("DROP TYPE e", RESTRICTING),
        ("DROP TRIGGER g ON t", RESTRICTING),
        ("DROP POLICY p ON t", RESTRICTING),
        ("DROP SCHEMA s", RESTRICTING),
        ("ALTER ROLE r SET search_path = a", RESTRICTING),
        ("ALTER TABLE t ALTER a TYPE bigint", REWRITING),
        ("ALTER TABLE t ADD COLUMN a serial", REWRITING),
        ("ALTER TABLE t ADD COLUMN a bigint GENERATED ALWAYS AS IDENTITY", REWRITING),
        ("ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (b + 1) STORED", REWRITING),
        ("ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid()", REWRITING),
        ("ALTER TABLE t ADD COLUMN a int DEFAULT app.f()", REWRITING),
        ("ALTER TABLE t SET UNLOGGED", REWRITING),
        ("ALTER TABLE t SET TABLESPACE x", REWRITING),
        ("CLUSTER t USING i", REWRITING),
        ("VACUUM FULL t", REWRITING),
        ("REINDEX TABLE t", REWRITING),
        ("DROP TABLE t", DESTRUCTIVE),
        ("DROP SEQUENCE s", DESTRUCTIVE),
        ("DROP EXTENSION x", DESTRUCTIVE),
        ("DROP EXTENSION IF EXISTS pgcrypto", RESTRICTING),
        ("DROP EXTENSION citext CASCADE", DESTRUCTIVE),
        ("DROP SCHEMA s CASCADE", DESTRUCTIVE),
        ("DROP VIEW v CASCADE", DESTRUCTIVE),
        ("DROP TYPE e CASCADE", DESTRUCTIVE),
        ("ALTER TABLE t DROP COLUMN a", DESTRUCTIVE),
        ("TRUNCATE t", DESTRUCTIVE),
        ("DELETE FROM t", DESTRUCTIVE),
        ("DROP OWNED BY r", DESTRUCTIVE),
        ("DO $$ BEGIN EXECUTE current_setting('a.b'); END $$", UNKNOWN),
        ("DO LANGUAGE plperl 'x'", UNKNOWN),
        ("DELETE FROM pg_enum WHERE enumlabel = 'a'", UNKNOWN),
        ("UPDATE pg_catalog.pg_attribute SET atttypmod = 104", UNKNOWN),
        ("INSERT INTO pg_cast VALUES (1)", UNKNOWN),
        ("DO $$ BEGIN UPDATE pg_index SET indisvalid = false; END $$", UNKNOWN),
        ("CALL p()", UNKNOWN),
        ("SELECT f()", UNKNOWN),
        ("COPY t FROM PROGRAM 'x'", UNKNOWN),
        ("this cannot be read", UNKNOWN),
    ],
)
def test_each_statement_has_its_class(statement: str, expected: OperationClass) -> None:
    assert classes(statement) == [expected]


@pytest.mark.parametrize(
    "statement",
    [
        "SET search_path = app",
        "SELECT 1",
        "SELECT set_config('a.b', 'c', false), now()",
        "SELECT * FROM t WHERE lower(a) = 'b' FOR UPDATE",
        "BEGIN",
        "SAVEPOINT a",
        "SHOW server_version",
        "ANALYZE t",
        "VACUUM t",
        "EXPLAIN DELETE FROM t",
        "LISTEN a",
        "COPY t TO stdout",
    ],
)
def test_what_changes_nothing_is_no_operation(statement: str) -> None:
    assert operations(statement) == []


def test_each_command_of_alter_table_is_an_operation() -> None:
    script = "ALTER TABLE t ADD COLUMN a text, DROP COLUMN b, ALTER c SET NOT NULL"
    assert classes(script) == [ADDITIVE, DESTRUCTIVE, RESTRICTING]
    assert [operation.what for operation in operations(script)] == [
        "add column t.a",
        "drop column t.b",
        "set t.c not null",
    ]


def test_every_operation_says_why_and_the_dangerous_ones_what_is_safer() -> None:
    for statement in (
        "CREATE INDEX i ON t (a)",
        "DROP INDEX i",
        "ALTER TABLE t ADD COLUMN a text NOT NULL",
        "ALTER TABLE t ADD COLUMN a serial",
        "ALTER TABLE t ALTER a SET NOT NULL",
        "ALTER TABLE t ALTER a TYPE text",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
        "ALTER TABLE t ADD UNIQUE (a)",
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (a)",
        "ALTER TABLE t DROP COLUMN a",
        "ALTER TABLE t RENAME a TO b",
        "DROP TABLE t",
        "DELETE FROM t",
        "REINDEX TABLE t",
    ):
        first = operations(statement)[0]
        assert first.why, statement
        assert first.safer, statement


def test_a_constraint_that_is_not_validated_yet_is_safe_enough() -> None:
    assert operations("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID")[0].safer == ""
    assert operations("ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i")[0].safer == ""


@pytest.mark.parametrize(
    ("made", "done"),
    [
        ("CREATE TABLE t (a int)", "ALTER TABLE t DROP COLUMN a, ALTER b SET NOT NULL, ADD UNIQUE (a)"),
        ("CREATE TABLE app.t (a int)", "ALTER TABLE t RENAME a TO b; ALTER TABLE t RENAME TO u; DROP TABLE u"),
        ("CREATE TABLE t (a int)", "CREATE UNIQUE INDEX i ON t (a); DROP INDEX i; CREATE POLICY p ON t USING (true)"),
        ("CREATE TABLE t (a int)", "TRUNCATE t"),
        ("CREATE TABLE t (a int)", "CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f(); DROP TRIGGER g ON t"),
        ("CREATE TYPE e AS ENUM ('a')", "DROP TYPE e"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
         "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'; DROP FUNCTION f()"),
        ("CREATE SCHEMA s", "DROP SCHEMA s CASCADE"),
        ("CREATE VIEW v AS SELECT 1", "CREATE OR REPLACE VIEW v AS SELECT 2; DROP VIEW v"),
        ("ALTER TABLE t ADD COLUMN a int", "ALTER TABLE t DROP COLUMN a"),
        ("CREATE SEQUENCE s", "ALTER SEQUENCE s RESTART; DROP SEQUENCE s"),
    ],
)  # fmt: skip
def test_what_the_plan_made_itself_is_not_existing(made: str, done: str) -> None:
    assert set(classes(made, done)) == {ADDITIVE}
    assert set(classes(f"{made}; {done}")) == {ADDITIVE}
    assert set(classes(done)) != {ADDITIVE}


# Locks


@pytest.mark.parametrize(
    ("statement", "lock", "bounded"),
    [
        ("ALTER TABLE t ADD COLUMN a int", LockMode.ACCESS_EXCLUSIVE, True),
        ("ALTER TABLE t VALIDATE CONSTRAINT c", LockMode.SHARE_UPDATE_EXCLUSIVE, True),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES n (a)", LockMode.SHARE_ROW_EXCLUSIVE, True),
        ("CREATE INDEX i ON t (a)", LockMode.SHARE, True),
        ("CREATE INDEX CONCURRENTLY i ON t (a)", LockMode.SHARE_UPDATE_EXCLUSIVE, False),
        ("DROP INDEX CONCURRENTLY i", LockMode.SHARE_UPDATE_EXCLUSIVE, False),
        ("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", LockMode.SHARE_UPDATE_EXCLUSIVE, False),
        ("DROP TABLE t", LockMode.ACCESS_EXCLUSIVE, True),
        ("CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()", LockMode.SHARE_ROW_EXCLUSIVE, True),
        ("LOCK t IN SHARE MODE", LockMode.SHARE, True),
        ("UPDATE t SET a = 1", LockMode.ROW_EXCLUSIVE, False),
        ("DO $$ BEGIN EXECUTE current_setting('a.b'); END $$", LockMode.ACCESS_EXCLUSIVE, True),
        ("CREATE VIEW v AS SELECT 1", None, False),
        ("GRANT SELECT ON t TO r", None, False),
    ],
)
def test_ddl_on_what_exists_may_not_wait_long_for_its_lock(
    statement: str, lock: LockMode | None, *, bounded: bool
) -> None:
    found = operations(statement)[0]
    assert (found.lock, found.lock_timeout) == (lock, bounded)


def test_a_new_table_locks_those_that_it_refers_to() -> None:
    script = "CREATE TABLE n (a int REFERENCES t, b int REFERENCES t, c int REFERENCES n)"
    locks = [(operation.lock, operation.lock_timeout) for operation in operations(script)]
    assert locks == [(None, False), (LockMode.SHARE_ROW_EXCLUSIVE, True)]
    later = operations("CREATE TABLE n (a int)", "ALTER TABLE n ADD FOREIGN KEY (a) REFERENCES t")
    assert max(operation.lock or 0 for operation in later) == LockMode.SHARE_ROW_EXCLUSIVE
    assert all(
        each.lock is None for each in operations("CREATE TABLE n (a int); CREATE INDEX i ON n (a); DROP TABLE n")
    )


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE n (a int); ALTER TABLE n ADD FOREIGN KEY (a) REFERENCES t",
        "CREATE TABLE n (a int REFERENCES t)",
        "ALTER TABLE n ADD FOREIGN KEY (a) REFERENCES t",
        "ALTER TABLE x RENAME TO y; ALTER TABLE t RENAME TO x; ALTER TABLE n ADD FOREIGN KEY (a) REFERENCES x",
    ],
)
def test_a_reference_locks_the_table_that_is_referred_to_and_names_it(script: str) -> None:
    (found,) = (each for each in operations(script) if each.what.startswith("refer from n"))
    assert (found.lock, str(found.relation)) == (LockMode.SHARE_ROW_EXCLUSIVE, "t")


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("CREATE AGGREGATE a (int) (sfunc = int4pl, stype = int)", "create aggregate a"),
        ("CREATE COLLATION app.c (locale = 'C')", "create collation app.c"),
        ("CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)", "create text search configuration c"),
        ("DROP TEXT SEARCH CONFIGURATION c", "drop text search configuration c"),
        ("DROP STATISTICS s", "drop statistics s"),
        ("ALTER TEXT SEARCH CONFIGURATION c RENAME TO d", "rename text search configuration c to d"),
        ("COMMENT ON CONSTRAINT c ON t IS 'x'", "comment on constraint t.c"),
        ("COMMENT ON MATERIALIZED VIEW m IS 'x'", "comment on materialized view m"),
    ],
)
def test_objects_are_called_what_sql_calls_them(statement: str, what: str) -> None:
    assert [each.what for each in operations(statement)] == [what]


# Declarations


def test_a_declared_class_stands_in_for_an_unknown_one_only() -> None:
    script = "-- migrate: class=data reason=fills in batches\nCALL p(); DROP TABLE t"
    block, dropped = operations(script)
    assert (block.operation_class, block.declared) == (DATA, "fills in batches")
    assert (dropped.operation_class, dropped.declared) == (DESTRUCTIVE, "")


def test_each_operation_knows_the_place_of_its_statement() -> None:
    places = [each.position.reference for each in operations("\nSELECT 1;\n  DROP TABLE a;\nDROP TABLE b, c")]
    assert places == ["3:3", "4:1", "4:1"]


def test_publishing_tables_refuses_nothing_where_all_of_them_are_new() -> None:
    assert RESTRICTING in classes("CREATE PUBLICATION p FOR TABLE t")
    assert classes("CREATE TABLE t (a int)", "CREATE PUBLICATION p FOR TABLE t") == [ADDITIVE]


def test_a_change_of_a_publication_says_where_writes_are_refused() -> None:
    refusing = ("ADD TABLE t", "SET TABLE t", "SET (publish = 'insert, update')")
    assert all("UPDATE and DELETE" in operations(f"ALTER PUBLICATION p {each}")[0].why for each in refusing)
    others = ("DROP TABLE t", "SET (publish = 'insert')")
    assert not any("UPDATE and DELETE" in operations(f"ALTER PUBLICATION p {each}")[0].why for each in others)
