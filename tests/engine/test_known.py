"""What the catalog answers about what a plan is about to drop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.known import KnownDatabase

if TYPE_CHECKING:
    from tests.engine.databases import Database


@pytest.mark.parametrize(
    ("owned", "holds_nothing"),
    [
        ("FUNCTION f()", True),
        ("VIEW v", True),
        ("TABLE t", False),
        ("SEQUENCE s", False),
        ("MATERIALIZED VIEW m", False),
    ],
)
def test_an_extension_holds_what_it_has_tables_for(database: Database, owned: str, *, holds_nothing: bool) -> None:
    database.run(
        "CREATE EXTENSION hstore",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE VIEW v AS SELECT 1 AS a",
        "CREATE TABLE t (a int)",
        "CREATE SEQUENCE s",
        "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a",
        f"ALTER EXTENSION hstore ADD {owned}",
    )
    with database.session() as session:
        known = KnownDatabase.of(session)
        assert known.extension_holds_nothing("hstore") is holds_nothing
        assert known.extension_holds_nothing("missing")
