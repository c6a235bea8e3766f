"""What scripts would lose."""

import pytest

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.conversions import Conversion
from dbmigrations.postgres.sql.loss import UnknownLoss, ValuesOf
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import read
from tests.unit.sql.reviewing import losses


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("DROP TABLE t", ["rows of t"]),
        ("DROP TABLE IF EXISTS t, other.u", ["rows of t", "rows of other.u"]),
        ("DROP TABLE t CASCADE", ["rows of t", "unknown if t"]),
        ("TRUNCATE t, ONLY u", ["rows of t", "rows of only u"]),
        ("TRUNCATE t CASCADE", ["rows of t", "unknown if t"]),
        ("ALTER TABLE t DROP COLUMN a, DROP COLUMN IF EXISTS b", ["values of t.a", "values of t.b"]),
        ("ALTER TABLE t DROP a CASCADE", ["values of t.a", "unknown if t.a"]),
        ("ALTER TABLE t ALTER a TYPE varchar(20), ALTER b TYPE numeric(3, 1)[]",
         ["values of t.a as varchar(20)", "values of t.b as numeric(3,1)[]"]),
        ("ALTER TABLE t ALTER a TYPE app.status USING a::app.status", ["values of t.a as app.status"]),
        ("ALTER TABLE t ALTER a TYPE interval(3)", ["values of t.a as interval(?)"]),
        ("DELETE FROM t WHERE a", ["unknown if t"]),
        ("UPDATE t SET a = 1, (b, c) = (2, 3)", ["unknown if t.a", "unknown if t.b", "unknown if t.c"]),
        ("INSERT INTO t VALUES (1)", []),
        ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", []),
        ("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 2", ["unknown if t.b"]),
        ("MERGE INTO t USING s ON true WHEN MATCHED AND s.b THEN DELETE WHEN MATCHED THEN UPDATE SET c = 1",
         ["unknown if t", "unknown if t.c"]),
        ("MERGE INTO t USING s ON true WHEN NOT MATCHED THEN INSERT VALUES (1)", []),
        ("WITH d AS (DELETE FROM t RETURNING *) INSERT INTO archive SELECT * FROM d", ["unknown if t"]),
        ("CREATE TABLE u AS WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", ["unknown if t"]),
        ("EXPLAIN ANALYZE DELETE FROM t", ["unknown if t"]),
        ("EXPLAIN DELETE FROM t", []),
        ("DELETE FROM pg_enum WHERE enumlabel = 'a'", ["unknown"]),
        ("DO LANGUAGE plperl 'x'", ["unknown"]),
        ("CALL p()", ["unknown"]),
        ("PREPARE p AS DELETE FROM t; EXECUTE p", ["unknown"]),
        ("SELECT purge()", ["unknown"]),
        ("SELECT app.now()", ["unknown"]),
        ("INSERT INTO t SELECT purge(a) FROM s", ["unknown"]),
        ("SELECT query_to_xml('DELETE FROM t', true, true, '')", ["unknown"]),
        ("SELECT lo_unlink(1)", ["unknown"]),
        ("COPY t FROM stdin;\n1\n\\.\n", []),
        ("COPY t FROM PROGRAM 'x'", ["unknown"]),
        ("this cannot be read", ["unknown"]),
        ("DROP SCHEMA s", []),
        ("DROP SCHEMA s CASCADE", ["unknown"]),
        ("DROP TYPE e", []),
        ("DROP TYPE e CASCADE", ["unknown"]),
        ("DROP FUNCTION f(int) CASCADE", ["unknown"]),
        ("DROP VIEW v CASCADE", ["unknown if v"]),
        ("DROP EXTENSION x", ["unknown"]),
        ('DROP EXTENSION "uuid-ossp"', []),
        ("DROP EXTENSION citext CASCADE", ["unknown"]),
        ("DROP OWNED BY r", ["unknown"]),
        ("ALTER EXTENSION x UPDATE", ["unknown"]),
        ("ALTER TABLE t ADD COLUMN a int DEFAULT purge()", ["unknown if t"]),
        ("ALTER TABLE t ALTER a SET EXPRESSION AS (b + 1)", ["unknown if t.a"]),
        ("ALTER TYPE c DROP ATTRIBUTE a", ["unknown"]),
        ("ALTER TYPE c ALTER ATTRIBUTE a TYPE text CASCADE", ["unknown"]),
        ("ALTER DOMAIN d ADD CHECK (purge(VALUE))", ["unknown"]),
        ("PREPARE p AS DELETE FROM t; EXPLAIN ANALYZE EXECUTE p", ["unknown"]),
        ("PREPARE p AS DELETE FROM t RETURNING *; CREATE TABLE u AS EXECUTE p", ["unknown"]),
        ("COMMIT PREPARED 'x'", ["unknown"]),
        ("CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", ["unknown"]),
        ("SELECT set_config('standard_conforming_strings', 'off', false)", ["unknown"]),
    ],
)  # fmt: skip
def test_loss_is_read_from_the_statement(script: str, expected: list[str]) -> None:
    assert losses(script) == expected


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE t (a int DEFAULT purge())",
        "CREATE VIEW v AS SELECT purge()",
        "CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM t'",
        "CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM t; END",
        "CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM u",
        "ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid(), ADD b timestamptz DEFAULT now()",
        "ALTER TABLE t ADD COLUMN a uuid DEFAULT extensions.uuid_generate_v4()",
        "ALTER TABLE t DROP CONSTRAINT c CASCADE, ENABLE ROW LEVEL SECURITY, ALTER a DROP NOT NULL",
        "INSERT INTO t SELECT upper(a), coalesce(b, 1), count(*) OVER (), now() AT TIME ZONE 'UTC' FROM s",
        "SELECT set_config('app.account_id', '1', true), setval('s', 5), pg_catalog.now()",
        "SELECT pg_catalog.set_config('search_path', '', false)",
        "DROP INDEX i; DROP VIEW v; DROP FUNCTION f; DROP TRIGGER g ON t; DROP POLICY p ON t; DROP SEQUENCE s",
        "GRANT SELECT ON t TO r; COMMENT ON TABLE t IS 'x'; CREATE INDEX i ON t (lower(a)); ALTER TYPE e ADD VALUE 'x'",
        "BEGIN; SET x = 1; SHOW x; LOCK t; ANALYZE; VACUUM; COMMIT",
    ],
)
def test_what_comes_back_from_git_or_changes_no_row_is_no_loss(script: str) -> None:
    assert losses(script.replace("VACUUM; COMMIT", "COMMIT")) == []


