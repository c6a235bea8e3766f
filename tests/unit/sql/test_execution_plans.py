"""In which transactions a script runs."""

import pytest

from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.probes import Reindexed, ReindexedKind
from dbmigrations.postgres.sql.script import read
from dbmigrations.postgres.sql.transactions import (
    Checked,
    ExecutionPlan,
    IndexBuilt,
    IndexDropped,
    Mode,
    PartitionDetached,
    Probe,
    Repeatable,
    Unprobeable,
    execution_plan,
)


def plan(script: str) -> ExecutionPlan:
    return execution_plan(read(script))


def unqualified(name: str) -> RelationName:
    return RelationName(None, name)


def shape(script: str) -> list[tuple[bool, list[str]]]:
    """Of each unit: whether it is a transaction, and its statements."""
    return [(unit.transactional, [each.text for each in unit.statements]) for unit in plan(script).units]


@pytest.mark.parametrize("script", ["", "-- nothing to do\n", "BEGIN; COMMIT;"])
def test_a_script_that_does_nothing_is_one_empty_transaction(script: str) -> None:
    found = plan(script)
    assert found.mode is Mode.TRANSACTION
    assert [(unit.transactional, unit.statements) for unit in found.units] == [(True, ())]


def test_what_may_run_in_one_transaction_does() -> None:
    script = "CREATE TABLE t (a int); SELECT 1; DO $$ BEGIN END $$; CALL p(); this cannot be read"
    assert plan(script).mode is Mode.TRANSACTION
    assert len(plan(script).units[0].statements) == 5


def test_what_must_run_outside_stands_alone_between_transactions() -> None:
    script = "SELECT 1; SELECT 2; CREATE INDEX CONCURRENTLY i ON t (a); SELECT 3; SELECT 4"
    assert plan(script).mode is Mode.STATEMENT
    assert shape(script) == [
        (True, ["SELECT 1", "SELECT 2"]),
        (False, ["CREATE INDEX CONCURRENTLY i ON t (a)"]),
        (True, ["SELECT 3", "SELECT 4"]),
    ]


def test_one_statement_outside_is_journalled_too() -> None:
    assert plan("VACUUM t").mode is Mode.STATEMENT


@pytest.mark.parametrize(
    ("statement", "probe"),
    [
        ("CREATE INDEX CONCURRENTLY i ON app.t (a)", IndexBuilt(RelationName("app", "i"), RelationName("app", "t"))),
        ("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", IndexBuilt(unqualified("i"), unqualified("t"))),
        ("DROP INDEX CONCURRENTLY i, app.j", IndexDropped((unqualified("i"), RelationName("app", "j")))),
        ("ALTER TABLE p DETACH PARTITION app.q CONCURRENTLY",
         PartitionDetached(unqualified("p"), RelationName("app", "q"))),
        ("REINDEX TABLE CONCURRENTLY t", Repeatable(Reindexed(ReindexedKind.TABLE, unqualified("t")))),
        ("REINDEX (VERBOSE, CONCURRENTLY) INDEX i", Repeatable(Reindexed(ReindexedKind.INDEX, unqualified("i")))),
        ("REINDEX SCHEMA CONCURRENTLY s", Repeatable(Reindexed(ReindexedKind.SCHEMA, unqualified("s")))),
        ("REINDEX DATABASE CONCURRENTLY d", Repeatable(Reindexed(ReindexedKind.EVERYTHING, unqualified("d")))),
        ("REINDEX (CONCURRENTLY off) SCHEMA s", Repeatable()),
        ("VACUUM", Repeatable()),
        ("ALTER SYSTEM SET work_mem = '1MB'", Repeatable()),
        ("DROP DATABASE IF EXISTS d", Repeatable()),
    ],
)  # fmt: skip
def test_a_statement_outside_says_how_to_learn_whether_it_took_effect(statement: str, probe: Probe) -> None:
    (unit,) = plan(statement).units
    assert (unit.transactional, unit.probe) == (False, probe)
    assert not plan(statement).unprobeable


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX CONCURRENTLY ON t (a)",
        "DO $$ BEGIN COMMIT; END $$",
        "CREATE DATABASE d",
        "COMMIT PREPARED 'x'",
        "CREATE SUBSCRIPTION s CONNECTION 'host=h' PUBLICATION p",
    ],
)
def test_what_cannot_be_probed_needs_a_check_of_the_author(statement: str) -> None:
    assert len(plan(statement).unprobeable) == 1
    checked = plan(f"SELECT 1;\n-- migrate: check=SELECT true\n{statement}")
    assert not checked.unprobeable
    assert checked.units[1].probe == Checked("SELECT true")


def test_one_check_cannot_tell_of_two_statements() -> None:
    with pytest.raises(SqlInvalidError, match="each its own") as caught:
        plan("-- migrate: check=SELECT true\nCREATE DATABASE d;\nCREATE DATABASE e;")
    assert caught.value.position.reference == "3:1"


