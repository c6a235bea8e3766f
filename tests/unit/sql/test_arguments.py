"""Routines that make the text of an EXECUTE of what they are given: known where the call gives constants."""

import pytest

from tests.unit.sql.reviewing import losses, operations

DROPS = "EXECUTE format('DROP TABLE %s', t);"


def done(*scripts: str) -> list[str]:
    return [f"{each.operation_class}: {each.what}" for each in operations(*scripts)]


def function(body: str, parameters: str = "t text", declared: str = "", name: str = "f", returns: str = "int") -> str:
    return (
        f"CREATE FUNCTION {name}({parameters}) RETURNS {returns} LANGUAGE plpgsql AS "
        f"$f$ DECLARE {declared} BEGIN {body} RETURN 1; END $f$;"
    )


@pytest.mark.parametrize(
    ("parameters", "call"),
    [
        ("t text", "SELECT f('a')"),
        ("t varchar", "SELECT f('a'::text)"),
        ("t name, n int", "SELECT f('a', extract(year FROM now())::int)"),
        ("n int, t text", "SELECT f(t => 'a', n => 1)"),
        ("n int, t text", "SELECT f(7, t := 'a')"),
        ("OUT n int, t text", "SELECT f('a')"),
        ("t text", "SELECT f('a') FROM generate_series(1, 3)"),
    ],
)
def test_what_a_call_gives_as_a_constant_is_known_in_the_body(parameters: str, call: str) -> None:
    body = DROPS if "OUT" not in parameters else f"{DROPS} n := 1;"
    made = function(body, parameters).replace(" RETURN 1;", "" if "OUT" in parameters else " RETURN 1;")
    assert done(made, call)[-1] == "destructive: drop table a"


def test_numbers_and_values_of_an_enumeration_are_given_too() -> None:
    numbered = function("EXECUTE format('DROP TABLE t_%s', n);", "n int")
    assert done(numbered, "SELECT f(7)")[-1] == "destructive: drop table t_7"
    mood = "CREATE TYPE mood AS ENUM ('good'); " + function("EXECUTE 'DROP TABLE t_' || m::text;", "m mood")
    assert done(mood, "SELECT f('good')")[-1] == "destructive: drop table t_good"


@pytest.mark.parametrize(
    ("parameters", "call"),
    [
        ("t text", "SELECT f(current_user)"),
        ("t text", "SELECT f(a) FROM b"),
        ("t text", "SELECT f(NULL)"),
        ("t text", "SELECT f('a' || 'b')"),
        ("t text, n int DEFAULT 1", "SELECT f(n => 2, t => lower('a'))"),
        ("VARIADIC t text[]", "SELECT f('a')"),
        ("t int", "SELECT f('007')"),
        ("t date", "SELECT f('2020-1-1')"),
        ("t char(3)", "SELECT f('a')"),
        ("t own_type", "SELECT f('a')"),
    ],
)
def test_what_is_given_otherwise_is_not_known(parameters: str, call: str) -> None:
    assert done(function(DROPS, parameters), call)[-1].startswith("unknown")


@pytest.mark.parametrize(
    ("body", "declared"),
    [
        (f"t := t || current_user; {DROPS}", ""),
        (f"SELECT a INTO t FROM b; {DROPS}", ""),
        (f"DECLARE t text := current_user; BEGIN {DROPS} END;", ""),
        (f"FOR t IN SELECT a FROM b LOOP {DROPS} END LOOP;", ""),
        (DROPS, "t text := current_user;"),
    ],
)
def test_what_the_body_sets_anew_is_not_what_was_given(body: str, declared: str) -> None:
    assert done(function(body, declared=declared), "SELECT f('a')")[-1].startswith("unknown")


def test_each_call_of_a_statement_counts() -> None:
    made = function(DROPS)
    assert done(made, "SELECT f('a'), f('b'), f('a')") == ["destructive: drop table a", "destructive: drop table b"]
    assert losses(made, "CREATE TABLE a (x int); SELECT f('a'), f('b')") == ["rows of b"]
    pair = function("EXECUTE format('DROP TABLE %s', t); EXECUTE format('DROP VIEW %s', v);", "t text, v text")
    named = "SELECT f(t => 'a', v => 'b'), f(v => 'a', t => 'b')"
    assert {"destructive: drop table a", "destructive: drop table b"} <= set(done(pair, named))


def test_what_one_routine_gives_to_another_is_known_there() -> None:
    inner = function(DROPS, name="g")
    outer = function("PERFORM g(s); PERFORM g(lower('B'));", "s text")
    assert done(inner, outer, "SELECT f('a')")[-1].startswith("unknown")
    outer = function("p := lower(s || '_X'); PERFORM g(p); CALL h();", "s text", "p text;").replace("CALL h();", "")
    assert done(inner, outer, "SELECT f('a')")[-1] == "destructive: drop table a_x"
    each = function("FOREACH p IN ARRAY ARRAY['a', 'b'] LOOP PERFORM g(p); END LOOP;", "s text", "p text;")
    assert done(inner, each, "SELECT f('x')") == ["destructive: drop table a", "destructive: drop table b"]
    column = function("PERFORM g(s) FROM b;", "s text")
    assert done(inner, column, "SELECT f('a')")[-1].startswith("unknown")


def test_a_loop_that_only_calls_is_followed_for_some_rounds_and_read_once_beyond() -> None:
    inner = function("EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);", name="g")
    outer = function("PERFORM g(t);", name="h")
    many = ", ".join(f"'t{number}'" for number in range(60))
    loop = function(f"FOREACH p IN ARRAY ARRAY[{many}] LOOP PERFORM h(p); END LOOP;", "s text", "p text;")
    assert done(inner, outer, loop, "SELECT f('x')") == ["restricting: enable row security on <any>"]


def test_partitions_made_by_a_helper_are_additive() -> None:
    body = """
        SELECT to_char(day, 'YYYYMMDD') INTO digits;
        SELECT lower(format('%s_%s', t, digits)) INTO part;
        IF to_regclass(part) IS NULL THEN
            EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING INDEXES)', part, t);
            EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', t, part, day, day + 1);
        END IF;"""
    helper = function(body, "t text, day date", "digits text; part text;")
    parent = "CREATE TABLE log (at date) PARTITION BY RANGE (at); CREATE TABLE seen (at date) PARTITION BY RANGE (at);"
    calls = "SELECT f('log', CURRENT_DATE); SELECT f('log', CURRENT_DATE + 1); SELECT f('seen', CURRENT_DATE)"
    found = done(parent, helper, calls)
    assert {"additive: create table <any>", "additive: attach partition <any> to log"} <= set(found)
    assert all(each.startswith("additive: ") for each in found)
    assert losses(parent, helper, calls) == []
    assert losses(parent, helper, calls, "DROP TABLE log") == ["unknown"]
