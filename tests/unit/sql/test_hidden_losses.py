"""What is lost without being named: over ties that the plan itself made, and under names that it made new."""

import pytest

from dbmigrations.postgres.sql.classes import OperationClass
from tests.unit.sql.reviewing import losses, operations

PURGE = "CREATE FUNCTION purge() RETURNS int LANGUAGE sql AS 'WITH d AS (DELETE FROM t RETURNING 1) SELECT 1'; "
PURGE_BY_TRIGGER = (
    "CREATE FUNCTION purge() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN IF TG_OP = 'INSERT' THEN NEW.a := 1; DELETE FROM t WHERE a = OLD.a; END IF; RETURN NEW; END$$; "
)
NEW = "CREATE TABLE n (a int); "


CHAIN = (
    "CREATE TABLE m (a int REFERENCES n ON DELETE CASCADE); "
    "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES m ON DELETE CASCADE"
)


# Parents


@pytest.mark.parametrize(
    "attached",
    [
        NEW + "ALTER TABLE t INHERIT n; ",
        "CREATE TABLE n (a int) PARTITION BY LIST (a); ALTER TABLE n ATTACH PARTITION t FOR VALUES IN (1); ",
        "CREATE TABLE m (a int); ALTER TABLE t INHERIT m; ALTER TABLE m RENAME TO n; ",
        "CREATE SCHEMA s; CREATE TABLE s.n (a int); ALTER TABLE t INHERIT s.n; ALTER TABLE s.n SET SCHEMA app; ",
    ],
)
def test_what_is_done_to_a_new_parent_is_done_to_the_rows_of_its_children(attached: str) -> None:
    assert losses(attached + "TRUNCATE n") == ["rows of t"]
    assert losses(attached + "DROP TABLE n CASCADE")[0] == "rows of t"
    assert losses(attached + "DELETE FROM n") == ["unknown if t"]
    assert losses(attached + "UPDATE n SET a = 1") == ["unknown if t.a"]
    assert losses(attached + "ALTER TABLE n DROP COLUMN a") == ["values of t.a"]
    assert losses(attached + "ALTER TABLE n ALTER a TYPE smallint")[0] == "values of t.a as int2"
    assert operations(attached + "TRUNCATE n")[-1].operation_class is OperationClass.DESTRUCTIVE


def test_every_child_counts_also_below_a_parent_that_existed() -> None:
    new = "CREATE TABLE n (a int) PARTITION BY LIST (a); ALTER TABLE n ATTACH PARTITION t FOR VALUES IN (1); "
    assert losses(new + "ALTER TABLE n ATTACH PARTITION u FOR VALUES IN (2); DROP TABLE n") == [
        "rows of t",
        "rows of u",
    ]
    assert losses("ALTER TABLE p ATTACH PARTITION t FOR VALUES IN (1); DROP TABLE p") == ["rows of p", "rows of t"]


def test_a_column_that_was_renamed_through_a_parent_is_the_childs_old_one() -> None:
    assert "unknown if child.a" in losses("ALTER TABLE p RENAME a TO b; UPDATE child SET b = 1")


# Schemas


def test_a_new_schema_is_no_longer_new_when_something_has_moved_in() -> None:
    for moved in ("TABLE t", "TYPE e", "FUNCTION f()", "VIEW v", "SEQUENCE q", "EXTENSION x"):
        script = f"CREATE SCHEMA s; ALTER {moved} SET SCHEMA s; DROP SCHEMA s CASCADE"
        assert losses(script) == ["unknown"], moved
        assert operations(script)[-1].operation_class is OperationClass.DESTRUCTIVE
    assert losses("CREATE SCHEMA s; CREATE TABLE n (a int); ALTER TABLE n SET SCHEMA s; DROP SCHEMA s CASCADE") == []


def test_what_moved_in_is_found_again_under_every_name_of_the_schema() -> None:
    moved = "CREATE SCHEMA s; ALTER TABLE t SET SCHEMA s; "
    assert losses(moved + "ALTER SCHEMA s RENAME TO z; DROP TABLE z.t") == ["rows of t"]
    assert losses(moved + "ALTER SCHEMA s RENAME TO z; DROP SCHEMA z CASCADE") == ["unknown"]
    assert losses(moved + "CREATE TABLE IF NOT EXISTS s.t (a int); DROP TABLE s.t") == ["rows of t"]
    assert losses("ALTER TABLE s.t RENAME TO u; ALTER SCHEMA s RENAME TO z; DROP TABLE z.u") == ["rows of s.t"]