@pytest.mark.parametrize(
    ("change", "conversion"),
    [
        ("TYPE int", Conversion.ASSIGNED),
        ("TYPE int USING a", Conversion.ASSIGNED),
        ("TYPE int USING a::int", Conversion.CAST),
        ("TYPE int USING t.a::int", Conversion.CAST),
        ("TYPE e[] USING (CAST(a AS e[]))", Conversion.CAST),
        ("TYPE int USING a::text::int", Conversion.SPELLED),
        ("TYPE int USING b::int", Conversion.COMPUTED),
        ("TYPE int USING a::bigint", Conversion.COMPUTED),
        ("TYPE int USING a::varchar(3)::int", Conversion.COMPUTED),
        ("TYPE int USING lower(a)::int", Conversion.COMPUTED),
        ("TYPE timestamptz USING a AT TIME ZONE 'UTC'", Conversion.IN_UTC),
        ("TYPE timestamptz USING a AT TIME ZONE 'Europe/Berlin'", Conversion.COMPUTED),
        ("TYPE timestamptz USING a AT TIME ZONE zone", Conversion.COMPUTED),
        ("TYPE timestamptz USING b AT TIME ZONE 'UTC'", Conversion.COMPUTED),
        ("TYPE int USING date_trunc('UTC', a)", Conversion.COMPUTED),
    ],
)
def test_a_retyped_column_says_how_so_that_the_catalog_can_tell_whether_it_loses(
    change: str, conversion: Conversion
) -> None:
    review = review_script(read(f"ALTER TABLE t ALTER a {change}"), Batch.of("app"))
    assert [loss.conversion for loss in review.losses if isinstance(loss, ValuesOf)] == [conversion]


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TYPE e AS ENUM ('x'); ALTER TABLE t ALTER a TYPE e USING (a::text::e); ALTER TYPE e RENAME TO f",
        'CREATE TYPE "x"."E_new" AS ENUM (); ALTER TABLE t ALTER a TYPE "x"."E_new" USING (a::"x"."E_new")',
        "CREATE TYPE e AS ENUM ('x'); ALTER TABLE t ALTER a TYPE app.e[] USING (a::text::app.e[])",
    ],
)
def test_a_text_becomes_the_enumerations_value_or_is_refused(script: str) -> None:
    assert losses(script) == []


