"""Drift, edited files, a tampered history: told by `dbmigrate check`, obeyed by preflight, accepted with a reason."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.step import Outcome, RequestedPolicy
from dbmigrations.api.words import DriftPolicy
from dbmigrations.postgres.tables import FORMAT
from tests.engine.runner.test_again import until

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator
    from tests.engine.runner.releases import Notes

REFUSING = ("--drift", "Refuse", "--no-backup")


def drift(laptop: Laptop, *words: str) -> list[str]:
    answer = laptop.run("check", "--json", "--no-backup", *words).document
    return [each["message"] for each in answer["findings"] if each["what"] == "drift"]


def test_drift_is_told_object_by_object_and_stops_nothing_by_itself(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    assert not drift(laptop)
    database.run("ALTER TABLE notes ADD extra int", "CREATE INDEX notes_body ON notes (body)", user=database.owner)
    told = laptop.run("check", "--no-backup")
    assert told.code == 0, told.all
    assert "column public.notes.extra was added by someone" in told.out
    assert "index public.notes_body was added by someone" in told.out
    ran = laptop.changed("migrate")
    assert "drift since 1.1.0" in ran.err


def test_what_a_database_consists_of_is_kept_at_the_end_of_a_run_however_many_releases_it_passes(
    laptop: Laptop, database: Database
) -> None:
    laptop.changed("migrate", "--to", "1.2.0")
    assert database.rows("SELECT version FROM dbmigrations.migration_version ORDER BY id") == [
        ("1.0.0",),
        ("1.1.0",),
        ("1.2.0",),
    ]
    assert database.rows("SELECT cause, version FROM dbmigrations.catalog_snapshot") == [("Verified", "1.2.0")]
    assert not drift(laptop)


def test_with_refuse_nothing_is_applied_over_drift(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    database.run("ALTER TABLE notes ADD extra int", user=database.owner)
    assert laptop.run("check", *REFUSING).code == 1
    refused = laptop.run("migrate", *REFUSING)
    assert refused.code == 10, refused.all
    assert "Drifted" in refused.err
    assert "column public.notes.extra was added" in refused.err
    assert laptop.run("migrate", *REFUSING, "--drift-ignore", "column public.notes.ex*").code == 0


def test_a_resource_is_refused_and_goes_on_once_the_drift_is_gone(operator: Operator, database: Database) -> None:
    operator.migrate("1.1.0")
    database.run("ALTER TABLE notes ADD extra int", user=database.owner)
    policy = RequestedPolicy(drift=DriftPolicy.REFUSE)
    _, result = operator.preflight("1.2.0", policy=policy)
    assert (result.outcome, result.reason) == (Outcome.REFUSED, Refusal.DRIFTED), operator.log
    database.run("ALTER TABLE notes DROP extra", user=database.owner)
    assert operator.migrate("1.2.0", policy=policy)[-1].outcome is Outcome.SUCCEEDED, operator.log


def test_drift_that_was_there_before_a_run_fails_no_verify_and_stays_drift(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    database.run("ALTER TABLE notes ADD extra int", "CREATE TABLE theirs (id int)", user=database.owner)
    laptop.changed("migrate")
    told = drift(laptop)
    assert "column public.notes.extra was added by someone" in told
    assert any(each.startswith("table public.theirs was added by someone") for each in told)
    assert len(told) == 2, "nothing of the migrations themselves counts as drift"


def test_accepted_drift_is_none_any_more_and_says_who_and_why(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    database.run("ALTER TABLE notes ADD extra int", user=database.owner)
    assert laptop.run("check", "--accept", "drift", "--no-backup").code == 2, "without a reason"
    accepted = laptop.run("check", "--accept", "drift", "--reason", "an index for the night shift", *REFUSING)
    assert accepted.code == 0, accepted.all
    assert not drift(laptop)
    row = database.rows(
        "SELECT reason, taken_by <> '', version FROM dbmigrations.catalog_snapshot WHERE cause = 'Accepted'"
    )
    assert row == [("an index for the night shift", True, "1.1.0")]
    assert laptop.run("migrate", *REFUSING).code == 0


def test_after_a_run_that_failed_half_way_its_own_doing_is_no_drift(
    laptop: Laptop, database: Database, notes: Notes
) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    notes.write(notes.PAINT, "UPDATE nowhere SET x = 1;\n")
    assert laptop.run("migrate", "--no-backup").code == 20
    assert not drift(laptop)
    database.run("ALTER TABLE notes ADD extra int", user=database.owner)
    assert drift(laptop) == ["column public.notes.extra was added by someone"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_drift_that_a_killed_run_had_found_is_still_drift_for_the_next(
    laptop: Laptop, database: Database, notes: Notes, number: signal.Signals
) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    database.run("ALTER TABLE notes ADD extra int", "CREATE TABLE theirs (id int)", user=database.owner)
    notes.write(notes.PAINT, "SELECT pg_sleep(600);\n")
    plan = laptop.run("plan", "--json", "--no-backup").document["plan"]
    with laptop.started("migrate", "--no-backup", "--approve", plan["hash"]) as process:
        until(lambda: database.rows("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        process.send_signal(number)
        laptop.end(process)
    until(lambda: not database.rows("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
    database.run("DROP TABLE theirs")
    notes.restore(notes.PAINT)
    assert drift(laptop) == ["column public.notes.extra was added by someone"]
    refused = laptop.run("migrate", *REFUSING)
    assert refused.code == 10, refused.all
    assert "column public.notes.extra was added" in refused.err
    plan = laptop.run("plan", "--json", "--no-backup").document["plan"]
    laptop.changed("migrate", "--yes", "--approve", plan["hash"])
    assert drift(laptop) == ["column public.notes.extra was added by someone"], "nor does it end with the verify"


def test_what_somebody_changes_behind_a_killed_run_is_told_unless_the_run_can_have_done_it(
    laptop: Laptop, database: Database, notes: Notes
) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    notes.write(notes.PAINT, "UPDATE notes SET colour = 'red';\nSELECT pg_sleep(600);\n")
    plan = laptop.run("plan", "--json", "--no-backup").document["plan"]
    with laptop.started("migrate", "--no-backup", "--approve", plan["hash"]) as process:
        until(lambda: database.rows("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        process.kill()
    until(lambda: not database.rows("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
    assert drift(laptop) == [], "the column and the view are the run's"
    database.run("ALTER TABLE notes ADD extra int", "CREATE TABLE theirs (id int)", user=database.owner)
    told = drift(laptop)
    assert "column public.notes.extra was added by someone" in told
    assert any(each.startswith("table public.theirs was added by someone") for each in told)
    assert len(told) == 2
    notes.restore(notes.PAINT)
    refused = laptop.run("migrate", *REFUSING)
    assert refused.code == 10, refused.all
    assert "column public.notes.extra was added" in refused.err
    database.run("ALTER TABLE notes DROP extra", "DROP TABLE theirs")
    plan = laptop.run("plan", "--json", *REFUSING).document["plan"]
    went_on = laptop.run("migrate", "--yes", "--approve", plan["hash"], *REFUSING)
    assert went_on.code == 0, went_on.all
    assert drift(laptop) == []


def test_setting_a_version_takes_what_is_there_for_right_and_tells_drift_from_there(
    laptop: Laptop, database: Database
) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    database.run("CREATE TABLE totals (n bigint NOT NULL)", "ALTER TABLE notes ADD extra int", user=database.owner)
    words = ("version", "set", "1.2.0", "--reason", "done by hand at night")
    tried = laptop.run(*words, "--dry-run")
    assert "column public.notes.extra was added: taken as it is" in tried.out
    told = laptop.run(*words, "--yes", "--json")
    assert told.code == 0, told.all
    assert told.document["drift"] == ["column public.notes.extra was added", "table public.totals was added"]
    assert not drift(laptop)
    database.run("ALTER TABLE notes ADD more int", user=database.owner)
    assert drift(laptop) == ["column public.notes.more was added by someone"]
    assert laptop.run("check", *REFUSING).code == 1
    assert database.value("SELECT reason FROM dbmigrations.catalog_snapshot ORDER BY id DESC LIMIT 1") == words[-1]


def test_an_edited_file_is_told_with_its_place_and_may_be_accepted(
    laptop: Laptop, notes: Notes, database: Database
) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    notes.write(notes.VIEW, "CREATE VIEW coloured AS SELECT id, colour FROM notes WHERE NOT colour IS NULL;\n")
    told = laptop.run("check", "--no-backup")
    assert told.code == 1
    assert f"{notes.VIEW}:1: edited: sql/20260201_0900_colours (release 1.1.0) was edited" in told.out
    assert "--accept sql/20260201_0900_colours" in told.out
    accepted = laptop.run("check", "--accept", "sql/20260201_0900_colours", "--reason", "same thing", "--no-backup")
    assert accepted.code == 0, accepted.all
    assert laptop.run("migrate", "--no-backup").code == 0, "preflight agrees"
    row = database.rows(
        "SELECT description, requested_by <> '' FROM dbmigrations.migration_history WHERE outcome = 'Accepted'"
    )
    assert row == [("same thing", True)]
    assert not laptop.run("check", "--json", "--no-backup").document["findings"]
    notes.restore(notes.VIEW)
    assert laptop.run("check", "--no-backup").code == 1, "accepted was that text, not any"


def test_lines_that_are_missing_moved_inserted_or_turned_round_are_told(laptop: Laptop, notes: Notes) -> None:
    laptop.changed("migrate")
    notes.edit_ledger("sql: [20260201_0900_colours]\n", "sql: [20260201_0800_early]\n")
    notes.edit_ledger("sql: [20260301_0900_count]", "sql: [20260301_0900_count, 20260201_0900_colours]")
    notes.write("migrations/sql/20260201_0800_early.sql", "SELECT 1;\n")
    found = laptop.run("check", "--json", "--no-backup").document["findings"]
    assert {(each["what"], each["subject"]) for each in found} == {
        ("moved", "sql/20260201_0900_colours"),
        ("inserted", "sql/20260201_0800_early"),
        ("reordered", "sql/20260301_0900_count"),
        ("reordered", "data/20260201_1000_paint"),
    }
    assert all(each["where"].startswith("releases.yaml:") and each["remedy"] for each in found)


def test_a_history_that_was_changed_or_cut_off_by_hand_is_told(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate")
    database.run(
        "SET session_replication_role = replica; ALTER TABLE dbmigrations.migration_history DISABLE TRIGGER ALL"
    )
    database.run("UPDATE dbmigrations.migration_history SET requested_by = 'nobody' WHERE id = 2")
    told = laptop.run("check", "--no-backup")
    assert told.code == 1
    assert "the history was changed by hand at or before row 2" in told.out
    database.run("DELETE FROM dbmigrations.migration_history WHERE id >= 2")
    told = laptop.run("check", "--no-backup")
    assert told.code == 1
    assert "the newest rows of the history are gone" in told.out


def test_a_replaced_down_is_what_a_rollback_runs(laptop: Laptop, database: Database, notes: Notes) -> None:
    laptop.changed("migrate")
    mended = notes.root.parent / "mended.sql"
    mended.write_text("DROP TABLE totals;\nCREATE TABLE was_mended (id int);\n")
    words = (
        "history",
        "replace-down",
        "sql/20260301_0900_count",
        "--file",
        str(mended),
        "--reason",
        "it forgot something",
    )
    done = laptop.run(*words)
    assert done.code == 0, done.all
    for path in sorted(notes.root.rglob("*count*")):
        path.unlink()
    notes.edit_ledger("  - version: 1.2.0\n    description: Counted notes\n    sql: [20260301_0900_count]\n", "")
    back = laptop.run("rollback", "--to-version", "1.1.0", "--yes", "--no-backup")
    assert back.code in {0, 10}, back.all
    if back.code == 10:  # it loses a table and takes no backup
        plan = laptop.run("plan", "--to", "1.1.0", "--json", "--no-backup").document["plan"]
        back = laptop.run("rollback", "--to-version", "1.1.0", "--yes", "--no-backup", "--approve", plan["hash"])
    assert back.code == 0, back.all
    assert database.value("SELECT to_regclass('was_mended') IS NOT NULL")
    assert database.value("SELECT description FROM dbmigrations.migration_history WHERE outcome = 'DownReplaced'") == (
        "it forgot something"
    )


def test_a_down_is_replaced_only_of_what_is_applied_and_by_what_can_be_run(laptop: Laptop, notes: Notes) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    mended = notes.root.parent / "mended.sql"
    mended.write_text("DROP TABLE totals;\n")
    reason = ("--file", str(mended), "--reason", "why")
    assert laptop.run("history", "replace-down", "sql/20260301_0900_count", *reason).code == 20
    assert laptop.run("history", "replace-down", "nonsense", *reason).code == 2
    mended.write_text("DROP TABLE (;\n\\connect elsewhere\n")
    assert laptop.run("history", "replace-down", "sql/20260201_0900_colours", *reason).code == 20


def test_tables_of_format_1_become_those_of_today(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    database.run(
        "DROP TABLE dbmigrations.catalog_snapshot, dbmigrations.catalog_content, dbmigrations.backfill_checkpoint,"
        " dbmigrations.settled",
        "ALTER TABLE dbmigrations.migration_history DROP CONSTRAINT migration_history_outcome_check",
        "ALTER TABLE dbmigrations.migration_history ADD CONSTRAINT migration_history_outcome_check"
        " CHECK (outcome IN ('Applied', 'Undone', 'Failed', 'Baselined'))",
        "UPDATE dbmigrations.format SET version = 1",
    )
    assert laptop.run("check", "--no-backup").code == 0, "who only looks needs no upgrade"
    laptop.changed("migrate")
    assert database.value("SELECT version FROM dbmigrations.format") == FORMAT
    assert not drift(laptop)