def test_a_dropped_schema_takes_along_what_hangs_on_its_tables() -> None:
    script = "CREATE SCHEMA s; CREATE TABLE s.p (a int); ALTER TABLE t INHERIT s.p; DROP SCHEMA s CASCADE"
    assert losses(script) == ["rows of t"]
    assert operations(script)[-1].operation_class is OperationClass.DESTRUCTIVE


@pytest.mark.parametrize("kind", ["TYPE e AS ENUM ('a')", "DOMAIN e AS int"])
def test_a_type_that_takes_the_name_of_a_new_one_is_not_new(kind: str) -> None:
    word, *_ = kind.split()
    assert losses(f"CREATE {kind}; DROP {word} e CASCADE") == []
    swapped = f"CREATE {kind}; DROP {word} e; ALTER {word} old RENAME TO e; DROP {word} e CASCADE"
    assert losses(swapped) == ["unknown"]


# Foreign keys


@pytest.mark.parametrize(
    ("made", "done", "lost"),
    [
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES n ON DELETE CASCADE", "DELETE FROM n", ["unknown if t"]),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES n ON DELETE SET NULL", "DELETE FROM n", ["unknown if t.a"]),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES n ON DELETE SET DEFAULT", "DELETE FROM n", ["unknown if t.a"]),
        ("ALTER TABLE t ADD c int REFERENCES n ON DELETE CASCADE", "DELETE FROM n", ["unknown if t"]),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES n", "TRUNCATE n CASCADE", ["rows of t"]),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES n ON UPDATE CASCADE", "UPDATE n SET a = 2", ["unknown if t.a"]),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES n(a) ON UPDATE SET NULL",
         "ALTER TABLE n RENAME a TO b; UPDATE n SET b = 2", ["unknown if t.a"]),
        (CHAIN, "DELETE FROM n", ["unknown if t"]),
        (CHAIN + "; ALTER TABLE m RENAME TO o", "DELETE FROM n", ["unknown if t"]),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES n ON DELETE CASCADE; ALTER TABLE n RENAME TO m",
         "DELETE FROM m", ["unknown if t"]),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES n ON DELETE CASCADE",
         "MERGE INTO n USING s ON true WHEN MATCHED THEN DELETE", ["unknown if t"]),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES n ON DELETE CASCADE", "DROP TABLE n CASCADE", []),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES n", "DELETE FROM n", []),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES n(a) ON UPDATE CASCADE", "UPDATE n SET b = 2", []),
        ("ALTER TABLE t ADD c int REFERENCES n(a) ON DELETE SET NULL ON UPDATE CASCADE",
         "DELETE FROM n; UPDATE n SET a = 2", []),
        ("CREATE TABLE m (a int REFERENCES t ON DELETE CASCADE)", "DELETE FROM m; DROP TABLE m CASCADE", []),
    ],
)  # fmt: skip
def test_what_refers_to_a_new_table_goes_or_changes_with_its_rows(made: str, done: str, lost: list[str]) -> None:
    assert losses(f"{NEW}{made}; {done}") == lost


# Savepoints and temporary tables


def test_what_is_rolled_back_was_not_made() -> None:
    made = "BEGIN; SAVEPOINT s; ALTER TABLE t RENAME TO o; CREATE TABLE t (a int); "
    assert losses(made + "ROLLBACK TO s; DROP TABLE t; COMMIT") == ["rows of t"]
    assert losses(made + "RELEASE s; DROP TABLE t; COMMIT") == []
    assert losses(made + "SAVEPOINT u; ROLLBACK TO u; DROP TABLE t; COMMIT") == []
    assert losses(made + "SAVEPOINT u; ROLLBACK TO s; ROLLBACK TO s; DROP TABLE t; COMMIT") == ["rows of t"]
    assert losses("BEGIN; SAVEPOINT s; SET search_path = o; ROLLBACK TO s; DROP TABLE t; COMMIT") == ["rows of t"]


