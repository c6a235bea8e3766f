"""What `dbmigrate history` tells beside what was run: exceptions, and why something was only recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop
    from tests.engine.runner.releases import Notes


def table(laptop: Laptop) -> list[str]:
    ran = laptop.run("history")
    assert ran.code == 0, ran.all
    return ran.out.splitlines()


def rows(laptop: Laptop) -> list[dict[str, Any]]:
    found = laptop.run("history", "--json").document["rows"]
    assert isinstance(found, list)
    return found


def test_the_exceptions_of_a_script_are_shown_with_their_reasons(laptop: Laptop, notes: Notes) -> None:
    reason = "nobody reads it, and whoever did was asked twice in the meeting of May"
    notes.write(
        notes.COUNT,
        f"CREATE TABLE totals (n bigint NOT NULL);\n-- migrate: allow=destructive,rewriting reason={reason}\n"
        "ALTER TABLE notes DROP COLUMN body;\n-- migrate: class=additive reason=an extension that adds\n"
        "DO $$ BEGIN EXECUTE 'CREATE TABLE x (i int)'; END $$;\n",
    )
    laptop.changed("migrate", "--to", "1.1.0")
    assert "WHY" not in table(laptop)[0]
    laptop.changed("migrate", "--exceptions", "Honour", "--approval", "Never", "--approve", approval(laptop))

    newest = rows(laptop)[0]
    lines = table(laptop)

    assert newest["exceptions"] == [
        {"line": 3, "column": 1, "directive": "allow", "classes": ["destructive", "rewriting"], "reason": reason},
        {"line": 5, "column": 1, "directive": "class", "classes": ["additive"], "reason": "an extension that adds"},
    ]
    assert newest["reason"] == ""
    assert lines[0].split()[-1] == "WHY"
    assert "allow=destructive,rewriting: nobody reads it, and whoever d…" in lines[1]
    assert lines[2].strip() == "class=additive: an extension that adds"


def test_the_reason_of_a_set_version_is_shown(laptop: Laptop) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    done = laptop.run("version", "set", "1.2.0", "--reason", "made by hand", "--despite-catalog", "--yes")
    assert done.code == 0, done.all

    assert (rows(laptop)[0]["outcome"], rows(laptop)[0]["reason"]) == ("Baselined", "made by hand")
    assert table(laptop)[1].endswith("made by hand")
    assert [row["reason"] for row in rows(laptop)[1:]] == ["", "", "", ""]


def test_the_reason_of_an_accepted_file_and_of_a_replaced_down_is_shown(laptop: Laptop, notes: Notes) -> None:
    laptop.changed("migrate")
    notes.write(notes.COUNT, "CREATE TABLE totals (n bigint NOT NULL); -- for the accounts\n")
    accepted = laptop.run("check", "--accept", "sql/20260301_0900_count", "--reason", "a comment", "--no-backup")
    assert accepted.code in {0, 1}, accepted.all
    mended = notes.root.parent / "mended.sql"
    mended.write_text("DROP TABLE IF EXISTS totals;\n")
    words = ("sql/20260301_0900_count", "--file", str(mended), "--reason", "it failed on an empty database")
    assert laptop.run("history", "replace-down", *words).code == 0

    newest = rows(laptop)[:2]

    assert [(row["outcome"], row["reason"]) for row in newest] == [
        ("DownReplaced", "it failed on an empty database"),
        ("Accepted", "a comment"),
    ]
    assert table(laptop)[1].endswith("it failed on an empty database")


def test_accepted_drift_is_shown_below(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    database.run("ALTER TABLE notes ADD COLUMN extra int", user=database.owner)
    accepted = laptop.run("check", "--accept", "drift", "--reason", "an experiment that stays", "--no-backup")
    assert accepted.code in {0, 1}, accepted.all

    (drift,) = laptop.run("history", "--json").document["accepted_drift"]

    assert (drift["version"], drift["reason"]) == ("1.1.0", "an experiment that stays")
    assert table(laptop)[-1].startswith("drift accepted at 1.1.0, ")
    assert table(laptop)[-1].endswith(": an experiment that stays")


def approval(laptop: Laptop) -> str:
    """The hash of what is planned now, for it loses data and takes no backup."""
    plan = laptop.run("plan", "--json", "--no-backup").document["plan"]
    return str(plan["hash"])
