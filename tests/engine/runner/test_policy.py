"""What may not happen unasked: approvals, destructive plans, going down, and what needs a backup."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.step import Outcome

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator
    from tests.engine.runner.releases import Notes


@pytest.fixture
def destructive(notes: Notes, operator: Operator) -> Operator:
    """A database at 1.0.0 with a note, before a 1.1.0 that drops what it holds."""
    operator.migrate("1.0.0")
    operator.generation = 2
    operator.database.run("INSERT INTO notes (body) VALUES ('dear')")
    notes.write(notes.COLOUR, "ALTER TABLE notes DROP COLUMN body;\nALTER TABLE notes ADD COLUMN colour text;\n")
    return operator


def test_a_destructive_up_waits_for_its_approval_and_says_what_would_be_lost(destructive: Operator) -> None:
    _, refused = destructive.preflight("1.1.0")
    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, Refusal.POLICY_VIOLATION)
    assert refused.plan is not None
    assert refused.plan.data_loss.values == 1
    assert f"spec.approvedPlan: {refused.plan.hash}" in refused.message
    assert re.search(r"loses 1 .*notes\.body", destructive.log)


def test_a_refused_plan_writes_nothing(operator: Operator, notes: Notes, database: Database) -> None:
    notes.write(notes.VIEW, "DO $$ BEGIN EXECUTE current_setting('a.b'); END $$;\n")
    _, refused = operator.preflight("1.1.0")
    assert refused.outcome is Outcome.REFUSED
    assert database.value("SELECT to_regnamespace('dbmigrations')") is None


def test_the_approved_plan_runs_and_its_rows_carry_the_approval(destructive: Operator, database: Database) -> None:
    results = destructive.approve("1.1.0")
    assert results[-1].current_version == "1.1.0"
    approvals = database.rows(
        "SELECT DISTINCT approved_plan FROM dbmigrations.migration_history WHERE release = '1.1.0'"
    )
    assert approvals == [(results[0].plan.hash if results[0].plan else "",)]


def test_an_approval_of_another_plan_approves_nothing(destructive: Operator, notes: Notes) -> None:
    _, refused = destructive.preflight("1.1.0")
    stale = refused.plan.hash if refused.plan else ""
    notes.write(notes.PAINT, "UPDATE notes SET colour = 'green';\n")
    _, again = destructive.preflight("1.1.0", approved_plan=stale)
    assert (again.outcome, again.reason) == (Outcome.REFUSED, Refusal.POLICY_VIOLATION)


def test_a_database_that_lost_its_newest_run_is_noticed_even_with_all_history_gone(operator: Operator) -> None:
    operator.migrate("1.0.0")
    operator.database.run("DROP SCHEMA dbmigrations CASCADE", "DROP TABLE notes, _prisma_migrations CASCADE")
    _, refused = operator.preflight("1.0.0")
    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, Refusal.DATABASE_MOVED_BACK)
    assert operator.approve("1.0.0")[-1].current_version == "1.0.0"


def test_a_database_without_history_is_never_migrated_by_guess(operator: Operator, database: Database) -> None:
    database.run("CREATE TABLE legacy (id int)")
    _, refused = operator.preflight("1.1.0")
    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, Refusal.BASELINE_REQUIRED)


def test_a_baseline_that_prisma_knows_nothing_of_is_a_mismatch(operator: Operator, database: Database) -> None:
    database.run("CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)")
    refused = operator.preflight("1.1.0", baseline="1.0.0")[1]
    assert refused.reason is Refusal.BASELINE_MISMATCH


def test_a_prisma_database_is_adopted_and_goes_on(laptop: Laptop, operator: Operator, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    database.run("DROP SCHEMA dbmigrations CASCADE")
    results = operator.migrate("1.1.0", baseline="1.0.0")
    assert [f"{r.step.name} {r.step.release}".strip() for r in results] == [
        "Preflight",
        "Baseline 1.0.0",
        "Verify 1.0.0",
        "Schema 1.1.0",
        "SQL 1.1.0",
        "Data 1.1.0",
        "Verify 1.1.0",
    ]
    outcomes = database.rows("SELECT outcome, count(*) FROM dbmigrations.migration_history GROUP BY 1 ORDER BY 1")
    assert outcomes == [("Applied", 3), ("Baselined", 1)]
    operator.generation = 2
    assert operator.preflight("1.0.0", baseline="1.0.0")[1].outcome is Outcome.SUCCEEDED


def test_the_same_from_a_laptop(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    database.run("DROP SCHEMA dbmigrations CASCADE")
    refused = laptop.run("migrate", "--no-backup")
    assert refused.code == 10
    assert "dbmigrate baseline" in refused.err
    laptop.changed("baseline", "1.0.0")
    assert laptop.run("version", "--json").document["database"] == "1.0.0"


def test_a_laptop_rolls_back_only_with_a_yes(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    ran = laptop.run("rollback", "--to-version", "1.0.0", "--no-backup")
    assert ran.code == 2
    assert "--yes" in ran.err
    assert database.value("SELECT to_regclass('coloured') IS NOT NULL")


def test_migrate_goes_up_and_rollback_goes_down_and_neither_does_the_other(laptop: Laptop) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    down = laptop.run("migrate", "--to", "1.0.0", "--no-backup", "--approve", plan_of(laptop, "1.0.0"))
    assert down.code != 0
    assert "rollback --to-version 1.0.0" in down.err
    up = laptop.run("rollback", "--to-version", "1.2.0", "--no-backup", "--yes")
    assert up.code == 2
    assert "migrate --to 1.2.0" in up.err


def test_a_version_that_no_ledger_lists_is_refused_with_what_it_lists(operator: Operator, laptop: Laptop) -> None:
    _, refused = operator.preflight("7.0.0")
    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, Refusal.VERSION_NOT_FOUND)
    ran = laptop.run("migrate", "--to", "7.0.0", "--no-backup")
    assert ran.code == 10
    assert "VersionNotFound" in ran.err


def test_a_lower_version_on_a_database_that_is_ahead_is_not_undone_by_a_newcomer(
    laptop: Laptop, operator: Operator
) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    newcomer = replace(operator, uid="uid-7")
    _, refused = newcomer.preflight("1.0.0")
    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, Refusal.VERSION_AHEAD)


def plan_of(laptop: Laptop, version: str) -> str:
    return str(laptop.run("plan", "--to", version, "--no-backup", "--json").document["plan"]["hash"])


def test_an_up_that_may_lose_data_says_so_where_nobody_can_be_asked(laptop: Laptop, notes: Notes) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    notes.write(notes.PAINT, "-- migrate: class=data reason=it is ours\nSELECT paint();\n")
    ran = laptop.run("migrate", "--no-backup", "--approve", plan_of(laptop, "1.2.0"))
    assert ran.code == 2
    assert "this may lose data (what nobody can count); nobody can be asked here: --yes" in ran.err
