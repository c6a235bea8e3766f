"""DO blocks and routines of the same plan: known where each of their statements is, unknown where one is not."""

import pytest

from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.dynamic import text_of
from tests.unit.sql.reviewing import losses, operations

UNKNOWN = OperationClass.UNKNOWN


def done(*scripts: str) -> list[str]:
    return [f"{each.operation_class}: {each.what}" for each in operations(*scripts)]


def block(body: str, declared: str = "") -> str:
    return f"DO $do$ {declared} BEGIN {body} END $do$"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", []),
        ("RAISE NOTICE 'x %', now(); PERFORM 1; RETURN;", []),
        (
            "CREATE TYPE e AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL;",
            ["additive: create type e"],
        ),
        (
            "IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'e') THEN CREATE TYPE e AS ENUM ('a'); END IF;",
            ["additive: create type e"],
        ),
        (
            "IF a THEN DROP TABLE t; ELSIF b THEN TRUNCATE t; ELSE DELETE FROM t; END IF;",
            ["destructive: drop table t", "destructive: truncate t", "destructive: delete from t"],
        ),
        ("CASE 1 WHEN 1 THEN DROP TABLE t; ELSE NULL; END CASE;", ["destructive: drop table t"]),
        ("FOR r IN SELECT id FROM u LOOP DELETE FROM t WHERE id = r.id; END LOOP;", ["data: delete from t"]),
        ("FOR i IN 1..3 LOOP INSERT INTO t VALUES (i); END LOOP;", ["data: insert into t"]),
        ("WHILE x < 3 LOOP x := x + 1; EXIT WHEN x = 2; END LOOP; DROP TABLE t;", ["destructive: drop table t"]),
        ("SELECT count(*) INTO x FROM t; UPDATE t SET a = x RETURNING a INTO x;", ["data: update t"]),
        ("EXECUTE 'DROP TABLE t';", ["destructive: drop table t"]),
        ("EXECUTE 'DROP TABLE a; DROP TABLE b';", ["destructive: drop table a", "destructive: drop table b"]),
        ("EXECUTE format('DROP INDEX %I.%I', 'app', 'i');", ["restricting: drop index app.i"]),
        ("EXECUTE 'GRANT SELECT ON t TO ' || quote_ident(current_user);", ["widening: grant"]),
        ("FOR r IN SELECT 1 LOOP EXECUTE format('DROP TABLE %I', r.a); END LOOP;", ["destructive: drop table <any>"]),
        ("EXECUTE 'DROP TABLE p_' || to_char(now(), 'YYYY');", ["destructive: drop table <any>"]),
        ("BEGIN DROP TABLE a; EXCEPTION WHEN others THEN DROP TABLE b; END;",
         ["destructive: drop table a", "destructive: drop table b"]),
    ],
)  # fmt: skip
def test_what_a_block_does_is_read_statement_by_statement(body: str, expected: list[str]) -> None:
    assert done(block(body, "DECLARE r record; x int := 0; a bool; b bool;")) == expected


@pytest.mark.parametrize("levels", [60, 300, 600, 1500])
def test_a_block_that_is_nested_too_deeply_is_unknown(levels: int) -> None:
    (found,) = operations(block("IF a THEN " * levels + "DROP TABLE t;" + " END IF;" * levels, "DECLARE a bool;"))
    assert found.operation_class is UNKNOWN
    assert "nested" in found.why


def test_a_block_of_many_levels_is_read() -> None:
    body = "IF a THEN " * 40 + "DROP TABLE t;" + " END IF;" * 40
    assert done(block(body, "DECLARE a bool;")) == ["destructive: drop table t"]


@pytest.mark.parametrize(
    "body",
    [
        "EXECUTE x;",
        "EXECUTE 'DROP TABLE ' || x;",
        "EXECUTE format('DROP TABLE %s', x);",
        "EXECUTE format('DROP TABLE %10I', 'x');",
        "EXECUTE (SELECT string_agg(a, ';') FROM t);",
        "FOR r IN EXECUTE x LOOP NULL; END LOOP;",
        "PERFORM f();",
        "x := f();",
        "IF f() THEN NULL; END IF;",
        "CALL p();",
        "RAISE NOTICE '%', f();",
        "ROLLBACK;",
        "SELEC 1;",
        "EXECUTE 'SELECT f()';",
        "RETURN QUERY SELECT 1;",
        "DO $x$ BEGIN PERFORM f(); END $x$;",
    ],
)
def test_one_statement_that_is_not_understood_makes_the_whole_unknown(body: str) -> None:
    script = block(f"CREATE TABLE n (a int); {body}", "DECLARE x text; r record;")
    assert UNKNOWN in {each.operation_class for each in operations(script)}
    assert "unknown" in losses(script)


