"""Differences and their sentences, from made-up objects."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.catalog.difference import Change, changed_keys, compare
from dbmigrations.postgres.catalog.ignoring import without
from dbmigrations.postgres.catalog.sentences import headline, sentence
from dbmigrations.postgres.catalog.snapshot import CatalogObject, Snapshot, SnapshotInvalidError

if TYPE_CHECKING:
    from pydantic import JsonValue


def thing(kind: str, name: str, parent: str = "", **properties: JsonValue) -> CatalogObject:
    return CatalogObject(kind, name, parent, {"owner": "me", **properties})


def snapshot(*objects: CatalogObject) -> Snapshot:
    return Snapshot.of(15, objects)


def only(before: Snapshot, after: Snapshot) -> tuple[str, str]:
    (difference,) = compare(before, after)
    return sentence(difference), headline(difference)


ORDERS = thing("table", "shop.orders")
NOTE = thing("column", "shop.orders.note", "shop.orders", type="text")


def test_a_column_added_by_someone() -> None:
    (difference,) = compare(snapshot(ORDERS), snapshot(ORDERS, NOTE))
    assert sentence(difference, by="someone") == "column shop.orders.note was added by someone"


def test_a_line_end_in_a_name_does_not_end_the_sentence() -> None:
    told = only(snapshot(), snapshot(thing("table", 'shop."a\nerror: b"')))
    assert told == ('table shop."a\\nerror: b" was added',) * 2


def test_what_goes_with_its_table_is_counted_there() -> None:
    index = thing("index", "shop.i", "shop.orders")
    other = thing("index", "shop.j", "shop.orders")
    before = snapshot(ORDERS, NOTE, index, other)
    (difference,) = compare(before, snapshot())
    assert sentence(difference) == "table shop.orders was removed (with 1 column, 2 indexes)"
    assert difference.change is Change.REMOVED
    assert len(changed_keys(before, snapshot())) == 4


def test_a_column_that_goes_while_its_table_stays_is_told() -> None:
    assert only(snapshot(ORDERS, NOTE), snapshot(ORDERS))[0] == "column shop.orders.note was removed"


def test_flags_become_and_are_no_longer() -> None:
    sound, broken = thing("index", "shop.i"), thing("index", "shop.i", invalid=True)
    assert only(snapshot(sound), snapshot(broken)) == ("index shop.i became invalid",) * 2
    assert only(snapshot(broken), snapshot(sound)) == ("index shop.i is no longer invalid",) * 2


def test_values_stand_in_the_sentence_and_not_in_the_headline() -> None:
    before = snapshot(thing("policy", "p on t", using="(a = 1)"))
    after = snapshot(thing("policy", "p on t", using="(a = 2)"))
    assert only(before, after) == (
        "policy p on t was changed: using: (a = 1) → (a = 2)",
        "policy p on t was changed (using)",
    )


def test_of_long_values_the_place_is_shown_where_they_part() -> None:
    old = "x" * 500 + "OLD" + "y" * 500
    new = "x" * 500 + "NEW" + "y" * 500
    said, _ = only(snapshot(thing("view", "v", definition=old)), snapshot(thing("view", "v", definition=new)))
    assert "OLD" in said
    assert "NEW" in said
    assert len(said) < 450


def test_a_text_that_differs_in_white_space_alone_says_so() -> None:
    said, _ = only(
        snapshot(thing("function", "f()", definition="a\n  b")), snapshot(thing("function", "f()", definition="a b"))
    )
    assert said == "function f() was changed: definition: only its white space"


def test_labels_in_another_order_are_shown_whole() -> None:
    said, _ = only(snapshot(thing("enum", "e", labels=["a", "b"])), snapshot(thing("enum", "e", labels=["b", "a"])))
    assert said == "enum e was changed: labels: a, b → b, a"


def test_the_order_of_columns_is_no_difference() -> None:
    before = snapshot(CatalogObject("table", "t", "", {"owner": "me", "#columns": ["a", "b"]}))
    after = snapshot(CatalogObject("table", "t", "", {"owner": "me", "#columns": ["b", "a"]}))
    assert not compare(before, after)
    assert before.fingerprint == after.fingerprint


def test_a_snapshot_that_no_runner_wrote_is_refused() -> None:
    for raw in (b"", b"nonsense", zlib.compress(b"[]"), zlib.compress(b'{"format": 99, "objects": []}')):
        with pytest.raises(SnapshotInvalidError):
            Snapshot.decode(raw)


def test_ignoring_nothing_changes_nothing_and_a_star_ignores_all() -> None:
    whole = snapshot(ORDERS, NOTE)
    assert without(whole, ()) is whole
    assert not without(whole, ["*"]).objects


def test_ignored_grants_leave_the_object() -> None:
    granted = thing("table", "t", granted={"app_v1": ["SELECT"], "reader": ["SELECT"]})
    (left,) = without(snapshot(granted), ["grants to app_*"]).objects.values()
    assert left.properties == {"owner": "me", "granted": {"reader": ["SELECT"]}}
    default = CatalogObject("default privileges", "of me for tables", "", {"granted": {"app_v1": ["SELECT"]}})
    assert not without(snapshot(default), ["grants to app_*"]).objects
