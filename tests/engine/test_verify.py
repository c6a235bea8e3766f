"""Assertions: each statement returns one row, one column, true; and nothing is broken that was whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.verify import Finding, broken_objects, newly_broken, run_assertions
from tests.engine.releases import assertion

if TYPE_CHECKING:
    from tests.engine.databases import Database


def test_assertions_that_hold_find_nothing(database: Database) -> None:
    with database.session(row_security=False) as session:
        scripts = [assertion("one", "SELECT true;\nSELECT 1 = 1;"), assertion("two", "SELECT NOT false")]
        assert run_assertions(session, scripts) == ()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT false", "is false"),
        ("SELECT NULL::boolean", "is null"),
        ("SELECT 1", "something other than true or false"),
        ("SELECT true, true", "one row with one column"),
        ("SELECT true WHERE false", "0 rows"),
        ("SELECT true FROM generate_series(1, 3)", "more than one row"),
        ("SET search_path = public", "returns no rows"),
        ("CREATE TABLE t (id int)", "read-only transaction"),
        ("SELECT missing", "column .missing. does not exist"),
        ("SELECT (", "."),
    ],
)
def test_an_assertion_that_does_not_hold_is_named_with_its_place(
    database: Database, statement: str, message: str
) -> None:
    with database.session(row_security=False) as session:
        (found,) = run_assertions(session, [assertion("broken", f"SELECT true;\n\n{statement};\n")])
    assert found.where.startswith("migrations/verify/broken.sql:3:")
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(found.message)


def test_every_assertion_is_looked_at_after_one_that_fails(database: Database) -> None:
    scripts = [assertion("one", "SELECT false;\nSELECT wrong;"), assertion("two", "SELECT true;\nSELECT false;")]
    with database.session(row_security=False) as session:
        assert [found.where for found in run_assertions(session, scripts)] == [
            "migrations/verify/one.sql:1:1",
            "migrations/verify/one.sql:2:8",
            "migrations/verify/two.sql:2:1",
        ]


def test_a_file_without_an_assertion_is_no_assertion(database: Database) -> None:
    with database.session(row_security=False) as session:
        (found,) = run_assertions(session, [assertion("empty", "-- to be written\n")])
    assert "holds no assertion" in found.message


def test_what_an_assertion_sets_does_not_reach_the_next(database: Database) -> None:
    first = assertion("first", "SELECT set_config('search_path', 'nowhere', false) = 'nowhere';")
    second = assertion("second", "SELECT current_setting('search_path') <> 'nowhere';")
    with database.session(row_security=False) as session:
        assert run_assertions(session, [first, second]) == ()


def test_an_assertion_never_passes_on_rows_that_a_policy_hides(database: Database) -> None:
    database.run(
        "CREATE TABLE t (id int)",
        "INSERT INTO t VALUES (1)",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE t FORCE ROW LEVEL SECURITY",
        "CREATE POLICY nobody ON t USING (false)",
        user=database.owner,
    )
    script = assertion("none", "SELECT NOT EXISTS (SELECT FROM t);")
    with database.session(row_security=False) as session:
        (found,) = run_assertions(session, [script])
    assert "row-level security" in found.message
    assert "BYPASSRLS" in found.message
    with database.session(row_security=True) as session:
        assert run_assertions(session, [script]) == ()


def test_an_invalid_index_and_a_constraint_that_is_not_valid_are_found(database: Database) -> None:
    database.run("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1), (1)", user=database.owner)
    with database.session() as session:
        known = broken_objects(session)
        assert known == ()
    with database.connect(database.owner) as connection:
        with pytest.raises(Exception, match="could not create unique"):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id)")
        connection.execute("ALTER TABLE t ADD CONSTRAINT positive CHECK (id > 0) NOT VALID")
    with database.session() as session:
        found = newly_broken(session, known)
        assert [finding.where for finding in found] == [
            "INVALID index public.t_id",
            "NOT VALID constraint positive of public.t",
        ]
        assert newly_broken(session, broken_objects(session)) == ()


def test_a_constraint_that_is_not_enforced_is_not_broken(database: Database) -> None:
    if database.server.major < 18:
        database.run("CREATE TABLE t (id int CHECK (id > 0))", user=database.owner)
    else:
        database.run("CREATE TABLE t (id int CHECK (id > 0) NOT ENFORCED)", user=database.owner)
    with database.session() as session:
        assert broken_objects(session) == ()


def test_a_finding_never_shows_row_data(database: Database) -> None:
    database.run("CREATE TABLE t (word text)", "INSERT INTO t VALUES ('secret')", user=database.owner)
    with database.session(row_security=False) as session:
        found = run_assertions(session, [assertion("word", "SELECT word FROM t;")])
    assert found == (Finding("migrations/verify/word.sql:1:1", "returned something other than true or false"),)