def test_a_default_and_a_cursor_are_evaluated_too() -> None:
    assert done(block("NULL;", "DECLARE x int := f();")) == ["unknown: call f()"]
    assert done(block("OPEN c;", "DECLARE c CURSOR FOR SELECT f();")) == ["unknown: call f()"]


@pytest.mark.parametrize("declared", ["a t.b%TYPE", "a app.t%ROWTYPE", "a app.kind := 'x'", "a text[]", "a app.t[]"])
def test_types_that_the_parser_does_not_know_do_not_matter(declared: str) -> None:
    assert done(block("DROP TABLE t;", f"DECLARE {declared};")) == ["destructive: drop table t"]


def test_the_text_of_a_constant_is_known_and_that_of_a_variable_is_not() -> None:
    assert done(block("EXECUTE s;", "DECLARE s CONSTANT text := 'DROP TABLE t';")) == ["destructive: drop table t"]
    assert done(block("EXECUTE s;", "DECLARE s text := 'DROP TABLE t';")) == ["destructive: drop table t"]
    shadowed = "DECLARE s text := current_user; BEGIN EXECUTE s; END;"
    assert done(block(shadowed, "DECLARE s CONSTANT text := 'SELECT 1';"))[0].startswith("unknown")


# Names


def test_what_a_block_surely_made_is_not_existing() -> None:
    assert losses(block("CREATE TABLE n (a int); DROP TABLE n;")) == []
    assert losses(block("CREATE TABLE n (a int);") + "; DROP TABLE n") == []


@pytest.mark.parametrize(
    "body",
    [
        "IF a THEN CREATE TABLE n (a int); END IF;",
        "IF a THEN RETURN; END IF; CREATE TABLE n (a int);",
        "BEGIN CREATE TABLE n (a int); EXCEPTION WHEN others THEN NULL; END;",
        "FOR i IN 1..x LOOP CREATE TABLE n (a int); END LOOP;",
        "EXECUTE format('CREATE TABLE %I (a int)', x);",
    ],
)
def test_what_it_perhaps_made_is(body: str) -> None:
    script = block(body, "DECLARE a bool; x int;")
    assert losses(f"{script}; DROP TABLE n") == ["rows of n"]
    assert done(f"{script}; DROP TABLE n")[-1] == "destructive: drop table n"


def test_a_table_of_any_name_may_be_one_that_exists() -> None:
    script = block(
        "EXECUTE format('CREATE TABLE %I (a int)', x); EXECUTE format('DROP TABLE %I', x);", "DECLARE x text;"
    )
    assert losses(script) == ["unknown"]
    assert done(script) == ["additive: create table <any>", "destructive: drop table <any>"]


def test_a_rename_is_followed_where_it_surely_happened() -> None:
    assert losses(block("ALTER TABLE t RENAME TO n;") + "; DROP TABLE n") == ["rows of t"]


@pytest.mark.parametrize(
    "body",
    [
        "IF a THEN ALTER TABLE t RENAME TO n; END IF;",
        "IF a THEN SET search_path = other; END IF;",
        "FOR i IN 1..2 LOOP DROP TABLE IF EXISTS n; ALTER TABLE t RENAME TO n; END LOOP;",
        "EXECUTE format('ALTER TABLE %I RENAME TO n', x);",
    ],
)
def test_where_it_perhaps_happened_nothing_is_known_of_names(body: str) -> None:
    """Neither that `n` was made before, nor how many rows it has."""
    script = f"CREATE TABLE n (a int); {block(body, 'DECLARE a bool; x text;')}; DROP TABLE n"
    assert losses(script)[-1] == "unknown"
    assert done(script)[-1] == "destructive: drop table n"


# Routines

