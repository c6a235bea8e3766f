"""What other tools' tables say, from their rows."""

from __future__ import annotations

import pytest

from dbmigrations.postgres.predecessors.telling import Predecessor, Told, Tool, tell, version_key


def versions(told: Told) -> list[str]:
    return [each.version for each in told.recorded]


def test_versions_are_ordered_as_numbers_and_not_as_text() -> None:
    assert versions(tell(Tool.DBMATE, [("10",), ("9",), ("20260101000000",)])) == ["9", "10", "20260101000000"]
    assert version_key("1.10") > version_key("1.9") > version_key("1") == version_key("1.0")
    assert version_key("no number") == ()


@pytest.mark.parametrize("tool", [Tool.DBMATE, Tool.RAILS])
def test_a_row_without_a_version_is_counted_and_passed_over(tool: Tool) -> None:
    told = tell(tool, [("1",), (None,)])
    assert (versions(told), told.odd) == (["1"], 1)


def test_what_somebody_put_into_a_table_writes_no_line_of_its_own() -> None:
    hostile = "1\n\x1b[31merror: everything is lost"
    assert versions(tell(Tool.DBMATE, [(hostile,)])) == [hostile.replace("\n", "\ufffd").replace("\x1b", "\ufffd")]
    told = tell(Tool.FLYWAY, [("1", "SQL", "V1__a\r.sql", False)])
    assert told.unfinished[0].startswith("V1__a\ufffd.sql failed")


def test_golang_migrate_records_the_newest_version_alone() -> None:
    told = tell(Tool.GOLANG_MIGRATE, [(7, False)])
    assert (told.recorded, told.up_to, told.unfinished) == ((), "7", ())
    assert Predecessor(Tool.GOLANG_MIGRATE, "t", is_in_application_schema=True, told=told).migrations is None


@pytest.mark.parametrize("rows", [[(7, True)], [(-1, True)], [(6, False), (7, True)], [(7, None)]])
def test_golang_migrate_is_unfinished_while_it_is_dirty(rows: list[tuple[object, ...]]) -> None:
    assert "is dirty" in " ".join(tell(Tool.GOLANG_MIGRATE, rows).unfinished)


def test_of_goose_the_newest_row_of_a_version_counts_and_its_beginning_does_not() -> None:
    told = tell(Tool.GOOSE, [(0, True), (1, True), (2, True), (2, False), (3, False), (3, True), (None, True)])
    assert (versions(told), told.odd) == (["1", "3"], 1)


def test_flyway_takes_back_what_was_undone_or_deleted() -> None:
    told = tell(
        Tool.FLYWAY,
        [
            (None, "SCHEMA", '"shop"', True),
            ("1", "SQL", "V1__a.sql", True),
            ("2", "SQL", "V2__b.sql", True),
            ("3", "SQL", "V3__c.sql", True),
            ("3", "UNDO_SQL", "U3__c.sql", True),
            ("2", "DELETE", "V2__b.sql", True),
            (None, "SQL", "R__view.sql", True),
        ],
    )
    assert (versions(told), told.unfinished) == (["1"], ())


def test_flyway_is_unfinished_where_the_newest_try_of_a_script_failed() -> None:
    told = tell(
        Tool.FLYWAY,
        [
            ("1", "SQL", "V1__a.sql", False),
            ("1", "SQL", "V1__a.sql", True),
            ("2", "SQL", "V2__b.sql", False),
            (None, "SQL", "R__view.sql", False),
        ],
    )
    assert versions(told) == ["1"]
    assert [words.split()[0] for words in told.unfinished] == ["V2__b.sql", "R__view.sql"]


def test_what_flyway_took_as_a_baseline_covers_all_below() -> None:
    told = tell(Tool.FLYWAY, [("5", "BASELINE", "<< Flyway Baseline >>", True), ("6", "SQL", "V6__f.sql", True)])
    assert (versions(told), told.up_to) == (["6"], "5")
