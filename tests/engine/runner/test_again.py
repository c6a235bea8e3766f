"""A step whose result was lost, or whose Pod was killed, is simply run again: everything takes effect once."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import Waiting
from dbmigrations.api.step import Outcome, StepName
from tests.engine.runner.program import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbmigrations.api.step import StepRequest, StepResult
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator
    from tests.engine.runner.releases import Notes

SLOW = "INSERT INTO notes (body, colour) VALUES ('once', 'red');\nSELECT pg_sleep(600);\n"


def until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def sleeping(database: Database) -> Callable[[], object]:
    return lambda: database.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")


def without_sleep(notes: Notes) -> None:
    notes.write(notes.PAINT, "INSERT INTO notes (body, colour) VALUES ('once', 'red');\nSELECT pg_sleep(0);\n")


def up_to_data(operator: Operator) -> StepRequest:
    """The request of the Data step of 1.1.0, when everything before it is done."""
    request, planned = operator.preflight("1.1.0")
    plan_hash = planned.plan.hash if planned.plan else ""
    result = planned
    while result.next is not None and result.next.name is not StepName.DATA:
        result = operator.job(request.model_copy(update={"step": result.next, "plan_hash": plan_hash}))
    return request.model_copy(update={"step": result.next, "plan_hash": plan_hash})


def test_every_step_run_twice_says_the_same_and_does_it_once(operator: Operator, database: Database) -> None:
    request, planned = operator.preflight("1.1.0")
    again = operator.job(request)
    assert (again.plan, again.next) == (planned.plan, planned.next)
    plan_hash = planned.plan.hash if planned.plan else ""
    result: StepResult = planned
    while result.next is not None:
        follower = request.model_copy(update={"step": result.next, "plan_hash": plan_hash})
        result = operator.job(follower)
        repeated = operator.job(follower)
        assert (repeated.outcome, repeated.next, repeated.current_version, repeated.applied) == (
            Outcome.SUCCEEDED,
            result.next,
            result.current_version,
            result.applied,
        )
    assert database.value("SELECT count(*) FROM dbmigrations.migration_history") == 4
    assert database.value("SELECT count(*) FROM dbmigrations.migration_version") == 2


def test_a_preflight_that_found_nothing_to_do_says_so_again(operator: Operator) -> None:
    operator.migrate("1.0.0")
    request, first = operator.preflight("1.0.0")
    assert (first.outcome, first.next) == (Outcome.SUCCEEDED, None)
    assert operator.job(request) == first


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_job_stopped_in_the_middle_of_a_statement_leaves_nothing(
    operator: Operator, notes: Notes, database: Database, number: signal.Signals
) -> None:
    notes.write(notes.PAINT, SLOW)
    request = up_to_data(operator)
    with operator.started(request) as (process, path):
        until(sleeping(database))
        process.send_signal(number)
        if number is signal.SIGTERM:
            result = operator.end(request, process, path)
            assert (result.outcome, result.reason) == (Outcome.WAITING, Waiting.STEP_LOST)
    if number is signal.SIGKILL:
        assert not path.exists()
    until(lambda: not sleeping(database)())
    assert database.value("SELECT count(*) FROM notes") == 0


def test_a_job_killed_in_the_middle_goes_on_when_it_is_run_again(
    operator: Operator, notes: Notes, database: Database
) -> None:
    operator.migrate("1.0.0")
    operator.generation = 2
    notes.write(notes.COLOUR, "ALTER TABLE notes ADD COLUMN colour text;\nSELECT pg_sleep(4);\n")
    request, planned = operator.preflight("1.1.0")
    follower = request.model_copy(update={"step": planned.next, "plan_hash": planned.plan.hash if planned.plan else ""})
    with operator.started(follower) as (process, _):
        until(sleeping(database))
        process.kill()
    result = operator.job(follower)
    assert (result.outcome, result.applied) == (Outcome.SUCCEEDED, 1)
    assert database.value("SELECT count(*) FROM dbmigrations.migration_history WHERE name LIKE '%add_colour'") == 1


def test_an_index_built_concurrently_is_finished_before_the_job_ends(
    operator: Operator, notes: Notes, database: Database
) -> None:
    operator.migrate("1.0.0")
    operator.generation = 2
    notes.write(notes.VIEW, "CREATE INDEX CONCURRENTLY by_body ON notes (body);\nCREATE TABLE after (id int);\n")
    request, planned = operator.preflight("1.1.0")
    plan_hash = planned.plan.hash if planned.plan else ""
    schema = operator.job(request.model_copy(update={"step": planned.next, "plan_hash": plan_hash}))
    follower = request.model_copy(update={"step": schema.next, "plan_hash": plan_hash})
    building = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX C%' AND state = 'active'"
    with database.connect() as writer:
        writer.execute("BEGIN")
        writer.execute("INSERT INTO notes (body) VALUES ('held')")
        with operator.started(follower) as (process, path):
            until(lambda: database.rows(building))
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert process.poll() is None
            writer.execute("COMMIT")
            stopped = operator.end(follower, process, path)
    assert (stopped.outcome, stopped.reason) == (Outcome.WAITING, Waiting.STEP_LOST)
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_body'::regclass"
    assert database.value(valid) is True
    assert operator.job(follower).outcome is Outcome.SUCCEEDED
    assert database.value("SELECT to_regclass('after') IS NOT NULL")


def test_ctrl_c_on_a_laptop_ends_with_its_own_code_and_the_next_run_goes_on(
    laptop: Laptop, notes: Notes, database: Database
) -> None:
    notes.write(notes.PAINT, SLOW)
    with laptop.started("migrate", "--to", "1.1.0", "--no-backup", "--approve", approval(laptop)) as process:
        until(sleeping(database))
        process.send_signal(signal.SIGINT)
        ran = laptop.end(process)
    assert ran.code == 130, ran.all
    assert "Traceback" not in ran.all
    assert database.value("SELECT count(*) FROM notes") == 0

    without_sleep(notes)
    laptop.changed("migrate", "--to", "1.1.0", "--approve", approval(laptop))
    assert database.value("SELECT count(*) FROM notes") == 1


def test_a_stopped_run_says_what_state_it_left_and_what_to_do(laptop: Laptop, notes: Notes, database: Database) -> None:
    notes.write(notes.PAINT, SLOW)
    with laptop.started("migrate", "--to", "1.1.0", "--no-backup", "--approve", approval(laptop)) as process:
        until(sleeping(database))
        process.send_signal(signal.SIGTERM)
        ran = laptop.end(process)
    assert ran.code == 143, ran.all
    assert "the database is at 1.0.0*; 3 of 4 migrations of the plan took effect" in ran.err
    assert "nothing is half-done" in ran.err
    assert "next: `dbmigrate migrate --to 1.1.0` goes on from here" in ran.err


def test_a_run_stopped_between_statements_says_which_migration_is_half_done(
    laptop: Laptop, notes: Notes, database: Database
) -> None:
    notes.write(notes.PAINT, "-- migrate: tx=statement\nINSERT INTO notes (body) VALUES ('first');\n" + SLOW)
    with laptop.started("migrate", "--to", "1.1.0", "--no-backup", "--approve", approval(laptop)) as process:
        until(sleeping(database))
        process.send_signal(signal.SIGINT)
        ran = laptop.end(process)
    assert ran.code == 130, ran.all
    assert "data 20260201_1000_paint is applied in part (2 statements ran), and goes on where it stopped" in ran.err
    assert database.value("SELECT count(*) FROM notes") == 2


def test_a_command_stopped_before_it_changed_anything_says_so(laptop: Laptop, notes: Notes, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    notes.write(notes.VIEW, "DROP TABLE notes;\n")
    waits = "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'dbmigrate%' AND wait_event_type = 'Lock'"
    with database.connect() as holder:
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE notes")
        with laptop.started("check", "--no-backup", "--lock-timeout", "60") as process:
            until(lambda: database.rows(waits))
            process.send_signal(signal.SIGINT)
            ran = laptop.end(process)
    assert ran.code == 130, ran.all
    assert "nothing was changed" in ran.err


def approval(laptop: Laptop) -> str:
    """pg_sleep() is not known to be harmless, so these plans need their approval."""
    plan = laptop.run("plan", "--to", "1.1.0", "--no-backup", "--json").document["plan"]
    return str(plan["hash"])


def test_a_migrate_with_nothing_to_do_says_so_and_writes_nothing(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate", "--no-backup")
    told = "SELECT count(*), max(xmin::text::bigint) FROM dbmigrations.migration_run"
    before = database.rows(told)
    again = laptop.run("migrate", "--no-backup")
    assert (again.code, again.out) == (0, "the database is at 1.2.0: nothing to do\n"), again.all
    assert database.rows(told) == before
    answer = laptop.run("migrate", "--no-backup", "--json").document
    assert (answer["version"], answer["steps"], answer["plan"]["migrations"]) == ("1.2.0", [], [])