SQL = "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM t WHERE a'"
PLPGSQL = (
    "CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t WHERE b = a; RETURN 1; END $$"
)


@pytest.mark.parametrize(
    ("made", "called"),
    [
        (SQL, "SELECT f()"),
        (SQL, "SELECT app.f() FROM u"),
        (SQL, block("PERFORM f();")),
        (PLPGSQL, "SELECT f(1)"),
        (PLPGSQL, "INSERT INTO t SELECT f(2)"),
        (
            PLPGSQL.replace("RETURNS int", "RETURNS SETOF int").replace("RETURN 1", "RETURN NEXT 1"),
            "SELECT * FROM f(1)",
        ),
        ("CREATE PROCEDURE f() LANGUAGE plpgsql AS 'BEGIN DELETE FROM t WHERE a; END'", "CALL f()"),
        ("CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM t WHERE a; END", "SELECT f()"),
        ("CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM t WHERE a'", "SELECT f()"),
    ],
)
def test_a_routine_of_the_plan_is_looked_into_where_it_is_called(made: str, called: str) -> None:
    assert "data: delete from t" in done(made, called)
    assert UNKNOWN not in {each.operation_class for each in operations(made, called)}
    assert losses(made, called) == ["unknown if t"]


@pytest.mark.parametrize(
    ("made", "called"),
    [
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT g()'", "SELECT f()"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT f()'", "SELECT f()"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x', 'y'", "SELECT f()"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE plperl AS 'x'", "SELECT f()"),
        (SQL, "SELECT other.f()"),
        (f"{SQL}; ALTER FUNCTION f() SET search_path = other", "SELECT f()"),
        (f"{SQL}; ALTER FUNCTION f() RENAME TO g", "SELECT g()"),
        (block(f"IF a THEN {SQL}; END IF;", "DECLARE a bool;"), "SELECT f()"),
    ],
)
def test_one_that_is_not_surely_that_is_unknown(made: str, called: str) -> None:
    assert UNKNOWN in {each.operation_class for each in operations(made, called)}


def test_calls_are_followed_three_deep_and_no_farther() -> None:
    def f(number: int) -> str:
        inner = (
            f"SELECT f{number - 1}(), f{number - 1}(); SELECT f{number - 1}()" if number else "DELETE FROM t WHERE a"
        )
        return f"CREATE FUNCTION f{number}() RETURNS void LANGUAGE sql AS '{inner}'"

    made = "; ".join(map(f, range(40)))
    assert set(done(f"{made}; SELECT f2()")[40:]) == {"data: delete from t"}
    assert {each.partition(":")[0] for each in done(f"{made}; SELECT f39()")[40:]} == {"unknown"}


def test_the_search_path_of_a_function_is_that_of_its_body() -> None:
    function = "CREATE FUNCTION f() RETURNS void LANGUAGE sql SET search_path = other AS 'DELETE FROM t'"
    made = f"CREATE TABLE t (a int); {function}"
    assert done(f"{made}; SELECT f()")[-1] == "destructive: delete from t"
    assert losses(f"{made}; SELECT f()") == ["unknown if other.t"]


# Variables whose text is known


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("s := format('DROP TABLE %I', x); EXECUTE s;", ["destructive: drop table <any>"]),
        ("s = 'DROP VIEW ' || quote_ident(x); RAISE NOTICE '%', s; EXECUTE S;", ["restricting: drop view <any>"]),
        ("IF x = 'a' THEN s := 'DROP TABLE a'; ELSE s := 'DROP TABLE b'; END IF; EXECUTE s;",
         ["destructive: drop table a", "destructive: drop table b"]),
        ("FOR r IN SELECT 1 LOOP s := format('TRUNCATE %I', r.a); EXECUTE s; END LOOP;",
         ["destructive: truncate <any>"]),
    ],
)  # fmt: skip
def test_execute_of_a_variable_runs_what_was_assigned_to_it(body: str, expected: list[str]) -> None:
    assert done(block(body, "DECLARE s text; x text; r record;")) == expected