@pytest.mark.parametrize(
    "script",
    [
        "ALTER TABLE t ALTER a TYPE e USING a::text::e",
        "CREATE TYPE x.e AS ENUM ('x'); ALTER TABLE t ALTER a TYPE e USING a::text::e",
        "CREATE TYPE e AS (b int); ALTER TABLE t ALTER a TYPE e USING a::text::e",
        "CREATE TYPE e AS ENUM ('x'); ALTER TABLE t ALTER a TYPE e USING lower(a)::e",
        "CREATE TYPE e AS ENUM ('x'); ALTER TABLE t ALTER a TYPE e USING 'x'::e",
        "CREATE TYPE e AS ENUM ('x'); CREATE CAST (text AS e) WITH INOUT; ALTER TABLE t ALTER a TYPE e USING a::e",
        (
            "DO $$ BEGIN CREATE TYPE e AS ENUM ('x'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
            " ALTER TABLE t ALTER a TYPE e USING a::e"
        ),
    ],
)
def test_what_may_be_no_enumeration_or_no_text_may_lose_values(script: str) -> None:
    assert losses(script) == ["values of t.a as e"]


@pytest.mark.parametrize(
    ("script", "asked"),
    [
        ("DROP TABLE t CASCADE", True),
        ("ALTER TABLE t RENAME TO u; DROP TABLE u CASCADE", True),
        ("ALTER TABLE t DROP a CASCADE", True),
        ("DROP FUNCTION f CASCADE", True),
        ("DROP TYPE e CASCADE", True),
        ("DROP EXTENSION citext CASCADE", True),
        ("DROP OPERATOR CLASS o USING btree CASCADE", False),
        ("ALTER TABLE x ALTER a TYPE e; DROP TYPE e CASCADE", False),
        ("ALTER TABLE x OF e; DROP TYPE e CASCADE", False),
        ("ALTER TYPE d RENAME TO e; DROP TYPE e CASCADE", False),
        ("ALTER FUNCTION g RENAME TO f; DROP FUNCTION f CASCADE", False),
        ("SET search_path = x; DROP FUNCTION f CASCADE", False),
        ("CREATE TABLE p (a int); ALTER TABLE t INHERIT p; DROP FUNCTION f CASCADE", False),
    ],
)
def test_the_database_is_asked_what_a_cascade_reaches_where_the_plan_has_not_changed_it(
    script: str, *, asked: bool
) -> None:
    found = review_script(read(script), Batch.of("app")).losses[-1]
    assert isinstance(found, UnknownLoss)
    assert (found.cascade is not None) is asked


def test_each_loss_says_why_and_where() -> None:
    (loss,) = review_script(read("SELECT 1;\n\n  SELECT purge();"), Batch.of("app")).losses
    assert isinstance(loss, UnknownLoss)
    assert loss.position.reference == "3:3"
    assert loss.why == "purge() is not built in and may do anything"


# What the batch made itself is not lost


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE t (a int)",
        "CREATE TEMP TABLE t (a int)",
        "CREATE UNLOGGED TABLE app.t (a int)",
        "CREATE TABLE t AS SELECT 1 AS a",
        "SELECT 1 AS a INTO t",
        "DROP TABLE IF EXISTS u; CREATE TABLE IF NOT EXISTS u (a int); ALTER TABLE u RENAME TO t",
    ],
)  # fmt: skip
def test_rows_of_a_new_table_are_no_loss(made: str) -> None:
    undone = "; DELETE FROM t; UPDATE t SET a = 1; TRUNCATE t; ALTER TABLE t DROP COLUMN a; DROP TABLE t CASCADE"
    assert losses(made + undone) == [loss for loss in losses(made) if "u" in loss]


