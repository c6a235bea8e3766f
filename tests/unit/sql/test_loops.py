"""EXECUTE in loops over what the body itself writes out: each round is read by itself."""

import pytest

from tests.unit.sql.reviewing import losses, operations


def block(body: str, declared: str) -> str:
    return f"DO $do$ DECLARE {declared}; BEGIN {body} END $do$"


def each_of(head: str, body: str, declared: str = "t text") -> list[str]:
    script = block(f"{head} LOOP {body} END LOOP;", declared)
    return [f"{each.operation_class}: {each.what}" for each in operations(script)]


@pytest.mark.parametrize(
    ("head", "declared"),
    [
        ("FOREACH t IN ARRAY ARRAY['a', 'b']", "t text"),
        ("FOREACH t IN ARRAY ARRAY['a', 'b']::text[]", "t varchar"),
        ("FOREACH t IN ARRAY names", "t text; names text[] := ARRAY['a', 'b']"),
        ("FOREACH t IN ARRAY names", "names CONSTANT text[] := ARRAY[first, 'b']; first text := 'a'; t text"),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        "EXECUTE format('DROP TABLE %I', t);",
        "EXECUTE format('DROP TABLE %s', T);",
        "EXECUTE 'DROP TABLE ' || t;",
        "IF to_regclass(t) IS NOT NULL THEN EXECUTE 'DROP TABLE ' || quote_ident(t); END IF;",
        "s := 'DROP TABLE ' || t; EXECUTE s;",
    ],
)
def test_a_loop_over_an_array_that_is_written_out_is_followed_round_by_round(
    head: str, declared: str, body: str
) -> None:
    if "first" in declared:
        declared = "first text := 'a'; names CONSTANT text[] := ARRAY[first, 'b']; t text"
    assert each_of(head, body, f"{declared}; s text") == ["destructive: drop table a", "destructive: drop table b"]


def test_a_loop_over_numbers_is_followed_round_by_round() -> None:
    body = "EXECUTE 'CREATE TABLE p_' || i || '_' || last || ' (a int)';"
    assert each_of("FOR i IN 1..last", body, "last int := 2") == [
        "additive: create table p_1_2",
        "additive: create table p_2_2",
    ]
    assert each_of("FOR i IN 1..2", "EXECUTE 'DROP TABLE p_' || i;", "i int := 7") == [
        "destructive: drop table p_1",
        "destructive: drop table p_2",
    ]
    twice = "EXECUTE 'DROP TABLE p_' || i; END LOOP; FOR i IN 8..8 LOOP EXECUTE 'DROP TABLE q_' || i;"
    assert each_of("FOR i IN 1..1", twice) == ["destructive: drop table p_1", "destructive: drop table q_8"]
    nested = "FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP EXECUTE format('DROP TABLE %s_%s', t, i); END LOOP;"
    assert each_of("FOR i IN 0..1", nested) == [
        f"destructive: drop table {each}" for each in ("a_0", "b_0", "a_1", "b_1")
    ]


@pytest.mark.parametrize(
    ("head", "body", "declared"),
    [
        ("FOREACH t IN ARRAY ARRAY['a', current_user]", "EXECUTE 'DROP TABLE ' || t;", "t text"),
        ("FOREACH t IN ARRAY names", "EXECUTE 'DROP TABLE ' || t;", "t text; names text[] := string_to_array(x, ',')"),
        ("FOREACH t IN ARRAY ARRAY['a']", "t := t || current_user; EXECUTE 'DROP TABLE ' || t;", "t text"),
        ("FOREACH t IN ARRAY ARRAY['a']", "SELECT b INTO t FROM c; EXECUTE 'DROP TABLE ' || t;", "t text"),
        ("FOREACH t IN ARRAY ARRAY['2020-1-1']", "EXECUTE 'DROP TABLE t_' || t;", "t date"),
        ("FOREACH t IN ARRAY ARRAY['01']", "EXECUTE 'DROP TABLE t_' || t;", "t int"),
        ("FOREACH t IN ARRAY ARRAY['ab']::varchar(1)[]", "EXECUTE 'DROP TABLE t_' || t;", "t text"),
        ("FOREACH t IN ARRAY ARRAY['1']::date[]", "EXECUTE 'DROP TABLE t_' || t;", "t text"),
        ("FOR i IN n..9", "EXECUTE 'DROP TABLE t_' || i;", "n int := extract(year FROM now())"),
        ("FOR i IN -1..n", "EXECUTE 'DROP TABLE t_' || i;", "n int := extract(year FROM now())"),
        ("FOR i IN REVERSE 9..n", "EXECUTE 'DROP TABLE t_' || i;", "n int := extract(year FROM now())"),
        ("FOR i IN 1..9 BY 2", "EXECUTE 'DROP TABLE t_' || i;", "n int"),
        ("FOR i IN 1..9", "DECLARE i text := now(); BEGIN EXECUTE 'DROP TABLE t_' || i; END;", "n int"),
        ("FOR i IN 1..9", "DECLARE i int := 3; BEGIN EXECUTE 'DROP TABLE t_' || i; END;", "n int"),
        ("FOR i IN 1..9", "DECLARE i int; BEGIN i := 3; EXECUTE 'DROP TABLE t_' || i; END;", "n int"),
        ("FOR i IN 1..9", "\nDECLARE i int := 3; BEGIN EXECUTE 'DROP TABLE t_' || i; END;", "n int"),
        ("FOR i IN 1..2", "FOR i IN 3..n LOOP EXECUTE 'DROP TABLE t_' || i; END LOOP;", "n int := random()"),
        ("FOR i IN 1..9", "i := i + 1; EXECUTE 'DROP TABLE t_' || i;", "n int"),
        ("FOR i IN 1..2", "EXECUTE 'DROP TABLE ' || d;", "d date := '2020-1-1'"),
        ("FOR i IN 1..2", "EXECUTE 'DROP TABLE ' || d; d := 'b';", "d text := 'a'"),
    ],
)
def test_where_the_values_of_a_loop_are_not_known_its_texts_are_not(head: str, body: str, declared: str) -> None:
    (found,) = each_of(head, body, declared)
    assert found.startswith("unknown")


def test_what_a_loop_makes_round_by_round_is_made() -> None:
    made = "FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP EXECUTE format('CREATE TABLE %I (x int)', t); END LOOP;"
    assert losses(block(made, "t text") + "; DROP TABLE a, b") == []
    left = made.replace("EXECUTE", "EXIT WHEN t = 'b'; EXECUTE")
    assert losses(block(left, "t text") + "; DROP TABLE b") == ["rows of b"]


@pytest.mark.parametrize("head", ["FOR i IN 0..n - 1", "FOR i IN 1..n", "FOR i IN 1..5000"])
def test_a_counter_that_goes_up_from_a_known_number_is_digits(head: str) -> None:
    drop = "EXECUTE format('DROP TABLE %I', 't_' || i);"
    assert each_of(head, drop, "n int := extract(year FROM now())") == ["destructive: drop table <any>"]
    attach = "EXECUTE format('ALTER TABLE p ATTACH PARTITION %I FOR VALUES WITH (MODULUS 4, REMAINDER %s)', t, i);"
    assert each_of(head, attach, "n int := random(); t text := now()") == ["additive: attach partition <any> to p"]
    assert losses(block("CREATE TABLE t_0 (a int); " + head + " LOOP " + drop + " END LOOP;", "n int := random()")) == [
        "unknown"
    ]