def test_a_temporary_table_hides_another_one_only_while_it_is_there() -> None:
    assert losses("CREATE TEMP TABLE t (a int); DISCARD TEMP; DROP TABLE t") == ["rows of t"]
    passing = "BEGIN; CREATE TEMP TABLE t (a int) ON COMMIT DROP; "
    assert losses(passing + "DROP TABLE t; COMMIT") == []
    assert losses(passing + "COMMIT; DROP TABLE t") == ["rows of t"]


# What is shown


@pytest.mark.parametrize(
    "view",
    [
        "CREATE VIEW v AS SELECT * FROM t",
        "CREATE OR REPLACE VIEW v AS SELECT * FROM t",
        "CREATE TEMP VIEW v AS SELECT * FROM t",
        "CREATE FOREIGN TABLE v (a int) SERVER s",
        "CREATE VIEW w AS SELECT * FROM t; ALTER VIEW w RENAME TO v",
    ],
)
def test_writing_to_a_new_view_or_foreign_table_changes_what_it_shows(view: str) -> None:
    for written in (
        "DELETE FROM v",
        "UPDATE v SET a = 1",
        "INSERT INTO v VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2",
    ):
        assert "unknown" in losses(f"{view}; {written}"), written


def test_a_view_is_a_view_in_whatever_schema() -> None:
    assert losses("CREATE TEMP VIEW v AS SELECT * FROM t; DELETE FROM pg_temp.v") == ["unknown"]
    assert losses("CREATE SCHEMA s CREATE VIEW v AS SELECT * FROM t; DELETE FROM s.v") == ["unknown"]
    made = "CREATE SCHEMA s; CREATE VIEW s.v AS SELECT * FROM t; ALTER SCHEMA s RENAME TO z; "
    assert losses(made + "DELETE FROM z.v") == ["unknown"]


def test_foreign_tables_are_another_servers() -> None:
    assert losses("CREATE FOREIGN TABLE f (a int) SERVER s; TRUNCATE f") == ["unknown"]
    imported = "CREATE SCHEMA f; IMPORT FOREIGN SCHEMA public FROM SERVER s INTO f; "
    assert losses(imported + "DELETE FROM f.any_name") == ["unknown"]


# Code that runs without being called


@pytest.mark.parametrize(
    ("made", "done"),
    [
        ("CREATE VIEW v AS SELECT purge()", "SELECT * FROM v"),
        ("CREATE VIEW v AS SELECT purge(); CREATE VIEW w AS TABLE v; CREATE VIEW x AS TABLE w", "TABLE x"),
        ("CREATE TABLE n (a int DEFAULT purge())", "INSERT INTO n DEFAULT VALUES"),
        ("CREATE TABLE IF NOT EXISTS n (a int DEFAULT purge())", "COPY n FROM stdin;\n1\n\\.\n"),
        (NEW + "ALTER TABLE n ALTER a SET DEFAULT purge()", "INSERT INTO n DEFAULT VALUES"),
        ("CREATE TABLE n (a int CHECK (purge() > 0))", "INSERT INTO n VALUES (1)"),
        ("CREATE TABLE n (a int CHECK (purge() > 0)); CREATE TABLE m (LIKE n INCLUDING ALL)", "INSERT INTO m SELECT 1"),
        ("CREATE TABLE n (a int CHECK (purge() > 0)); CREATE TABLE m () INHERITS (n)", "INSERT INTO m VALUES (1)"),
        ("CREATE TABLE n (a int GENERATED ALWAYS AS (purge()) STORED)", "INSERT INTO n DEFAULT VALUES"),
        (NEW + "CREATE STATISTICS s ON (purge()), a FROM n", "ANALYZE n"),
        (NEW + "CREATE RULE r AS ON INSERT TO n DO ALSO SELECT purge()", "INSERT INTO n VALUES (1)"),
        ("CREATE DOMAIN d AS int CHECK (purge() > 0)", "SELECT 1::d"),
        ("CREATE CAST (a AS b) WITH FUNCTION purge()", "INSERT INTO s SELECT * FROM s"),
        ("CREATE OPERATOR @+@ (PROCEDURE = purge, LEFTARG = int, RIGHTARG = int)", "SELECT 1 @+@ 2"),
        ("CREATE SCHEMA s CREATE TABLE n (a int DEFAULT purge())", "INSERT INTO s.n DEFAULT VALUES"),
    ],
)  # fmt: skip
def test_what_new_things_call_counts_where_a_statement_makes_them_call_it(made: str, done: str) -> None:
    assert losses(PURGE + made) == []
    assert losses(f"{PURGE}{made}; {done}") == ["unknown if t"]
    unknown = made.replace("purge", "older")
    if "GENERATED" not in made:  # must be immutable, and the server sees to it
        assert losses(f"{unknown}; {done}") == ["unknown"]


