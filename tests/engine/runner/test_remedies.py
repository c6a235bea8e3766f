"""What `dbmigrate check` finds has a way out that a person can go, as its own text says; then nothing is in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop
    from tests.engine.runner.releases import Notes

EARLY = "migrations/sql/20260201_0800_early.sql"
COLOURS = "sql: [20260201_0900_colours]\n"
BY_HAND = ("SET session_replication_role = replica; ALTER TABLE dbmigrations.migration_history DISABLE TRIGGER ALL",)


def findings(laptop: Laptop, *words: str) -> list[dict[str, Any]]:
    ran = laptop.run("check", "--json", "--no-backup", *words)
    found = [each for each in ran.document["findings"] if each["what"] != "drift"]
    assert ran.code == (1 if any(each["stands_in_the_way"] for each in found) else 0), ran.all
    return found


def the_one(laptop: Laptop, *words: str) -> dict[str, Any]:
    (found,) = findings(laptop, *words)
    assert found["remedy"]
    return found


def nothing_is_left(laptop: Laptop) -> None:
    assert findings(laptop) == []
    assert laptop.run("migrate", "--no-backup").code == 0


def test_a_line_that_was_lost_is_put_back(laptop: Laptop, notes: Notes) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    notes.edit_ledger(COLOURS, "sql: []\n")
    found = the_one(laptop)
    assert (found["what"], found["subject"]) == ("missing", "sql/20260201_0900_colours")
    assert "put its line back under 1.1.0" in found["remedy"]
    assert laptop.run("migrate", "--no-backup").code == 10
    notes.restore(notes.LEDGER)
    nothing_is_left(laptop)


def test_a_file_that_was_lost_for_good_is_stood_in_for_and_accepted(
    laptop: Laptop, notes: Notes, database: Database
) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    notes.edit_ledger(COLOURS, "sql: []\n")
    (notes.root / notes.VIEW).unlink()
    remedy = the_one(laptop)["remedy"]
    assert "where its file is lost, a stand-in of comments is accepted" in remedy
    notes.restore(notes.LEDGER)
    notes.write(notes.VIEW, "-- lost in the move to another repository\n")
    told = the_one(laptop)
    assert told["what"] == "edited"
    words = ("check", "--accept", told["subject"], "--reason", "its file is lost", "--no-backup")
    assert all(f"--accept {told['subject']}" in text for text in (remedy, told["remedy"]))
    assert laptop.run(*words).code == 0
    nothing_is_left(laptop)
    assert (
        database.value("SELECT description FROM dbmigrations.migration_history WHERE outcome = 'Accepted'")
        == "its file is lost"
    )
    back = laptop.run("rollback", "--to-version", "1.0.0", "--yes", "--no-backup", "--json")
    if back.code == 10:  # it loses values and takes no backup
        plan = laptop.run("plan", "--to", "1.0.0", "--json", "--no-backup").document["plan"]
        back = laptop.run("rollback", "--to-version", "1.0.0", "--yes", "--no-backup", "--approve", plan["hash"])
    assert back.code == 0, "the stored down is still there"


def test_a_line_that_moved_is_put_back(laptop: Laptop, notes: Notes) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    notes.edit_ledger(COLOURS, "sql: []\n")
    notes.edit_ledger("sql: [20260301_0900_count]", "sql: [20260301_0900_count, 20260201_0900_colours]")
    assert the_one(laptop, "--to", "1.1.0")["what"] == "moved"
    assert not findings(laptop, "--to", "1.2.0")[0]["stands_in_the_way"]
    notes.restore(notes.LEDGER)
    nothing_is_left(laptop)


@pytest.mark.parametrize("way", ["a release of its own", "allowed"])
def test_a_migration_that_was_inserted_is_moved_or_allowed(laptop: Laptop, notes: Notes, way: str) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    notes.write(EARLY, "CREATE TABLE early (id int);\n")
    notes.edit_ledger(COLOURS, "sql: [20260201_0800_early, 20260201_0900_colours]\n")
    found = the_one(laptop)
    assert found["what"] == "inserted"
    assert "move it to a new release, or allow it with --changed-release Apply" in found["remedy"]
    assert laptop.run("migrate", "--no-backup").code == 10
    if way == "allowed":
        assert laptop.run("migrate", "--no-backup", "--changed-release", "Apply", "--out-of-order", "Apply").code == 0
        assert not any(each["stands_in_the_way"] for each in findings(laptop))
        assert laptop.run("migrate", "--no-backup").code == 0
    else:
        notes.restore(notes.LEDGER)
        notes.edit_ledger("sql: [20260301_0900_count]", "sql: [20260201_0800_early, 20260301_0900_count]")
        nothing_is_left(laptop)


@pytest.mark.parametrize("way", ["a release of its own", "allowed"])
def test_a_migration_that_comes_late_is_moved_or_allowed(laptop: Laptop, notes: Notes, way: str) -> None:
    notes.edit_ledger("  - version: 1.1.0\n", "  - version: 1.0.5\n    sql: []\n  - version: 1.1.0\n")
    laptop.changed("migrate", "--to", "1.1.0")
    notes.write(EARLY, "CREATE TABLE early (id int);\n")
    notes.edit_ledger("  - version: 1.0.5\n    sql: []\n", "  - version: 1.0.5\n    sql: [20260201_0800_early]\n")
    found = the_one(laptop)
    assert found["what"] in {"late", "inserted"}
    assert laptop.run("migrate", "--no-backup").code == 10
    if way == "allowed":
        allowed = ("--out-of-order", "Apply", "--changed-release", "Apply")
        assert laptop.run("migrate", "--no-backup", *allowed).code == 0
        assert not any(each["stands_in_the_way"] for each in findings(laptop))
    else:
        notes.edit_ledger("sql: [20260201_0800_early]\n", "sql: []\n")
        notes.edit_ledger("sql: [20260301_0900_count]", "sql: [20260201_0800_early, 20260301_0900_count]")
        nothing_is_left(laptop)


def test_migrations_in_another_order_stand_in_nobodys_way_and_are_put_back(laptop: Laptop, notes: Notes) -> None:
    notes.write(EARLY, "CREATE TABLE early (id int);\n")
    notes.edit_ledger(COLOURS, "sql: [20260201_0800_early, 20260201_0900_colours]\n")
    laptop.changed("migrate", "--to", "1.1.0")
    notes.edit_ledger("[20260201_0800_early, 20260201_0900_colours]", "[20260201_0900_colours, 20260201_0800_early]")
    found = the_one(laptop)
    assert (found["what"], found["stands_in_the_way"]) == ("reordered", False)
    assert laptop.run("migrate", "--no-backup").code == 0
    notes.edit_ledger("[20260201_0900_colours, 20260201_0800_early]", "[20260201_0800_early, 20260201_0900_colours]")
    nothing_is_left(laptop)


def test_another_down_is_stored_as_the_remedy_says(laptop: Laptop, notes: Notes) -> None:
    laptop.changed("migrate")
    notes.write("migrations/sql/20260301_0900_count.down.sql", "DROP TABLE IF EXISTS totals;\n")
    found = the_one(laptop)
    assert found["what"] == "other down"
    words = found["remedy"].partition("`dbmigrate ")[2].partition("`")[0].replace("…", "better").split()
    words[words.index("--file") + 1] = str(notes.root / words[words.index("--file") + 1])
    assert laptop.run(*words).code == 0
    nothing_is_left(laptop)


def test_a_history_changed_by_hand_is_accepted_as_it_is_and_told_when_it_changes_again(
    laptop: Laptop, database: Database
) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    accept = ("check", "--accept", "history", "--reason", "a name was removed on request", "--no-backup")
    assert laptop.run(*accept).code == 2, "nothing was changed"
    database.run(*BY_HAND, "UPDATE dbmigrations.migration_history SET requested_by = 'nobody' WHERE id = 2")
    found = the_one(laptop)
    assert found["what"] == "tampered"
    assert "`dbmigrate check --accept history --reason …`" in found["remedy"]
    assert laptop.run(*accept).code == 0
    nothing_is_left(laptop)
    row = database.rows(
        "SELECT message, plan -> 'accepted' ->> 'by' <> '', plan -> 'accepted' ->> 'database_user'"
        " FROM dbmigrations.migration_run WHERE plan ? 'accepted_history'"
    )
    assert row == [("a name was removed on request", True, database.owner)]
    (shown,) = laptop.run("history", "--json").document["accepted_rows"]
    assert (shown["up_to"], shown["reason"]) == (4, "a name was removed on request")
    assert "rows up to 4 accepted as they are" in laptop.run("history").out
    database.run(*BY_HAND, "UPDATE dbmigrations.migration_history SET requested_by = 'someone' WHERE id = 1")
    assert "at or before row 4, again since it was accepted" in the_one(laptop)["message"]
    assert laptop.run(*accept).code == 0
    database.run(*BY_HAND, "UPDATE dbmigrations.migration_history SET requested_by = 'x' WHERE id = 5")
    assert "at or before row 5, again" in the_one(laptop)["message"]


def test_a_history_that_was_cut_off_is_accepted_and_set_right(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate")
    database.run(*BY_HAND, "DELETE FROM dbmigrations.migration_history WHERE name LIKE '%count'")
    tampered, inserted = findings(laptop)
    assert "the newest rows of the history are gone" in tampered["message"]
    assert inserted["what"] == "inserted"
    laptop.run("check", "--accept", "history", "--reason", "restored by halves", "--no-backup")
    assert findings(laptop) == [inserted]
    said = laptop.run("version", "set", "1.2.0", "--reason", "the table is there", "--yes")
    assert said.code == 0, said.all
    nothing_is_left(laptop)
