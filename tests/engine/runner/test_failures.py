"""What fails says where and why, leaves nothing half-done, and goes on from there when it is mended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Failure, Refusal
from dbmigrations.api.step import Outcome, Trigger

if TYPE_CHECKING:
    from dbmigrations.api.step import StepResult
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator
    from tests.engine.runner.releases import Notes

BROKEN_VIEW = "CREATE TABLE scratch (id int);\nCREATE VIEW coloured AS\n  SELECT id, color FROM notes;\n"


def applied(database: Database) -> list[str]:
    rows = database.rows(
        "SELECT DISTINCT ON (kind, name) name, outcome FROM dbmigrations.migration_history"
        " WHERE outcome IN ('Applied', 'Undone') ORDER BY kind, name, id DESC"
    )
    return sorted(name for name, outcome in rows if outcome == "Applied")


def fail_at_the_view(operator: Operator, notes: Notes) -> StepResult:
    operator.migrate("1.0.0")
    notes.write(notes.VIEW, BROKEN_VIEW)
    operator.generation = 2
    return operator.migrate("1.1.0")[-1]


def test_an_error_names_file_line_column_and_sqlstate(operator: Operator, notes: Notes) -> None:
    failed = fail_at_the_view(operator, notes)
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, Failure.MIGRATION_FAILED)
    assert f"{notes.VIEW}:3:14" in failed.message
    assert 'column "color" does not exist' in failed.message
    assert "SQLSTATE 42703" in failed.message
    assert failed.current_version == "1.0.0*"


def test_nothing_of_the_failed_migration_stays_and_what_came_before_it_does(
    operator: Operator, notes: Notes, database: Database
) -> None:
    fail_at_the_view(operator, notes)
    assert database.value("SELECT to_regclass('scratch')") is None
    assert applied(database) == ["20260101000000_init", "20260201000000_add_colour"]


def test_the_mended_file_goes_on_where_it_stopped(operator: Operator, notes: Notes, database: Database) -> None:
    fail_at_the_view(operator, notes)
    notes.restore(notes.VIEW)
    # The column is there now, but painting fills only what is NULL: nothing is lost, and no approval is asked for.
    results = operator.migrate("1.1.0", trigger=Trigger.RETRY)
    assert [r.step.name for r in results] == ["Preflight", "SQL", "Data", "Verify"]
    assert results[-1].current_version == "1.1.0"
    assert database.value("SELECT count(*) FROM dbmigrations.migration_history WHERE name LIKE '%add_colour'") == 1


def test_a_lowered_version_instead_undoes_exactly_what_was_applied(
    operator: Operator, notes: Notes, database: Database
) -> None:
    fail_at_the_view(operator, notes)
    operator.generation = 3
    results = operator.migrate("1.0.0")
    assert [r.step.name for r in results] == ["Preflight", "Schema", "Verify"]
    assert results[-1].current_version == "1.0.0"
    assert applied(database) == ["20260101000000_init"]


def test_the_same_generation_asked_again_reports_the_failure_and_repeats_nothing(
    operator: Operator, notes: Notes, database: Database
) -> None:
    failed = fail_at_the_view(operator, notes)
    before = database.value("SELECT count(*) FROM dbmigrations.migration_history")
    _, again = operator.preflight("1.1.0")
    assert (again.outcome, again.reason, again.message) == (Outcome.FAILED, failed.reason, failed.message)
    assert database.value("SELECT count(*) FROM dbmigrations.migration_history") == before


def test_a_rollback_after_a_failure_undoes_just_that_run(operator: Operator, notes: Notes, database: Database) -> None:
    failed = fail_at_the_view(operator, notes)
    results = operator.migrate("1.1.0", trigger=Trigger.ON_FAILURE_ROLLBACK, undo_run=failed.run)
    assert [r.outcome for r in results] == [Outcome.SUCCEEDED] * len(results)
    assert results[-1].current_version == "1.0.0"
    assert applied(database) == ["20260101000000_init"]


def test_where_the_failed_run_had_applied_nothing_nothing_is_undone_and_no_version_is_claimed(
    operator: Operator, notes: Notes, database: Database
) -> None:
    operator.migrate("1.0.0")
    notes.write(notes.COLOUR, "ALTER TABLE no_such_table ADD COLUMN colour text;\n")
    operator.generation = 2
    failed = operator.migrate("1.1.0")[-1]
    assert failed.reason is Failure.MIGRATION_FAILED, operator.log
    (undone,) = operator.migrate("1.1.0", trigger=Trigger.ON_FAILURE_ROLLBACK, undo_run=failed.run)
    assert (undone.outcome, undone.current_version) == (Outcome.SUCCEEDED, "1.0.0")
    assert undone.message == "the failed run had applied nothing: nothing to undo, the database is at 1.0.0"
    assert applied(database) == ["20260101000000_init"]


def test_an_assertion_that_is_false_stops_the_walk_and_the_version_does_not_move(
    operator: Operator, notes: Notes, database: Database
) -> None:
    operator.migrate("1.0.0")
    notes.write(notes.ASSERTION, "SELECT true;\nSELECT count(*) > 0 FROM notes;\n")
    operator.generation = 2
    results = operator.migrate("1.2.0")
    failed = results[-1]
    assert (failed.step.name, failed.step.release, failed.reason) == ("Verify", "1.1.0", Failure.VERIFY_FAILED)
    assert f"{notes.ASSERTION}:2:1: is false" in failed.message
    assert failed.current_version == "1.0.0*"
    assert database.value("SELECT to_regclass('totals')") is None


def test_a_file_that_changes_between_preflight_and_its_step_is_not_run(
    operator: Operator, notes: Notes, database: Database
) -> None:
    request, planned = operator.preflight("1.0.0")
    notes.write("prisma/migrations/20260101000000_init/migration.sql", "CREATE TABLE other (id int);\n")
    failed = operator.follow(request, planned)[-1]
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, Failure.PLAN_CHANGED)
    assert database.value("SELECT to_regclass('other')") is None


def test_a_database_restored_in_the_middle_of_a_run_is_noticed_by_the_next_step(
    operator: Operator, database: Database
) -> None:
    request, planned = operator.preflight("1.1.0")
    hash_ = planned.plan.hash if planned.plan else ""
    first = operator.job(request.model_copy(update={"step": planned.next, "plan_hash": hash_}))
    verified = operator.job(request.model_copy(update={"step": first.next, "plan_hash": hash_}))
    database.run(
        "ALTER TABLE dbmigrations.migration_history DISABLE TRIGGER ALL", "DELETE FROM dbmigrations.migration_history"
    )
    refused = operator.job(request.model_copy(update={"step": verified.next, "plan_hash": hash_}))
    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, Refusal.DATABASE_MOVED_BACK)


def test_somebody_elses_migration_in_the_middle_of_a_run_is_noticed(
    operator: Operator, laptop: Laptop, notes: Notes
) -> None:
    request, planned = operator.preflight("1.0.0")
    results = operator.follow(request, planned)
    operator.generation = 2
    request, planned = operator.preflight("1.1.0")
    notes.edit_ledger("  - version: 1.1.0", "  - version: 1.0.1\n    sql: [20260115_0900_extra]\n  - version: 1.1.0")
    notes.write("migrations/sql/20260115_0900_extra.sql", "CREATE TABLE extra (id int);\n")
    laptop.changed("migrate", "--to", "1.0.1", "--force-owned")
    refused = operator.follow(request, planned)[-1]
    assert results[-1].outcome is Outcome.SUCCEEDED
    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, Refusal.HISTORY_DIVERGED)
    assert "20260115_0900_extra" in refused.message


def test_a_newer_run_takes_the_place_of_one_that_has_not_ended(operator: Operator) -> None:
    old, planned = operator.preflight("1.1.0")
    operator.generation = 2
    assert operator.migrate("1.0.0")[-1].current_version == "1.0.0"
    stale = operator.follow(old, planned)[-1]
    assert (stale.outcome, stale.reason) == (Outcome.FAILED, Failure.PLAN_CHANGED)


def test_after_a_cancel_the_version_is_reported_and_the_run_is_not_repeated(operator: Operator) -> None:
    operator.migrate("1.0.0")
    operator.generation = 2
    _, planned = operator.preflight("1.1.0")
    _, reported = operator.preflight("1.1.0", trigger=Trigger.CANCEL_REPORT, source="/nowhere")
    assert (reported.outcome, reported.next, reported.current_version) == (Outcome.SUCCEEDED, None, "1.0.0")
    _, again = operator.preflight("1.1.0")
    assert (again.outcome, again.reason) == (Outcome.FAILED, Failure.CANCELLED)
    assert planned.run in again.message


def test_errors_of_the_release_directory_are_told_with_their_lines(operator: Operator, notes: Notes) -> None:
    notes.edit_ledger("[20260201_0900_colours]", "[20260201_0900_colors]")
    _, failed = operator.preflight("1.0.0")
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, Failure.RELEASE_INVALID)
    assert "releases.yaml:8" in failed.message
    (logged,) = [line["detail"] for line in map(json.loads, operator.log.splitlines()) if line.get("detail")]
    assert "8 |     sql: [20260201_0900_colors]" in logged


def test_a_script_that_cannot_be_read_is_told_before_anything_runs(
    operator: Operator, notes: Notes, database: Database
) -> None:
    notes.write(notes.VIEW, "SELECT 1;\n\\connect other\n")
    _, failed = operator.preflight("1.1.0")
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, Failure.RELEASE_INVALID)
    assert f"{notes.VIEW}:2:1" in failed.message
    assert database.value("SELECT to_regnamespace('dbmigrations')") is None


def test_what_a_failed_verify_found_broken_fails_the_next_one_too(
    laptop: Laptop, database: Database, notes: Notes
) -> None:
    laptop.changed("migrate", "--to", "1.0.0", "--no-backup")
    add = "ALTER TABLE notes ADD CONSTRAINT {} CHECK (id > 0) NOT VALID"
    database.run(add.format("earlier"), user=database.owner)
    notes.write(notes.VIEW, f"CREATE VIEW coloured AS SELECT id, colour FROM notes;\n{add.format('unproven')};\n")
    for _ in range(3):
        failed = laptop.run("migrate", "--to", "1.1.0", "--no-backup", "--yes")
        assert failed.code == 20, failed.all
        verdict = next(line for line in failed.err.splitlines() if "does not verify" in line)
        assert "unproven" in verdict
        assert "earlier" not in verdict
    database.run("ALTER TABLE notes VALIDATE CONSTRAINT unproven", user=database.owner)
    assert laptop.run("migrate", "--to", "1.1.0", "--no-backup", "--yes").code == 0


def test_what_somebody_broke_behind_a_run_that_changed_nothing_fails_no_verify(
    laptop: Laptop, database: Database, notes: Notes
) -> None:
    laptop.changed("migrate", "--to", "1.1.0", "--no-backup")
    notes.write("migrations/sql/20260301_0900_count.sql", "CREATE TABLE totals (n nothing);\n")
    assert laptop.run("migrate", "--no-backup").code == 20
    database.run("ALTER TABLE notes ADD CONSTRAINT later CHECK (id > 0) NOT VALID", user=database.owner)
    notes.restore("migrations/sql/20260301_0900_count.sql")
    laptop.changed("migrate", "--no-backup")
