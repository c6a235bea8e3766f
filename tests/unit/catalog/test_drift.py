"""What stays drift through a run that finds it."""

from __future__ import annotations

from dbmigrations.postgres.catalog.difference import compare
from dbmigrations.postgres.catalog.drift import carried, still_there
from dbmigrations.postgres.catalog.sentences import sentence
from dbmigrations.postgres.catalog.snapshot import CatalogObject, Snapshot


def snapshot(**columns: str) -> Snapshot:
    return Snapshot.of(15, (CatalogObject("column", name, "t", {"type": kind}) for name, kind in columns.items()))


def drift_after(should: Snapshot, found: Snapshot, now: Snapshot) -> list[str]:
    return [sentence(each) for each in compare(carried(should, found, now), now)]


def test_without_drift_what_is_there_is_what_should_be() -> None:
    before, after = snapshot(a="int"), snapshot(a="int", b="int")
    assert carried(before, before, after).fingerprint == after.fingerprint


def test_what_the_run_left_untouched_is_drift_still_and_what_it_did_is_not() -> None:
    should, found = snapshot(a="int", gone="int"), snapshot(a="text", theirs="int")
    now = snapshot(a="text", theirs="int", ours="int")
    assert drift_after(should, found, now) == [
        "column a was changed: type: int → text",
        "column gone was removed",
        "column theirs was added",
    ]


def test_what_the_run_changed_itself_is_settled() -> None:
    should, found = snapshot(a="int"), snapshot(a="text", theirs="int")
    assert not drift_after(should, found, snapshot(a="uuid"))
    assert not drift_after(should, found, snapshot(a="int", theirs="bigint"))


def test_the_second_release_of_a_run_changes_nothing_of_that() -> None:
    should, found = snapshot(a="int"), snapshot(a="int", theirs="int")
    second = snapshot(a="int", theirs="int", first="int", second="int")
    assert drift_after(should, found, second) == ["column theirs was added"]


def test_what_is_still_as_it_was_found_is_drift_whatever_else_was_done_since() -> None:
    should, found = snapshot(a="int", gone="int", b="int"), snapshot(a="text", theirs="int", b="text")
    now = snapshot(a="text", theirs="int", b="int", ours="int")
    assert [sentence(each) for each in compare(should, still_there(should, found, now))] == [
        "column a was changed: type: int → text",
        "column gone was removed",
        "column theirs was added",
    ]
