"""What the commands that look say: to people, to scripts, by their exit codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop
    from tests.engine.runner.releases import Notes


def test_validate_names_file_line_and_remedy_and_exits_with_findings(laptop: Laptop, notes: Notes) -> None:
    assert laptop.run("validate").code == 0
    notes.edit_ledger("[20260201_0900_colours]", "[20260201_0900_colors]")
    notes.write(notes.PAINT, "UPDATE notes SET colour = 'blue\n")
    ran = laptop.run("validate")
    assert ran.code == 1
    assert re.search(r"^releases\.yaml:8.*: error: .*20260201_0900_colours", ran.out, re.MULTILINE)
    found = laptop.run("validate", "--json").document
    assert found["valid"] is False
    assert {"file", "line", "column", "message", "remedy", "field", "severity", "excerpt"} == set(found["problems"][0])


def test_validate_reads_the_scripts_too(laptop: Laptop, notes: Notes) -> None:
    notes.write(notes.PAINT, "SELECT 1;\n\\i other.sql\n")
    ran = laptop.run("validate")
    assert ran.code == 1
    assert f"{notes.PAINT}:2:1: error:" in ran.out


def test_a_plan_offline_has_the_hash_that_preflight_will_have(laptop: Laptop) -> None:
    offline = laptop.run("plan", "--offline", "--from", "1.0.0", "--to", "1.2.0", "--json").document["plan"]
    laptop.changed("migrate", "--to", "1.0.0")
    online = laptop.run("plan", "--to", "1.2.0", "--no-backup", "--json").document["plan"]
    assert offline["hash"] == online["hash"]
    assert [m["name"] for m in offline["migrations"]] == [m["name"] for m in online["migrations"]]


def test_a_plan_offline_needs_no_database(laptop: Laptop) -> None:
    ran = type(laptop)(laptop.folder, "").run("plan", "--offline")
    assert ran.code == 0
    assert re.search(r"^plan sha256:[0-9a-f]{64}$", ran.out, re.MULTILINE)


def test_check_says_what_stands_in_the_way_and_changes_nothing(laptop: Laptop, database: Database) -> None:
    assert laptop.run("check", "--to", "1.0.0", "--no-backup").code == 0
    database.run("CREATE TABLE legacy (id int)")
    ran = laptop.run("check", "--no-backup")
    assert ran.code == 1
    assert "BaselineRequired" in ran.out
    assert database.value("SELECT to_regnamespace('dbmigrations')") is None


def test_version_check_tells_by_its_exit_code(laptop: Laptop) -> None:
    assert laptop.run("version", "--check").code == 1
    laptop.changed("migrate")
    assert laptop.run("version", "--check").code == 0
    assert laptop.run("version", "--check", "--expect", "1.1.0").code == 1
    ran = laptop.run("version")
    assert ran.out.startswith("1.2.0\n")


def test_verify_runs_the_assertions_and_changes_nothing(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    assert laptop.run("verify").code == 0
    database.run("INSERT INTO notes (body) VALUES ('unpainted')")
    before = database.value("SELECT count(*) FROM dbmigrations.migration_version")
    ran = laptop.run("verify", "--json")
    assert (ran.code, ran.document["holds"]) == (20, False)
    assert ran.document["findings"][0]["where"] == "migrations/verify/all_are_painted.sql:1:1"
    assert database.value("SELECT count(*) FROM dbmigrations.migration_version") == before


def test_verify_needs_no_directory_where_the_database_keeps_the_assertions(laptop: Laptop) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    ran = laptop.run("verify", "--dir", "nowhere", "--json")
    assert (ran.code, ran.document["files"]) == (0, ["migrations/verify/all_are_painted.sql"])


def test_history_shows_the_newest_first(laptop: Laptop) -> None:
    assert laptop.run("history").out == "this database has no history yet\n"
    laptop.changed("migrate", "--to", "1.1.0")
    lines = laptop.run("history").out.splitlines()
    assert lines[0].split() == ["ID", "WHEN", "RELEASE", "KIND", "NAME", "WHAT", "TOOK", "BY"]
    assert "20260201_1000_paint" in lines[1]
    rows = laptop.run("history", "--json", "--limit", "1").document["rows"]
    assert [(row["name"], row["outcome"]) for row in rows] == [("20260201_1000_paint", "Applied")]


def test_a_run_in_json_is_one_document_with_its_steps(laptop: Laptop) -> None:
    ran = laptop.run("migrate", "--to", "1.0.0", "--no-backup", "--json")
    assert (ran.document["format"], ran.document["command"], ran.document["version"]) == (1, "migrate", "1.0.0")
    assert [step["name"] for step in ran.document["steps"]] == ["Preflight", "Schema", "Verify"]
    refused = laptop.run("migrate", "--to", "9.0.0", "--no-backup", "--json")
    assert (refused.code, refused.document["plan"]["refused"]["reason"]) == (10, "VersionNotFound")
    missing = laptop.run("migrate", "--dir", "nowhere", "--json")
    assert (missing.code, missing.document["error"]["exit"]) == (30, 30)


def test_a_run_writes_a_log_by_the_minute(laptop: Laptop, notes: Notes) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    (log,) = (notes.root / "logs").iterdir()
    assert re.fullmatch(r"migration_\d{8}_\d{4}\.log", log.name)
    text = log.read_text()
    assert "Verify 1.0.0 done" in text
    laptop.changed("migrate", "--to", "1.1.0", "--log-dir", "elsewhere")
    assert len(list((laptop.folder / "elsewhere").iterdir())) == 1


def test_a_log_that_cannot_be_written_is_said_and_stops_nothing(laptop: Laptop) -> None:
    (laptop.folder / "taken").write_text("")
    ran = laptop.changed("migrate", "--to", "1.0.0", "--log-dir", "taken/logs")
    assert "no log is written" in ran.err


def test_unreleased_files_are_cut_into_a_release(laptop: Laptop, notes: Notes) -> None:
    notes.write("migrations/sql/20260401_0900_tags.sql", "CREATE TABLE tags (id int);\n")
    assert "unreleased" in laptop.run("validate").out
    assert laptop.run("release", "cut", "1.2.0").code == 2
    ran = laptop.run("release", "cut", "1.3.0", "--description", "Tags", "--json")
    assert (ran.code, ran.document["listed"]) == (0, ["sql 20260401_0900_tags"])
    assert laptop.run("version", "--json").document["expected"] == "1.3.0"


def test_nothing_is_coloured_where_nobody_looks(laptop: Laptop) -> None:
    for words in (["version"], ["validate"], ["migrate", "--no-backup"], ["history"]):
        assert "\x1b" not in laptop.run(*words).all


def test_a_dry_run_shows_the_plan_and_changes_nothing(laptop: Laptop, database: Database, notes: Notes) -> None:
    ran = laptop.run("migrate", "--no-backup", "--dry-run")
    assert (ran.code, "↑ schema 20260101000000_init" in ran.out) == (0, True)
    assert laptop.run("migrate", "--no-backup", "--dry-run", "--json").document["dry_run"] is True
    assert database.value("SELECT to_regnamespace('dbmigrations') IS NULL AND to_regclass('notes') IS NULL")
    assert not (notes.root / "logs").exists()
    laptop.changed("migrate", "--to", "1.1.0")
    before = database.value("SELECT count(*) FROM dbmigrations.migration_run")
    assert laptop.run("rollback", "--to", "1.0.0", "--no-backup", "--dry-run").code == 0
    assert laptop.run("migrate", "--to", "9.9.9", "--no-backup", "--dry-run").code == 10
    assert database.value("SELECT count(*) FROM dbmigrations.migration_run") == before


def test_a_plan_says_what_each_statement_locks_how_large_that_is_and_whether_it_comes_back(
    laptop: Laptop, database: Database, notes: Notes
) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    database.run("INSERT INTO notes (body) SELECT repeat('x', 1000) FROM generate_series(1, 1000)")
    notes.write(notes.VIEW, "ALTER TABLE notes DROP COLUMN body;\n")
    ran = laptop.run("plan", "--to", "1.1.0", "--no-backup", "--json")
    add, drop = (m["operations"][0] for m in ran.document["plan"]["migrations"][:2])
    assert (add["class"], add["lock"], add["undo"]) == ("additive", "ACCESS EXCLUSIVE", "Down")
    assert (drop["class"], drop["undo"], drop["line"], drop["column"]) == ("destructive", "WithoutData", 1, 1)
    (notes.root / "migrations/sql/20260201_0900_colours.down.sql").unlink()
    shown = laptop.run("plan", "--to", "1.1.0", "--no-backup").out
    assert "cannot be undone: it has no down" in shown
    assert "locks" in shown


def test_a_run_shows_each_statement_as_a_line_where_nobody_looks(laptop: Laptop, notes: Notes) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    notes.write(notes.VIEW, "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\n")
    ran = laptop.changed("migrate", "--to", "1.1.0")
    assert f"1/2 {notes.VIEW}:1\n" in ran.err
    assert f"2/2 {notes.VIEW}:2\n" in ran.err


def test_a_role_that_cannot_be_set_has_no_next_step_of_a_failed_migration(laptop: Laptop) -> None:
    ran = laptop.run("plan", "--role", "nope")
    assert ran.code == 20
    assert "cannot SET ROLE nope" in ran.err
    assert "next:" not in ran.err


def test_what_is_dropped_from_a_table_names_the_table_that_it_locks_and_its_size(
    laptop: Laptop, notes: Notes, database: Database
) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    database.run(
        "CREATE INDEX by_body ON notes (body)",
        "CREATE POLICY mine ON notes USING (true)",
        "CREATE TRIGGER t BEFORE UPDATE ON notes EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        user=database.owner,
    )
    for statement in ("DROP INDEX by_body", "DROP POLICY mine ON notes", "DROP TRIGGER t ON notes"):
        notes.write(notes.COUNT, f"{statement};\n")
        (operation,) = laptop.run("plan", "--json").document["plan"]["migrations"][0]["operations"]
        assert (operation["relation"], operation["lock"]) == ("notes", "ACCESS EXCLUSIVE")
        assert operation["bytes"] > 0
