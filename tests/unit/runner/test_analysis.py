"""The scripts of a plan, read before they run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.step import DataLoss, Direction
from dbmigrations.postgres.counting import CountedLoss
from dbmigrations.postgres.journal import statement_checksum
from dbmigrations.postgres.sql.operations import LockMode
from dbmigrations.release.history import BegunStatement
from dbmigrations.release.migration import Kind
from dbmigrations.release.problems import ReleaseInvalidError
from dbmigrations.runner.analysis import PlannedScript, analyse, count_nothing
from dbmigrations.runner.preflight.facts import HalfDone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbmigrations.postgres.sql.loss import Loss


def script(name: str, text: str) -> PlannedScript:
    return PlannedScript((Kind.SQL, name, Direction.UP), f"migrations/sql/{name}.sql", text)


def seven_rows(losses: Sequence[Loss]) -> CountedLoss:
    return CountedLoss(DataLoss(rows=7 * len(losses)), tuple("7 rows" for _ in losses))


def test_each_script_has_its_operations_with_their_lines_and_its_counted_loss() -> None:
    found = analyse([script("a", "CREATE TABLE t (id int);\n\nDROP TABLE old;\n")], "public", seven_rows)
    analysis = found[Kind.SQL, "a", Direction.UP]
    assert [(o.operation_class, o.line) for o in analysis.operations] == [("additive", 1), ("destructive", 3)]
    assert (analysis.loss, analysis.losses) == (DataLoss(rows=7), ("7 rows",))


def test_what_an_earlier_script_of_the_plan_made_is_not_lost_by_a_later_one() -> None:
    scripts = [script("a", "CREATE TABLE t (id int);"), script("b", "DROP TABLE t;")]
    assert analyse(scripts, "public", seven_rows)[Kind.SQL, "b", Direction.UP].loss == DataLoss()
    alone = replace(scripts[1], ref=(Kind.SQL, "b", Direction.DOWN))
    assert analyse([alone], "public", seven_rows)[Kind.SQL, "b", Direction.DOWN].loss == DataLoss(rows=7)


def test_without_a_database_a_loss_is_unknown_and_named() -> None:
    analysis = analyse([script("a", "DROP TABLE old;")], "public", count_nothing)[Kind.SQL, "a", Direction.UP]
    assert analysis.loss.unknown
    assert analysis.losses == ("rows of old (not counted)",)


def test_every_script_that_cannot_be_run_is_told_with_its_place() -> None:
    scripts = [
        script("a", "SELECT 1;\n\\connect other"),
        script("b", "BEGIN;\nSELECT 1;"),
        script("c", "SELECT 1;"),
    ]
    with pytest.raises(ReleaseInvalidError) as caught:
        analyse(scripts, "public", count_nothing)
    assert [problem.where for problem in caught.value.problems] == [
        "migrations/sql/a.sql:2:1",
        "migrations/sql/b.sql:1:1",
    ]


def test_a_statement_that_nobody_could_tell_about_after_a_kill_must_say_how_to_tell() -> None:
    unprobeable = "-- migrate: tx=none\nCALL something();\n"
    with pytest.raises(ReleaseInvalidError, match="migrate: check="):
        analyse([script("a", unprobeable)], "public", count_nothing)
    told = "-- migrate: tx=none\n-- migrate: check=SELECT true\nCALL something();\n"
    assert analyse([script("a", told)], "public", count_nothing)


def test_each_operation_has_its_lock_and_says_whether_data_comes_back() -> None:
    text = "ALTER TABLE old ADD COLUMN c int;\nDROP TABLE old;\nCREATE TABLE new (id int);\n"
    found = analyse([script("a", text)], "public", seven_rows)[Kind.SQL, "a", Direction.UP]
    assert [(o.statement, o.lock, o.loses_data) for o in found.operations] == [
        (1, LockMode.ACCESS_EXCLUSIVE, False),
        (2, LockMode.ACCESS_EXCLUSIVE, True),
        (3, None, False),
    ]


def test_what_can_never_be_lost_comes_back() -> None:
    text = "ALTER TABLE t ALTER c TYPE bigint;\nDROP TABLE IF EXISTS missing;\nDROP TABLE old;\n"

    def only_old(losses: Sequence[Loss]) -> CountedLoss:
        never = frozenset(loss for loss in losses if "old" not in str(loss))
        return CountedLoss(DataLoss(rows=7), ("7 rows of old",), never)

    found = analyse([script("a", text)], "public", only_old)[Kind.SQL, "a", Direction.UP]
    assert [operation.loses_data for operation in found.operations] == [False, False, True]


def test_what_a_block_makes_beside_what_it_deletes_comes_back() -> None:
    text = "DO $$ BEGIN ALTER TABLE old ADD COLUMN c int; DELETE FROM old WHERE d; END $$"
    found = analyse([script("a", text)], "public", seven_rows)[Kind.SQL, "a", Direction.UP]
    assert [(o.operation_class, o.loses_data) for o in found.operations] == [("additive", False), ("data", True)]


def test_what_ran_before_is_no_more_to_be_done_and_an_edit_of_it_is_named() -> None:
    text = "-- migrate: tx=statement\nDROP TABLE old;\nBEGIN;\nDROP TABLE older;\nCOMMIT;\nCREATE TABLE new (id int);\n"
    begun = (
        BegunStatement(0, statement_checksum("DROP TABLE old"), applied=True),
        BegunStatement(2, statement_checksum("DROP TABLE elder"), applied=True),
        BegunStatement(4, statement_checksum("CREATE TABLE new (id int)"), applied=False),
    )
    found = analyse([replace(script("a", text), begun=begun)], "public", seven_rows)[Kind.SQL, "a", Direction.UP]
    assert found.half == HalfDone(
        ran=(1, 3), statements=5, next=5, line=6, begun=True, edited=("migrations/sql/a.sql: statement 3",)
    )
    assert [operation.text for operation in found.operations] == ["create table new"]
    assert not found.loss.any
    alone = analyse([script("a", text)], "public", seven_rows)[Kind.SQL, "a", Direction.UP]
    assert (alone.half, len(alone.operations)) == (None, 3)


def test_a_half_of_which_only_the_end_was_not_written_has_nothing_left() -> None:
    begun = (BegunStatement(0, statement_checksum("SELECT 1"), applied=True),)
    found = analyse([replace(script("a", "SELECT 1;\n"), begun=begun)], "public", seven_rows)
    assert found[Kind.SQL, "a", Direction.UP].half == HalfDone((1,), 1, next=0, line=0, begun=False)


def test_what_a_statement_that_ran_before_has_made_may_hold_rows_by_now() -> None:
    text = "SET search_path = shop;\nCREATE TABLE new (id int);\nDROP TABLE new;\n"
    first = BegunStatement(0, statement_checksum("SET search_path = shop"), applied=True)
    second = BegunStatement(1, statement_checksum("CREATE TABLE new (id int)"), applied=True)
    found = analyse([replace(script("a", text), begun=(first, second))], "public", seven_rows)
    assert [operation.text for operation in found[Kind.SQL, "a", Direction.UP].operations] == ["drop table new"]
    assert found[Kind.SQL, "a", Direction.UP].loss.any
    assert not analyse([script("a", text)], "public", seven_rows)[Kind.SQL, "a", Direction.UP].loss.any