@pytest.mark.parametrize(
    "body",
    [
        "s := 'DROP TABLE a'; s := s || x; EXECUTE s;",
        "s := 'DROP TABLE a'; SELECT x INTO s; EXECUTE s;",
        "s := 'DROP TABLE a'; EXECUTE 'SELECT 1' INTO s; EXECUTE s;",
        "s := 'DROP TABLE a'; FOR s IN SELECT 1 LOOP EXECUTE s; END LOOP;",
        "s := 'DROP TABLE a'; FOREACH s IN ARRAY ARRAY[x] LOOP EXECUTE s; END LOOP;",
        "s := 'DROP TABLE a'; GET DIAGNOSTICS s = PG_CONTEXT; EXECUTE s;",
        "s := 'DROP TABLE a'; CALL p(s); EXECUTE s;",
        "s := 'DROP TABLE a'; DECLARE s text := x; BEGIN EXECUTE s; END;",
        "UPDATE t SET a = 1 RETURNING a INTO s; EXECUTE s;",
        "EXECUTE s;",
    ],
)
def test_execute_of_a_variable_that_is_set_otherwise_is_unknown(body: str) -> None:
    assert done(block(body, "DECLARE s text; x text;"))[-1].startswith("unknown")


def test_execute_of_what_the_caller_gives_is_unknown() -> None:
    body = "BEGIN IF a THEN s := 'DROP TABLE t'; END IF; EXECUTE s; END"
    function = f"CREATE FUNCTION f(s text, a bool) RETURNS void LANGUAGE plpgsql AS $${body}$$;"
    assert done(f"{function} SELECT f('x', false)")[-1].startswith("unknown")


# The text of EXECUTE


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("'a'", "a"),
        ("'a' || 'b' || 'c'", "abc"),
        ("E'a\\nb'", "a\nb"),
        ("format('a %I %L %s %%', 'x', 'y', 'z')", "a \"x\" 'y' z %"),
        ("format('%2$I %1$I', 'x', 'y')", '"y" "x"'),
        ("format('%I', q.a)", '"<any>"'),
        ("format('DROP TABLE a.log_%s', to_char(d, 'YYYY_MM'))", 'DROP TABLE a."<any>"'),
        ("'DROP TABLE \"log ' || to_char(d, 'FMYYYYMMDD') || '\", b'", 'DROP TABLE "<any>", b'),
        ("format('CREATE TABLE %I (a int)', 'log_' || to_char(d, 'IYYYIW'))", 'CREATE TABLE "<any>" (a int)'),
        ("concat('SET x = ', to_char(d, 'HH24MISS'), ', ''y', to_char(d, 'Q'), '''')", "SET x = 0, 'y<any>'"),
        ("format('%L', 'it''s')", "'it''s'"),
        ("format('%I', 'a\"b')", '"a""b"'),
        ("quote_ident(x) || quote_literal(y)", "\"<any>\"'<any>'"),
        ("concat('a', quote_ident(x))", '"<any>"'),
        ("format('DROP INDEX idx_%I_key', x)", 'DROP INDEX "<any>"'),
        ("format('DROP INDEX IDX_%I_%I', 'a', 'b')", 'DROP INDEX "idx_a_b"'),
        ("format('DROP INDEX idx_%I', 'A')", None),
        ("format('DROP INDEX %I.%I', 'A', 'b')", 'DROP INDEX "A"."b"'),
        ("format('%s', x)", None),
        ("format('%s', true)", None),
        ("concat('a', 1e3)", None),
        ("concat('a', b'1')", None),
        ("concat('a', 'bc'::varchar(1))", None),
        ("concat('a', 7, 'b'::varchar)", "a7b"),
        ("'DROP TABLE log_' || to_char(d, 'Month')", None),
        ("'DROP TABLE log_' || to_char(d, 'YYYY MM')", None),
        ("'DROP TABLE log_' || to_char(d, f)", None),
        ("'DROP TABLE log_' || mine.to_char(d, 'YYYY')", None),
        (r"'SELECT E''\'', log_' || to_char(d, 'YYYY')", None),
        ("format('%I')", None),
        ("format('%5s', 'x')", None),
        ("format(x, 'a')", None),
        ("format('%s', VARIADIC a)", None),
        ("my.format('a')", None),
        ("x", None),
        ("1", "1"),
        ("NULL", None),
    ],
)
def test_the_text_is_known_but_for_names_and_values(expression: str, text: str | None) -> None:
    assert text_of(expression) == text