def test_evaluating_for_the_rows_of_a_new_table_is_calling() -> None:
    assert losses(PURGE + NEW + "ALTER TABLE n ADD CHECK (purge() > 0)") == ["unknown if t"]
    assert losses(PURGE + "CREATE INDEX ON u (purge())") == ["unknown if t"]
    assert losses(PURGE + NEW + "CREATE INDEX ON n (purge()); INSERT INTO n VALUES (1)") == ["unknown if t"] * 2


@pytest.mark.parametrize(
    ("event", "done", "lost"),
    [
        ("INSERT", "INSERT INTO n VALUES (1)", ["unknown if t"]),
        ("INSERT", "COPY n FROM stdin;\n1\n\\.\n", ["unknown if t"]),
        ("INSERT", "UPDATE n SET a = 1; DELETE FROM n; TRUNCATE n; SELECT * FROM n", []),
        ("UPDATE", "INSERT INTO n VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2", ["unknown if t"]),
        ("DELETE", "MERGE INTO n USING s ON true WHEN MATCHED THEN DELETE", ["unknown if t"]),
        ("TRUNCATE", "TRUNCATE n", ["unknown if t"]),
    ],
)
def test_a_new_trigger_fires_on_its_own_events(event: str, done: str, lost: list[str]) -> None:
    each = "STATEMENT" if event == "TRUNCATE" else "ROW"
    trigger = f"CREATE TRIGGER g AFTER {event} ON n FOR EACH {each} EXECUTE FUNCTION purge(); "
    assert losses(PURGE_BY_TRIGGER + NEW + trigger + done) == lost
    assert losses(NEW + trigger + done) == ["unknown"] * len(lost)


def test_a_table_that_a_rule_makes_a_view_is_one() -> None:
    rule = 'CREATE RULE "_RETURN" AS ON SELECT TO n DO INSTEAD SELECT * FROM t; '
    assert losses(NEW + rule + "DELETE FROM n") == ["unknown"]


def test_a_trigger_that_keeps_a_time_loses_nothing() -> None:
    script = (
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN NEW.updated_at := now(); INSERT INTO log VALUES (TG_TABLE_NAME, OLD.a); RETURN NEW; END$$; "
        "CREATE TRIGGER g BEFORE INSERT OR UPDATE ON n FOR EACH ROW EXECUTE FUNCTION touch(); "
    )
    assert losses(NEW + script + "INSERT INTO n VALUES (1); UPDATE n SET a = 2") == []


def test_a_trigger_that_writes_to_its_own_table_is_looked_into_once() -> None:
    script = (
        "CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN UPDATE n SET a = a + 1; RETURN NULL; END$$; "
        "CREATE TRIGGER g AFTER UPDATE ON n FOR EACH ROW EXECUTE FUNCTION again(); "
    )
    assert losses(NEW + script + "UPDATE n SET a = 2") == []


def test_what_a_trigger_renames_is_another_table_afterwards() -> None:
    script = (
        "CREATE FUNCTION swap() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN ALTER TABLE n RENAME TO m; ALTER TABLE t RENAME TO n; RETURN NULL; END$$; "
        "CREATE TABLE o (a int); CREATE TRIGGER g AFTER INSERT ON o EXECUTE FUNCTION swap(); "
    )
    assert losses(NEW + script + "INSERT INTO o VALUES (1); DROP TABLE n") == ["unknown"]


