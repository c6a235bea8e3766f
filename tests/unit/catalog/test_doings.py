"""What the scripts of a killed run can have done, and what only somebody else can."""

from __future__ import annotations

import pytest

from dbmigrations.postgres.catalog.difference import compare
from dbmigrations.postgres.catalog.doings import doings_of
from dbmigrations.postgres.catalog.looking import with_others_doings
from dbmigrations.postgres.catalog.sentences import headline
from dbmigrations.postgres.catalog.snapshot import CatalogObject, Snapshot

SCRIPT = """\
ALTER TABLE notes ADD COLUMN colour text;
ALTER TABLE notes ADD UNIQUE (colour);
CREATE TABLE IF NOT EXISTS app.tags (id serial PRIMARY KEY);
CREATE INDEX ON events (at);
ALTER TYPE mood RENAME TO temper;
"""


def difference(kind: str, name: str, parent: str = "", **properties: str) -> CatalogObject:
    return CatalogObject(kind, name, parent, {"there": "yes", **properties})


def told(script: str, *added: CatalogObject) -> list[str]:
    before, now = Snapshot.of(15, ()), Snapshot.of(15, added)
    found = with_others_doings(before, now, doings_of([script], "app"))
    return [headline(each) for each in compare(before, found)]


@pytest.mark.parametrize(
    "its",
    [
        difference("column", "app.notes.colour", "app.notes"),
        difference("constraint", "notes_colour_key on app.notes", "app.notes"),
        difference("table", "app.tags"),
        difference("sequence", "app.tags_id_seq", "app.tags"),
        difference("index", "app.events_2024_at_idx", "app.events_2024", definition="… USING btree (at)"),
    ],
    ids=lambda each: each.kind,
)
def test_what_a_script_names_or_has_named_for_it_is_its_own(its: CatalogObject) -> None:
    assert told(SCRIPT, its) == []


@pytest.mark.parametrize(
    "theirs",
    [
        difference("column", "app.notes.extra", "app.notes", type="text"),
        difference("table", "app.theirs"),
        difference("function", "app.theirs(text)"),
        difference("index", "app.orders_n", "app.orders", definition="… ON app.orders USING btree (n)"),
        difference("policy", "own on app.orders", "app.orders"),
    ],
    ids=lambda each: each.kind,
)
def test_what_no_script_names_is_somebody_elses(theirs: CatalogObject) -> None:
    assert told(SCRIPT, theirs) == [f"{theirs.kind} {theirs.name} was added"]


def test_a_table_of_somebody_elses_is_told_with_all_that_came_with_it() -> None:
    found = with_others_doings(
        Snapshot.of(15, ()),
        Snapshot.of(15, [difference("table", "app.theirs"), difference("column", "app.theirs.id", "app.theirs")]),
        doings_of(["CREATE TABLE tags (id int)"], "app"),
    )
    assert set(found.objects) == {("table", "app.theirs"), ("column", "app.theirs.id")}


@pytest.mark.parametrize(
    "script",
    [
        "DROP TABLE notes CASCADE",
        "GRANT SELECT ON ALL TABLES IN SCHEMA app TO reader",
        "DROP OWNED BY someone",
        "ALTER SCHEMA app RENAME TO shop",
        "DO $$ DECLARE n text; BEGIN SELECT made INTO n FROM plans; EXECUTE 'CREATE TABLE ' || n || ' ()'; END $$",
        "SELECT make_tables()",
        "CALL make_tables()",
        "this is no SQL that anybody knows",
    ],
)
def test_a_script_that_reaches_what_it_does_not_name_may_have_done_anything(script: str) -> None:
    assert told(script, difference("table", "app.theirs")) == []


def test_a_foreign_key_that_cascades_reaches_nothing() -> None:
    script = "ALTER TABLE notes ADD tag int REFERENCES tags ON DELETE CASCADE ON UPDATE CASCADE"
    assert told(script, difference("table", "app.theirs")) == ["table app.theirs was added"]


def test_what_changes_with_a_name_that_a_script_changed_is_its_doing() -> None:
    before = Snapshot.of(15, [difference("column", "app.people.mood", "app.people", type="mood")])
    now = Snapshot.of(15, [difference("column", "app.people.mood", "app.people", type="temper")])
    assert with_others_doings(before, now, doings_of([SCRIPT], "app")).fingerprint == before.fingerprint
