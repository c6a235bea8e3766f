"""A backfill through the program: seen in the plan, followed in logs, held back, stopped, gone on with."""

from __future__ import annotations

import json
import re
import signal
import time
from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import Failure
from dbmigrations.api.step import Outcome, RequestedBackfill, StepName
from tests.engine.runner.test_terminal import typed

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator
    from tests.engine.runner.releases import Notes

PAINT = """\
-- migrate: backfill=notes key=id batch=50
-- migrate: remaining=SELECT count(*) FROM notes WHERE colour IS NULL
UPDATE notes SET colour = 'blue' WHERE :batch AND colour IS NULL;
"""
UNPAINT = """\
-- migrate: backfill=notes key=id
-- migrate: remaining=SELECT count(*) FROM notes WHERE colour IS NOT NULL
UPDATE notes SET colour = NULL WHERE :batch AND colour IS NOT NULL;
"""
SLOWLY = """\
-- migrate: backfill=notes key=id batch=10 target=50ms
-- migrate: remaining=none
UPDATE notes SET colour = coalesce(colour, '') || 'x' WHERE :batch AND pg_sleep(0.005) IS NOT NULL;
"""


@pytest.fixture
def painting(notes: Notes) -> Notes:
    notes.write(notes.PAINT, PAINT)
    notes.write(notes.PAINT.replace(".sql", ".down.sql"), UNPAINT)
    return notes


def filled(database: Database, rows: int = 1000) -> None:
    database.run(
        f"INSERT INTO notes (body) SELECT 'a' FROM generate_series(1, {rows})", "ANALYZE notes", user=database.owner
    )


def test_the_plan_says_what_is_walked_and_about_how_many_rows_that_are(
    laptop: Laptop, database: Database, painting: Notes
) -> None:
    assert painting.root.is_dir()
    laptop.changed("migrate", "--to", "1.0.0")
    filled(database)
    plan = laptop.run("plan", "--to", "1.1.0")
    assert "backfill of notes by id, batch by batch: about 1,000 rows" in plan.out
    assert "data: update notes" in plan.out
    (entry,) = [
        m for m in laptop.run("plan", "--to", "1.1.0", "--json").document["plan"]["migrations"] if m["backfill"]
    ]
    assert entry["name"] == "20260201_1000_paint"
    offline = laptop.run("plan", "--to", "1.1.0", "--offline")
    assert "backfill of notes by id, batch by batch" in offline.out


def test_it_is_done_followed_in_the_log_and_undone(laptop: Laptop, database: Database, painting: Notes) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    filled(database)
    ran = laptop.changed("migrate", "--to", "1.1.0")
    assert "backfill 1,000 rows, all of them (1,000 changed)" in ran.err
    logs = "".join(log.read_text() for log in painting.root.glob("logs/*.log"))  # one for each minute
    assert "backfill 1,000 rows, all of them" in logs
    assert database.value("SELECT count(*) FROM notes WHERE colour = 'blue'") == 1000
    waiting = laptop.run("rollback", "--to-version", "1.0.0", "--yes", "--no-backup")
    approval = re.search(r"sha256:[0-9a-f]{64}", waiting.err)
    assert approval is not None
    back = laptop.changed("rollback", "--to-version", "1.0.0", "--yes", "--approve", approval[0])
    assert "backfill 1,000 rows, all of them (1,000 changed)" in back.err
    assert laptop.run("version").out.strip().startswith("1.0.0")


def test_a_terminal_shows_a_bar(laptop: Laptop, database: Database, notes: Notes) -> None:
    notes.write(notes.PAINT, SLOWLY)
    notes.write(notes.ASSERTION, "SELECT true;\n")
    laptop.changed("migrate", "--to", "1.0.0")
    filled(database, 300)
    code, shown = typed(laptop, "", "migrate", "--to", "1.1.0", "--no-backup")
    assert code == 0, shown
    assert "━" in shown
    assert "rows/s" in shown
    assert "of about 300 rows" in shown


