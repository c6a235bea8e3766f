"""SQL that our parser cannot read, and newer syntax that it can: the server decides, and we are careful meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.errors import StatementError
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.loss import UnknownLoss
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import read
from dbmigrations.postgres.sql.transactions import execution_plan
from dbmigrations.postgres.sql.tree import Unparsed, parse
from tests.engine.databases import applier
from tests.engine.releases import migration

if TYPE_CHECKING:
    from tests.engine.databases import Database

DEEP = " + ".join(["a"] * 300)
UNREAD = {
    "nested deeply": f"CREATE TABLE made AS SELECT {DEEP} AS b FROM t",
    "very long": "CREATE TABLE made AS SELECT length('" + "x" * 2_000_001 + "') AS b",
}
UNREAD_OUTSIDE = f"CREATE INDEX CONCURRENTLY i ON t (({DEEP}))"


@pytest.mark.parametrize("statement", UNREAD.values(), ids=UNREAD)
def test_what_cannot_be_read_is_run_and_counts_as_unknown(database: Database, statement: str) -> None:
    database.run("CREATE TABLE t AS SELECT 1 AS a", user=database.owner)
    assert isinstance(parse(statement), Unparsed)
    review = review_script(read(statement), Batch.of("public"))
    assert [each.operation_class for each in review.operations[0]] == [OperationClass.UNKNOWN]
    assert [type(loss) for loss in review.losses] == [UnknownLoss]
    with database.session() as session:
        applier(session, database.tables).up(migration("a", f"{statement};\nSELECT 1;"))
    assert database.value("SELECT count(*) FROM made") == 1


def test_what_cannot_be_read_and_must_run_alone_is_refused_whole_with_the_remedy_and_runs_with_it(
    database: Database,
) -> None:
    database.run("CREATE TABLE t AS SELECT 1 AS a", user=database.owner)
    assert isinstance(parse(UNREAD_OUTSIDE), Unparsed)
    script = f"CREATE TABLE u (id int);\n{UNREAD_OUTSIDE};"
    with database.session() as session:
        apply = applier(session, database.tables)
        with pytest.raises(StatementError, match=r"a\.sql:2:1: .*25001.*tx=none.*check="):
            apply.up(migration("a", script))
        assert not database.value("SELECT to_regclass('u') IS NOT NULL")
        assert len(execution_plan(read(f"-- migrate: tx=none\n{script}")).unprobeable) == 1
        checked = script.replace("CREATE INDEX", "-- migrate: check=SELECT to_regclass('i') IS NOT NULL\nCREATE INDEX")
        assert not execution_plan(read(f"-- migrate: tx=none\n{checked}")).unprobeable
        apply.up(migration("a", f"-- migrate: tx=none\n{checked}"))
    assert database.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass")


NEWEST = {
    "temporal key": "CREATE TABLE made (id int4range, valid_at daterange, PRIMARY KEY (id, valid_at WITHOUT OVERLAPS))",
    "virtual column": "CREATE TABLE made (a int, b int GENERATED ALWAYS AS (a + 1) VIRTUAL)",
    "old and new": "CREATE TABLE made (a int); INSERT INTO t VALUES (1) RETURNING old.a, new.a",
    "not enforced": "CREATE TABLE made (a int, CONSTRAINT positive CHECK (a > 0) NOT ENFORCED)",
    "named not null": "CREATE TABLE made (a int); ALTER TABLE t ADD CONSTRAINT there NOT NULL a NOT VALID",
}


@pytest.mark.every_major
@pytest.mark.parametrize("script", NEWEST.values(), ids=NEWEST)
def test_syntax_of_the_newest_major_is_read_and_runs_where_the_server_knows_it(database: Database, script: str) -> None:
    database.run("CREATE TABLE t (a int)", user=database.owner)
    assert [each for each in read(script).statements if isinstance(parse(each.text), Unparsed)] == []
    with database.session() as session:
        apply = applier(session, database.tables)
        if database.server.major >= 18:
            apply.up(migration("a", script))
        else:
            with pytest.raises(StatementError, match=r"a\.sql:1:\d+: "):
                apply.up(migration("a", script))
    assert database.value("SELECT to_regclass('made') IS NOT NULL") == (database.server.major >= 18)


@pytest.mark.parametrize(
    ("script", "variable", "place"),
    [
        ("SELECT 1;\nINSERT INTO t VALUES (:value);", ":value", "2:23"),
        ("INSERT INTO t VALUES (:'value');", ":'value'", "1:23"),
        ('ALTER TABLE :"name" ADD b int;', ':"name"', "1:13"),
        ("SELECT :{?name};", ":{?", "1:8"),
    ],
)
def test_a_variable_of_psql_is_named_where_the_server_stumbles_over_it(
    database: Database, script: str, variable: str, place: str
) -> None:
    database.run("CREATE TABLE t (a int)", user=database.owner)
    with database.session() as session, pytest.raises(StatementError) as caught:
        applier(session, database.tables).up(migration("a", script))
    assert caught.value.where == f"a.sql:{place}"
    assert f"{variable} is a variable that psql fills in: write the value itself" in str(caught.value)


def test_a_colon_that_is_no_variable_is_left_to_the_server(database: Database) -> None:
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", "CREATE TABLE t AS SELECT (ARRAY[1, 2])[1:2] AS a, '1'::int AS b;"))
        with pytest.raises(StatementError) as caught:
            apply.up(migration("b", "SELECT 1 : 2;"))
    assert "psql" not in str(caught.value)