# What is common and harmless


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE n (LIKE t INCLUDING ALL); INSERT INTO n TABLE t; UPDATE n SET a = 1; DELETE FROM n; DROP TABLE n",
        "CREATE TABLE n (a int, b int REFERENCES t ON DELETE CASCADE); INSERT INTO n VALUES (1, 1); TRUNCATE n CASCADE",
        "CREATE VIEW v AS SELECT * FROM t; SELECT * FROM v; GRANT SELECT ON v TO r; DROP VIEW v",
        "CREATE TABLE n (a int); ALTER TABLE t RENAME TO old; ALTER TABLE n RENAME TO t; INSERT INTO t TABLE old",
        "CREATE INDEX i ON t (immutable_unaccent(name))",
        "CREATE TEMP TABLE x ON COMMIT DROP AS TABLE t; UPDATE x SET a = 1; DELETE FROM x",
        "CREATE FUNCTION cleanup() RETURNS void LANGUAGE sql AS 'DELETE FROM t'; INSERT INTO u VALUES (1)",
    ],
)
def test_these_lose_nothing(script: str) -> None:
    assert losses(script) == []


def test_a_policy_by_a_function_that_existed_makes_no_row_that_is_written_unknown() -> None:
    script = (
        "CREATE TABLE n (a int); CREATE POLICY p ON n USING (a = current_account_id()); INSERT INTO n VALUES (1);"
        "INSERT INTO n SELECT a FROM n;"
    )

    assert losses(script) == []


# What may have been done


@pytest.mark.parametrize(
    "block",
    [
        "IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'g') THEN {}; END IF;",
        "IF a THEN {}; ELSE NULL; END IF;",
        "IF a THEN NULL; ELSIF a THEN {}; ELSE CREATE TABLE u (a int); END IF;",
        "IF a THEN {}; ELSE ALTER TABLE x RENAME TO y; END IF;",
        "IF a THEN ALTER TABLE x RENAME TO y; ELSE {}; END IF;",
        "CASE WHEN a THEN {}; ELSE CREATE INDEX i ON u (a); END CASE;",
        "{}; EXCEPTION WHEN duplicate_object THEN NULL;",
        "IF a THEN IF a THEN {}; END IF; END IF;",
    ],
)
def test_a_trigger_that_one_of_several_branches_makes_is_followed(block: str) -> None:
    made = block.format("CREATE TRIGGER g AFTER INSERT ON n FOR EACH ROW EXECUTE FUNCTION purge()")
    script = f"{PURGE_BY_TRIGGER}{NEW} DO $do$ DECLARE a bool; BEGIN {made} END $do$; INSERT INTO n VALUES (1)"
    assert any(loss.startswith("unknown") for loss in losses(script))


def test_a_trigger_that_one_of_several_routines_of_a_name_makes_is_followed() -> None:
    makes = "CREATE FUNCTION f({}) RETURNS void LANGUAGE plpgsql AS $f$ BEGIN {} END $f$; "
    trigger = "CREATE TRIGGER g AFTER INSERT ON n FOR EACH ROW EXECUTE FUNCTION purge();"
    script = (
        PURGE_BY_TRIGGER
        + NEW
        + makes.format("int", trigger)
        + makes.format("text", "CREATE TABLE u (a int);")
        + "SELECT f(NULL); INSERT INTO n VALUES (1)"
    )
    assert losses(script) == ["unknown if t"]


@pytest.mark.parametrize("call", ["SELECT f()", "SELECT f() FROM u", "DO $$ BEGIN PERFORM f(); END $$", "CALL p()"])
def test_a_trigger_that_a_routine_of_the_plan_makes_is_followed(call: str) -> None:
    body = "LANGUAGE plpgsql AS $$ BEGIN CREATE TRIGGER g AFTER INSERT ON n EXECUTE FUNCTION purge(); END $$; "
    made = f"CREATE FUNCTION f() RETURNS void {body} CREATE PROCEDURE p() {body}"
    assert "unknown if t" in losses(f"{PURGE_BY_TRIGGER}{NEW}{made}{call}; INSERT INTO n VALUES (1)")