def test_a_check_is_not_asked_where_the_catalog_tells() -> None:
    script = "-- migrate: check=SELECT true\nCREATE INDEX CONCURRENTLY i ON t (a); VACUUM; CREATE DATABASE d"
    assert [type(unit.probe) for unit in plan(script).units] == [IndexBuilt, Repeatable, Checked]


@pytest.mark.parametrize(
    ("body", "outside"),
    [
        ("BEGIN COMMIT; END", True),
        ("BEGIN UPDATE t SET a = 1; ROLLBACK ; END", True),
        ("BEGIN LOOP COMMIT; END LOOP; END", True),
        ("BEGIN IF a THEN /* now */ COMMIT AND CHAIN; END IF; END", True),
        ("BEGIN -- COMMIT;\n PERFORM 'COMMIT;'; END", False),
        ("DECLARE commit int; BEGIN x := commit; EXECUTE $x$ COMMIT; $x$; END", False),
    ],
)
def test_a_block_that_commits_runs_outside(body: str, *, outside: bool) -> None:
    assert plan(f"DO $do$ {body} $do$").units[0].transactional is not outside


# The file's own transactions


def test_the_files_own_transactions_are_kept_as_units() -> None:
    script = "SELECT 1; BEGIN; SELECT 2; SELECT 3; COMMIT; SELECT 4; START TRANSACTION; SELECT 5; END"
    assert shape(script) == [
        (True, ["SELECT 1"]),
        (True, ["SELECT 2", "SELECT 3"]),
        (True, ["SELECT 4"]),
        (True, ["SELECT 5"]),
    ]


def test_a_file_that_is_one_transaction_shares_it_with_its_history_row() -> None:
    found = plan("SET lock_timeout = 1; BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;")
    assert found.mode is Mode.TRANSACTION
    assert found.units[0].begin == "BEGIN ISOLATION LEVEL SERIALIZABLE"
    assert [each.text for each in found.units[0].statements] == ["SET lock_timeout = 1", "SELECT 1"]


def test_a_chained_commit_opens_a_transaction_like_the_one_before() -> None:
    found = plan("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT AND CHAIN; SELECT 2; COMMIT")
    assert [unit.begin for unit in found.units] == ["BEGIN ISOLATION LEVEL SERIALIZABLE"] * 2


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("SELECT 1; COMMIT", [(True, ["SELECT 1"])]),
        ("SELECT 1; COMMIT; SELECT 2", [(True, ["SELECT 1"]), (True, ["SELECT 2"])]),
        ("BEGIN; BEGIN; SELECT 1; COMMIT; COMMIT", [(True, ["SELECT 1"])]),
        ("BEGIN; SELECT 1; BEGIN; SELECT 2; COMMIT; SELECT 3; END",
         [(True, ["SELECT 1", "SELECT 2"]), (True, ["SELECT 3"])]),
        ("COMMIT; VACUUM t; BEGIN", [(False, ["VACUUM t"])]),
    ],
)  # fmt: skip
def test_what_the_server_merely_warns_of_means_what_it_means_there(
    script: str, expected: list[tuple[bool, list[str]]]
) -> None:
    assert shape(script) == expected


def test_a_value_of_an_enum_may_be_used_behind_the_commit_that_the_file_has_for_it() -> None:
    added, used = "ALTER TYPE e ADD VALUE 'x'", "UPDATE t SET a = 'x'"
    assert shape(f"{added}; COMMIT; BEGIN; {used}; COMMIT") == [(True, [added]), (True, [used])]
    assert shape(f"COMMIT; {added}; BEGIN; {used}; COMMIT; BEGIN") == [(True, [added]), (True, [used])]


def test_savepoints_stay_in_their_transaction() -> None:
    script = "SAVEPOINT a; SELECT 1; ROLLBACK TO a; RELEASE a"
    assert shape(f"BEGIN; {script}; COMMIT") == shape(script) == [(True, script.split("; "))]


@pytest.mark.parametrize(
    ("script", "message", "place"),
    [
        ("BEGIN; SELECT 1", "never committed", "1:1"),
        ("BEGIN; COMMIT AND CHAIN; SELECT 1", "never committed", "1:8"),
        ("SELECT 1; COMMIT AND CHAIN; SELECT 2; COMMIT", "no transaction to commit", "1:11"),
        ("-- migrate: tx=file\nSELECT 1; COMMIT", "no transaction to commit", "2:11"),
        ("BEGIN READ ONLY; SELECT 1; COMMIT", "READ ONLY", "1:1"),
        ("BEGIN; SELECT 1; ROLLBACK", "ROLLBACK would leave nothing", "1:18"),
        ("BEGIN; SELECT 1; PREPARE TRANSACTION 'a'", "PREPARE TRANSACTION would leave nothing", "1:18"),
        ("BEGIN; VACUUM; COMMIT", "VACUUM cannot run between", "1:8"),
        ("-- migrate: tx=file\nSELECT 1;\nVACUUM", "remove tx=file", "3:1"),
        ("-- migrate: tx=file\nBEGIN; SELECT 1; COMMIT;\nBEGIN; SELECT 2; COMMIT", "own COMMIT", "3:1"),
    ],
)
def test_a_file_that_cannot_end_well_is_refused_before_it_begins(script: str, message: str, place: str) -> None:
    with pytest.raises(SqlInvalidError, match=message) as caught:
        plan(script)
    assert caught.value.position.reference == place