def test_what_remains_fails_the_step_and_the_release_is_not_reached(
    operator: Operator, database: Database, painting: Notes
) -> None:
    operator.migrate("1.0.0")
    filled(database)
    painting.write(painting.PAINT, PAINT.replace(":batch AND", ":batch AND id <> 7 AND"))
    failed = operator.migrate("1.1.0")[-1]
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, Failure.MIGRATION_FAILED)
    assert "rows remain that it should have done: 1" in failed.message
    assert "20260201_1000_paint.sql:2:13" in failed.message
    assert failed.current_version == "1.0.0*"
    painting.write(painting.PAINT, PAINT.replace("batch=50", "batch=50 again=safe"))
    operator.generation += 1
    assert operator.migrate("1.1.0")[-1].outcome is Outcome.SUCCEEDED
    assert database.value("SELECT count(*) FROM notes WHERE colour = 'blue'") == 1000


def test_a_resource_says_how_fast_it_may_go(operator: Operator, database: Database, painting: Notes) -> None:
    assert painting.root.is_dir()
    operator.migrate("1.0.0")
    filled(database)
    began = time.monotonic()
    results = operator.migrate("1.1.0", backfill=RequestedBackfill(max_rate=400))
    assert results[-1].outcome is Outcome.SUCCEEDED
    assert time.monotonic() - began >= 2.3
    events = [json.loads(line) for line in operator.log.splitlines() if line.startswith("{")]
    (last,) = [event for event in events if event["event"] == "backfill"]
    assert (last["rows"], last["changed"], last["fraction"]) == (1000, 1000, 1.0)
    assert 0 < last["rate"] <= 500
    assert last["step"] == "Data"


def test_a_laptop_says_how_fast_it_may_go(laptop: Laptop, database: Database, painting: Notes) -> None:
    assert painting.root.is_dir()
    laptop.changed("migrate", "--to", "1.0.0")
    filled(database)
    began = time.monotonic()
    laptop.changed("migrate", "--to", "1.1.0", "--max-rate", "500", "--target-time", "0.05")
    assert time.monotonic() - began >= 1.8
    assert laptop.run("migrate", "--max-rate", "0").code == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_job_keeps_its_batches_and_the_next_goes_on_with_the_others(
    operator: Operator, database: Database, notes: Notes, number: signal.Signals
) -> None:
    notes.write(notes.PAINT, SLOWLY)
    notes.write(notes.ASSERTION, "SELECT true;\n")
    operator.migrate("1.0.0")
    filled(database)
    request, result = operator.preflight("1.1.0")
    plan_hash = result.plan.hash if result.plan else ""
    while result.next is not None and result.next.name is not StepName.DATA:
        result = operator.job(request.model_copy(update={"step": result.next, "plan_hash": plan_hash}))
    data = request.model_copy(update={"step": result.next, "plan_hash": plan_hash})
    with operator.started(data) as (process, path):
        deadline = time.monotonic() + 60
        while not database.value("SELECT count(*) FROM notes WHERE colour IS NOT NULL"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        if number is signal.SIGTERM:
            assert operator.end(data, process, path).outcome is Outcome.WAITING
        else:
            process.wait(30)
    done = database.value("SELECT count(*) FROM notes WHERE colour IS NOT NULL")
    assert 0 < done < 1000
    assert database.value("SELECT rows FROM dbmigrations.backfill_checkpoint") == done
    assert operator.job(data).outcome is Outcome.SUCCEEDED
    assert database.rows("SELECT colour, count(*) FROM notes GROUP BY 1") == [("x", 1000)]
    assert "was interrupted before and is taken up where it stopped" in operator.log


def test_a_backfill_among_sql_migrations_is_refused_before_anything_runs(laptop: Laptop, notes: Notes) -> None:
    notes.write(notes.VIEW, PAINT)
    found = laptop.run("validate")
    assert found.code == 1
    assert f"{notes.VIEW}:2:13: error: a backfill is a data migration (move it to migrations/data)" in found.out