def test_a_batch_spans_the_scripts_of_a_plan() -> None:
    assert losses("CREATE TABLE t (a int)", "UPDATE t SET a = 1", "DROP TABLE app.t") == []


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TEMP TABLE t (a int)",
        "CREATE TABLE pg_temp.t (a int)",
        "CREATE TEMP TABLE s (a int); ALTER TABLE s RENAME TO t",
        "SET search_path = pg_temp; CREATE TABLE t (a int)",
    ],
)
def test_a_temporary_table_does_not_outlive_its_script(made: str) -> None:
    assert losses(f"{made}; DROP TABLE t") == []
    assert losses(made, "DROP TABLE t") == ["rows of t"]


def test_a_table_that_may_have_existed_counts_as_existing() -> None:
    assert losses("CREATE TABLE IF NOT EXISTS t (a int)", "DELETE FROM t") == ["unknown if t"]
    assert (
        losses("CREATE SCHEMA s; CREATE TABLE IF NOT EXISTS s.t (a int); DELETE FROM s.t; DROP SCHEMA s CASCADE") == []
    )
    assert losses("CREATE SCHEMA IF NOT EXISTS s; DROP SCHEMA s CASCADE") == ["unknown"]


def test_another_schemas_table_of_that_name_is_another_table() -> None:
    assert losses("CREATE TABLE t (a int); DROP TABLE other.t") == ["rows of other.t"]


def test_filling_a_new_column_overwrites_nothing() -> None:
    assert losses("ALTER TABLE t ADD COLUMN a int", "UPDATE t SET a = 1; ALTER TABLE t ALTER a TYPE text, DROP a") == []
    assert losses("ALTER TABLE app.t ADD a int", "UPDATE t SET a = 1, b = 2") == ["unknown if t.b"]
    assert losses("ALTER TABLE t ADD COLUMN IF NOT EXISTS a int", "UPDATE t SET a = 1") == ["unknown if t.a"]


@pytest.mark.parametrize(
    "script",
    [
        'UPDATE t SET "aB" = gen_random_uuid() WHERE "aB" IS NULL',
        "UPDATE t SET a = s.a FROM s WHERE s.id = t.id AND (t.a IS NULL AND s.b > 0)",
        "UPDATE app.t AS x SET (a, b) = (SELECT 1, 2) WHERE x.a IS NULL AND b IS NULL",
        "UPDATE t SET a = coalesce(a, 1), b = coalesce(t.b, now()), c = c",
        "DO $$ BEGIN UPDATE t SET a = 1 WHERE a IS NULL; END $$",
    ],
)
def test_filling_what_is_null_overwrites_nothing(script: str) -> None:
    assert losses(script) == []


@pytest.mark.parametrize(
    "script",
    [
        "UPDATE t SET a = 1 WHERE a IS NULL OR b",
        "UPDATE t SET a = 1 WHERE NOT (a IS NULL)",
        "UPDATE t SET a = 1 WHERE a IS NOT NULL",
        "UPDATE t SET a = 1 WHERE (a IS NULL) IS NOT NULL",
        "UPDATE t SET a = 1 WHERE b IS NULL AND lower(a) IS NULL",
        "UPDATE t SET a = 1 FROM s WHERE s.a IS NULL",
        "UPDATE t AS s SET a = 1 FROM u AS t WHERE t.a IS NULL",
        "UPDATE t SET a = coalesce(b, a)",
        "UPDATE t SET a = coalesce(NULL, a, 1) FROM s",
        "UPDATE t SET a[1] = a",
        "UPDATE t SET a = (SELECT a FROM s WHERE a IS NULL)",
        "INSERT INTO t VALUES (1) ON CONFLICT (b) DO UPDATE SET a = 1",
    ],
)
def test_what_may_be_more_than_filled_is_overwritten(script: str) -> None:
    assert losses(script) == ["unknown if t.a"]