# Directives


@pytest.mark.parametrize("script", ["SELECT 1; SELECT 2", "SELECT 1; VACUUM; CALL p(); BEGIN; SELECT 2; COMMIT"])
def test_auto_is_what_is_decided_anyway(script: str) -> None:
    assert shape(f"-- migrate: tx=auto\n{script}") == shape(script)


def test_each_statement_may_have_a_transaction_of_its_own() -> None:
    assert shape("-- migrate: tx=statement\nSELECT 1; SELECT 2") == [(True, ["SELECT 1"]), (True, ["SELECT 2"])]


def test_without_transactions_only_those_stand_outside_for_which_it_matters() -> None:
    script = "-- migrate: tx=none\nSELECT 1; CALL p(); this cannot be read; REINDEX TABLE t; SELECT 2"
    assert [transactional for transactional, _ in shape(script)] == [True, False, False, False, True]
    assert [type(unit.probe) for unit in plan(script).units[1:4]] == [Unprobeable, Unprobeable, Repeatable]


def test_the_whole_file_may_be_one_transaction_whatever_would_be_decided() -> None:
    script = "-- migrate: tx=file\nALTER TYPE e ADD VALUE 'x'; SELECT 'x'::e"
    assert plan(script).mode is Mode.TRANSACTION


# New values of enums


def test_a_new_value_is_committed_before_it_is_used() -> None:
    script = "ALTER TYPE e ADD VALUE 'x'; SELECT 1; INSERT INTO t VALUES ('x'); SELECT 2"
    assert shape(script) == [
        (True, ["ALTER TYPE e ADD VALUE 'x'", "SELECT 1"]),
        (True, ["INSERT INTO t VALUES ('x')", "SELECT 2"]),
    ]


@pytest.mark.parametrize(
    "user",
    [
        "UPDATE t SET a = '{x,y}'",
        "DO $$ BEGIN UPDATE t SET a = 'x'; END $$",
        "CREATE FUNCTION f() RETURNS e LANGUAGE sql AS 'SELECT ''x''::e'",
        "ALTER TABLE t ALTER a SET DEFAULT 'x'",
        "COPY t FROM stdin;\nx\n\\.\n",
    ],
)
def test_a_value_is_used_wherever_a_constant_holds_it(user: str) -> None:
    assert len(plan(f"ALTER TYPE e ADD VALUE 'x'; {user}").units) == 2


def test_values_with_quotes_are_found() -> None:
    assert len(plan("ALTER TYPE e ADD VALUE 'it''s'; SELECT 'it''s'::e").units) == 2


@pytest.mark.parametrize(
    "script",
    [
        "ALTER TYPE e ADD VALUE 'x'; SELECT x FROM t -- 'x'",
        "ALTER TYPE e ADD VALUE 'x'; ALTER TYPE e ADD VALUE 'y' AFTER 'x'",
        "CREATE TYPE e AS ENUM ('x'); SELECT 'x'::e",
        "ALTER TYPE e RENAME VALUE 'w' TO 'x'; SELECT 'x'::e",
        "SELECT 'x'; ALTER TYPE e ADD VALUE 'x'",
    ],
)
def test_a_transaction_is_not_broken_without_need(script: str) -> None:
    assert plan(script).mode is Mode.TRANSACTION


# Sessions


def test_settings_of_earlier_units_are_known_to_the_later_ones() -> None:
    script = (
        "SET search_path = a; SELECT set_config('work_mem', '1MB', false); SET LOCAL statement_timeout = 1;"
        "VACUUM; SET ROLE b; VACUUM; RESET ROLE"
    )
    preambles = [[each.text for each in unit.preamble] for unit in plan(script).units]
    first = ["SET search_path = a", "SELECT set_config('work_mem', '1MB', false)"]
    assert preambles == [[], first, first, [*first, "SET ROLE b"], [*first, "SET ROLE b"]]


def test_a_local_setting_is_over_with_its_transaction() -> None:
    script = "SELECT set_config('a.b', 'c', true); VACUUM"
    assert plan(script).units[-1].preamble == ()
