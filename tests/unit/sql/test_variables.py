"""What a variable of a body holds where it is read, or may hold: then the text of an EXECUTE is one of several."""

import pytest

from tests.unit.sql.reviewing import losses, operations

MADE = "CREATE TABLE t_new (a int);"


def done(body: str, declared: str) -> list[str]:
    script = f"DO $do$ DECLARE {declared} BEGIN {body} END $do$"
    return [f"{each.operation_class}: {each.what}" for each in operations(MADE, script)]


@pytest.mark.parametrize(
    ("body", "declared"),
    [
        ("EXECUTE format('DROP TABLE t%s', s);", "s text := '_new';"),
        ("s := '_new'; EXECUTE format('DROP TABLE t%s', s);", "s text;"),
        ("s := '_new'; IF a THEN EXECUTE concat('DROP TABLE t', s); END IF;", "s text; a bool;"),
        ("IF a THEN s := '_new'; EXECUTE concat('DROP TABLE t', S); END IF;", "s text; a bool;"),
        ("s := '_new'; q := format('DROP TABLE t%s', s); EXECUTE q;", "s text; q text;"),
        ("SELECT lower('_NEW') INTO s; EXECUTE concat('DROP TABLE t', s);", "s text;"),
        ("SELECT INTO s '_new'; SELECT format('DROP TABLE t%s', s) INTO q; EXECUTE q;", "s text; q text;"),
        ("BEGIN s := '_new'; EXECUTE concat('DROP TABLE t', s); EXCEPTION WHEN OTHERS THEN NULL; END;", "s text;"),
    ],
)
def test_a_variable_that_is_set_before_it_is_read_has_one_value(body: str, declared: str) -> None:
    assert done(body, declared) == ["additive: drop table t_new"]


@pytest.mark.parametrize(
    "body",
    [
        "IF a THEN s := '_new'; END IF; EXECUTE format('DROP TABLE t%s', s);",
        "EXECUTE concat('DROP TABLE t', s); s := '_new';",
        "LOOP EXECUTE concat('DROP TABLE t', s); s := '_new'; END LOOP;",
        "WHILE s IS NULL LOOP s := '_new'; END LOOP; EXECUTE concat('DROP TABLE t', s);",
        "IF a THEN s := '_new'; ELSE EXECUTE concat('DROP TABLE t', s); END IF;",
        "CASE WHEN a THEN s := '_new'; END CASE; EXECUTE concat('DROP TABLE t', s);",
        "BEGIN PERFORM f(); s := '_new'; EXCEPTION WHEN OTHERS THEN EXECUTE concat('DROP TABLE t', s); END;",
        "<<b>> BEGIN EXIT b WHEN a; s := '_new'; END; EXECUTE concat('DROP TABLE t', s);",
        "IF a THEN s := '_new'; END IF; q := format('DROP TABLE t%s', s); EXECUTE q;",
        "s := '_new' FROM u WHERE a; EXECUTE concat('DROP TABLE t', s);",
        "s := '_new' LIMIT 0; EXECUTE concat('DROP TABLE t', s);",
        "SELECT '_new' INTO s FROM u; EXECUTE concat('DROP TABLE t', s);",
        "SELECT '_new' INTO s WHERE a; EXECUTE concat('DROP TABLE t', s);",
        "SELECT '_new', 1 INTO s, q; EXECUTE concat('DROP TABLE t', s);",
        "SELECT '_new' INTO s; FETCH c INTO s; EXECUTE concat('DROP TABLE t', s);",
        "SELECT '_new' INTO s; SELECT q INTO s; EXECUTE concat('DROP TABLE t', s);",
        "SELECT '_new' INTO s; FOR s IN SELECT 'x' LOOP EXECUTE concat('DROP TABLE t', s); END LOOP;",
        "SELECT '_new' UNION SELECT 'x' INTO s; EXECUTE concat('DROP TABLE t', s);",
    ],
)
def test_one_that_may_not_have_been_set_is_not_known(body: str) -> None:
    """It is NULL then, and format() and concat() make nothing of NULL: the table is `t`."""
    assert done(body, "s text; q text; a bool; c refcursor;")[-1].startswith("unknown")


def test_what_a_loop_sets_is_known_within_that_loop_only() -> None:
    inside = "FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP s := 'DROP TABLE ' || t; EXECUTE s; END LOOP;"
    assert done(inside, "s text; t text;") == ["destructive: drop table a", "destructive: drop table b"]
    behind = (
        "FOREACH t IN ARRAY ARRAY['a'] LOOP s := 'DROP TABLE ' || t; END LOOP; "
        "FOREACH t IN ARRAY ARRAY['t_new'] LOOP EXECUTE s; END LOOP;"
    )
    assert done(behind, "s text; t text;") == ["unknown: run a DO block"]
    selected = behind.replace("s := 'DROP TABLE ' || t", "SELECT 'DROP TABLE ' || t INTO s")
    assert done(selected, "s text; t text;") == ["unknown: run a DO block"]
    before = "FOREACH t IN ARRAY ARRAY['_new'] LOOP EXECUTE s; END LOOP;"
    assert done(before, "t text; s text := concat('DROP TABLE t', t);")[-1] == "unknown: run a DO block"
    listed = (
        "FOREACH t IN ARRAY ARRAY['a'] LOOP n := ARRAY[t]; END LOOP; FOREACH t IN ARRAY ARRAY['t_new'] LOOP "
        "FOREACH u IN ARRAY n LOOP EXECUTE 'DROP TABLE ' || u; END LOOP; END LOOP;"
    )
    assert done(listed, "t text; u text; n text[];")[-1] == "unknown: run a DO block"


def test_a_table_that_existed_is_not_taken_for_one_of_the_plan() -> None:
    body = "IF now() < '2000-01-01' THEN s := '_new'; END IF; EXECUTE concat('DROP TABLE t', s);"
    assert losses(MADE, f"DO $do$ DECLARE s text; BEGIN {body} END $do$") == ["unknown"]


@pytest.mark.parametrize(
    "declared",
    [
        "d text := to_char(now(), 'YYYYMM'); s text := 'log_' || d;",
        "d text := to_char(now(), 'YYYY'); s text := concat('log_', d, '_old');",
        "d text := quote_ident(current_user); s text := 'log_' || d;",
    ],
)
@pytest.mark.parametrize("drop", ["'DROP TABLE ' || s", "format('DROP TABLE %s', s)", "format('DROP TABLE %I', s)"])
def test_of_a_name_with_digits_that_are_not_known_nothing_is_known(declared: str, drop: str) -> None:
    assert done(f"EXECUTE {drop};", declared) == ["destructive: drop table <any>"]
