"""What a script first makes in the application's schema, as far as that is certain."""

import pytest

from dbmigrations.postgres.sql.first_made import first_made
from dbmigrations.postgres.sql.script import read


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("CREATE TABLE t (id int);", 1),
        ("INSERT INTO other.t VALUES (1);\nCREATE TABLE app.t (id int);", 2),
        ("CREATE SCHEMA other;\nCREATE TYPE other.e AS ENUM ();\nCREATE TYPE e AS ENUM ();", 3),
        ("CREATE VIEW v AS SELECT 1;", 1),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1;", 1),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1;", 1),
        ("CREATE DOMAIN d AS int;", 1),
        ("CREATE SEQUENCE s;", 1),
        ("SET search_path = other;\nCREATE TABLE t ();\nCREATE TABLE app.t ();", 3),
        ("SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE app.t ();", 2),
        ("BEGIN;\nSET lock_timeout = '1s';\nCREATE TABLE t ();\nCOMMIT;", 3),
    ],
)
def test_the_first_thing_that_is_made_in_the_schema_is_found(script: str, line: int) -> None:
    found = first_made(read(script), "app")
    assert found.statement is not None
    assert (found.statement.position.line, found.is_certain) == (line, True)


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE other.t ();",
        "CREATE TEMP TABLE t ();",
        "CREATE TEMP TABLE t AS SELECT 1;",
        "CREATE INDEX i ON other.t (id);",
        "UPDATE t SET a = 1;",
        "-- nothing",
        "SET search_path = other;\nCREATE TABLE t ();",
    ],
)
def test_where_nothing_is_made_in_it_nothing_is_found(script: str) -> None:
    found = first_made(read(script), "app")
    assert (found.statement, found.is_certain) == (None, True)


@pytest.mark.parametrize(
    "before",
    [
        "CREATE SCHEMA app;",
        'CREATE SCHEMA IF NOT EXISTS "app";',
        "CREATE SCHEMA AUTHORIZATION app;",
        "ALTER SCHEMA old RENAME TO app;",
        "DO $$ BEGIN CREATE SCHEMA app; END $$;",
        "SELECT make_schema('app');",
        "SET ROLE somebody;",
        "SET LOCAL search_path = other;",
        "GRANT CREATE ON SCHEMA app TO me;",
        "SOMETHING NEW;",
    ],
)
def test_behind_what_may_have_made_the_schema_nothing_is_certain(before: str) -> None:
    found = first_made(read(f"{before}\nCREATE TABLE t ();"), "app")
    assert (found.statement, found.is_certain) == (None, False)