def test_what_was_renamed_is_asked_for_by_its_name_before_the_batch() -> None:
    assert losses("ALTER TABLE t RENAME TO u; DROP TABLE u") == ["rows of t"]
    assert losses("ALTER TABLE t RENAME a TO b", "ALTER TABLE t RENAME b TO c", "ALTER TABLE t DROP c") == [
        "values of t.a"
    ]
    assert losses("ALTER TABLE t SET SCHEMA s; ALTER TABLE s.t RENAME TO u; DELETE FROM s.u") == ["unknown if t"]
    assert losses("ALTER SCHEMA s RENAME TO z; DROP TABLE z.t") == ["rows of s.t"]
    assert losses("ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME a TO b; UPDATE u SET b = 1") == ["unknown if t.a"]


def test_a_table_that_takes_the_name_of_another_is_not_that_one() -> None:
    swap = "CREATE TABLE new (a int); ALTER TABLE t RENAME TO old; ALTER TABLE new RENAME TO t"
    assert losses(swap, "DELETE FROM t; DROP TABLE t") == []
    assert losses(swap, "DROP TABLE old") == ["rows of t"]


def test_a_table_dropped_once_is_lost_once() -> None:
    assert losses("DROP TABLE app.t; CREATE TABLE app.t (a int); DROP TABLE app.t; DROP TABLE IF EXISTS app.t") == [
        "rows of app.t"
    ]


def test_what_the_applications_schema_lacks_is_found_in_public() -> None:
    assert losses("DROP TABLE t; DROP TABLE t") == ["rows of t", "rows of public.t"]
    assert losses("ALTER TABLE t RENAME TO u; DROP TABLE public.u") == ["rows of t"]


def test_a_new_parent_holds_the_rows_of_the_partition_attached_to_it() -> None:
    script = (
        "CREATE TABLE p (a int) PARTITION BY LIST (a); ALTER TABLE p ATTACH PARTITION t FOR VALUES IN (1); DROP TABLE p"
    )
    assert losses(script) == ["rows of t"]


# Names are resolved as the server resolves them


def test_an_unqualified_name_is_left_to_the_databases_search_path() -> None:
    assert losses("DROP TABLE t") == ["rows of t"]
    assert losses("CREATE TABLE app.t (a int); DROP TABLE t") == []


@pytest.mark.parametrize(
    "setting",
    [
        "SET search_path = other",
        "SET search_path TO 'other'",
        "SELECT set_config('search_path', 'other', false)",
        "SELECT pg_catalog.set_config('search_path', '\"other\"', true)",
    ],
)
def test_the_scripts_own_search_path_is_followed(setting: str) -> None:
    assert losses(f"{setting}; DROP TABLE t; DROP TABLE app.u") == ["rows of other.t", "rows of app.u"]
    assert losses(f"{setting}; CREATE TABLE t (a int); DROP TABLE other.t; DROP TABLE app.t") == ["rows of app.t"]
    assert losses(setting, "DROP TABLE t") == ["rows of t"]


def test_with_several_schemas_each_may_hold_the_table() -> None:
    assert losses("SET search_path = a, b; DROP TABLE t") == ["rows of a.t", "rows of b.t"]
    assert losses("SET search_path = a, b; CREATE TABLE t (x int); DROP TABLE b.t") == ["rows of b.t"]


@pytest.mark.parametrize(
    "setting",
    [
        'SET search_path = "$user", public',
        "RESET search_path",
        "SET search_path TO DEFAULT",
        "RESET ALL",
        "DISCARD ALL",
        "SELECT * FROM set_config('search_path', 'other', false)",
        "SELECT set_config(name, 'other', false) FROM settings",
    ],
)
def test_along_a_search_path_that_is_not_known_nobody_can_count(setting: str) -> None:
    assert losses(f"{setting}; DROP TABLE t") == ["unknown"]
    assert losses(f"CREATE TABLE t (a int); {setting}; DROP TABLE t") == ["unknown"]


@pytest.mark.parametrize(
    "setting", ["SET LOCAL search_path = other", "SELECT set_config('search_path', 'other', true)"]
)
def test_what_is_set_for_a_transaction_ends_with_it(setting: str) -> None:
    assert losses(f"BEGIN; {setting}; DROP TABLE t; COMMIT; DROP TABLE t") == ["rows of other.t", "rows of t"]
    assert losses(f"{setting}; CREATE INDEX CONCURRENTLY i ON other.t (a); DROP TABLE t") == ["rows of t"]
