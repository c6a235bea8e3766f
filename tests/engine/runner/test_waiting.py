"""Waiting is not failing: what is not there yet is said, and the step that is run again goes on."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import Failure, Waiting
from dbmigrations.api.step import Outcome, RequestedGates, RequestedTimeouts
from dbmigrations.postgres.lock import migration_lock
from tests.engine.databases import CANARY
from tests.engine.runner.releases import Notes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator

SHORT = RequestedTimeouts(wait=0.3)


def test_without_the_secret_the_keys_that_were_looked_for_are_named(operator: Operator) -> None:
    shutil.rmtree(operator.folder / "credentials")
    _, result = operator.preflight("1.0.0")
    assert (result.outcome, result.reason) == (Outcome.WAITING, Waiting.CREDENTIALS)
    assert "DATABASE_URL" in result.message
    assert "POSTGRES_USER" in result.message


def test_a_wrong_password_waits_and_the_mended_secret_alone_goes_on(operator: Operator) -> None:
    operator.secret("not the password")
    request, result = operator.preflight("1.0.0")
    assert (result.outcome, result.reason) == (Outcome.WAITING, Waiting.DATABASE)
    assert "password authentication failed" in result.message
    operator.secret(CANARY)
    assert operator.job(request).outcome is Outcome.SUCCEEDED


def test_a_database_that_cannot_be_reached_waits(operator: Operator) -> None:
    (operator.folder / "credentials" / "port").write_text("1")
    _, result = operator.preflight("1.0.0")
    assert (result.outcome, result.reason) == (Outcome.WAITING, Waiting.DATABASE)
    assert "127.0.0.1:1" in result.message


def test_a_database_that_is_not_made_yet_waits(operator: Operator) -> None:
    (operator.folder / "credentials" / "dbname").write_text("not_made_yet")
    _, result = operator.preflight("1.0.0")
    assert (result.outcome, result.reason) == (Outcome.WAITING, Waiting.DATABASE)


@pytest.mark.parametrize("source", ["/nowhere/at/all", ""])
def test_a_release_directory_that_is_not_there_waits(operator: Operator, source: str) -> None:
    _, result = operator.preflight("1.0.0", source=source)
    assert (result.outcome, result.reason) == (Outcome.WAITING, Waiting.SOURCE)


def test_an_empty_release_directory_waits(operator: Operator, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _, result = operator.preflight("1.0.0", source=str(tmp_path / "empty"))
    assert (result.outcome, result.reason) == (Outcome.WAITING, Waiting.SOURCE)


def test_another_migration_is_waited_for_and_named(operator: Operator, database: Database) -> None:
    with (
        database.session(application_name="the other one") as other,
        migration_lock(other, database.tables, wait=0),
    ):
        _, result = operator.preflight("1.0.0", timeouts=SHORT)
    assert (result.outcome, result.reason) == (Outcome.WAITING, Waiting.LOCK)
    assert "the other one" in result.message


def test_a_table_that_a_reader_holds_is_waited_for_and_the_step_goes_on_later(
    operator: Operator, database: Database
) -> None:
    operator.migrate("1.0.0")
    operator.generation = 2
    request, planned = operator.preflight("1.1.0", timeouts=RequestedTimeouts(lock=0.1, wait=0.5))
    with database.connect() as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM notes")
        waited = operator.follow(request, planned)[-1]
    assert (waited.step.name, waited.outcome, waited.reason) == ("Schema", Outcome.WAITING, Waiting.LOCK)
    follower = request.model_copy(update={"step": waited.step, "plan_hash": planned.plan.hash if planned.plan else ""})
    assert operator.job(follower).outcome is Outcome.SUCCEEDED


def test_a_closed_gate_is_waited_for_and_said_and_the_step_goes_on_later(
    operator: Operator, database: Database
) -> None:
    database.run(f"GRANT pg_read_all_stats TO {database.owner}")
    gates = RequestedGates(oldest_transaction=0.1)
    request, planned = operator.preflight("1.0.0", timeouts=SHORT, gates=gates)
    with database.connect() as forgotten:
        forgotten.execute("BEGIN")
        forgotten.execute("SELECT 1")
        time.sleep(0.2)
        waited = operator.follow(request, planned)[-1]
        said = f"oldestTransaction: the transaction of process {forgotten.info.backend_pid} "
    assert (waited.outcome, waited.reason) == (Outcome.WAITING, Waiting.GATE)
    assert said in waited.message
    follower = request.model_copy(update={"step": waited.step, "plan_hash": planned.plan.hash if planned.plan else ""})
    assert operator.job(follower).outcome is Outcome.SUCCEEDED


def test_a_gate_that_would_be_blind_is_found_by_preflight(operator: Operator, database: Database) -> None:
    _, result = operator.preflight("1.0.0", gates=RequestedGates(replica_lag=30))
    assert result.outcome is Outcome.FAILED
    assert "GRANT pg_read_all_stats TO" in result.message
    assert database.value("SELECT to_regnamespace('dbmigrations') IS NULL")


def test_a_history_that_others_may_write_is_refused(operator: Operator, database: Database) -> None:
    operator.migrate("1.0.0")
    stranger = database.role()
    database.run(f"GRANT INSERT ON dbmigrations.migration_history TO {stranger}")
    operator.generation = 2
    _, result = operator.preflight("1.1.0")
    assert (result.outcome, result.reason) == (Outcome.FAILED, Failure.PRIVILEGES_UNSAFE)
    assert stranger in result.message


def test_tables_of_a_newer_format_are_left_alone(operator: Operator, database: Database) -> None:
    operator.migrate("1.0.0")
    database.run("UPDATE dbmigrations.format SET version = 99, runner_version = '9.0'")
    _, result = operator.preflight("1.1.0")
    assert (result.outcome, result.reason) == (Outcome.FAILED, Failure.FORMAT_TOO_NEW)
    assert "9.0" in result.message


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("postgresql://u:pw@127.0.0.1:1/x", 30, "nothing listens there"),
        ("postgresql://u:p@ss/word@h/x", 2, "malformed"),
        ("mysql://h/x", 2, "does not begin with postgresql://"),
        ("", 2, "no database is named"),
    ],
)
def test_on_a_laptop_a_missing_database_is_one_line_and_a_code(laptop: Laptop, url: str, code: int, words: str) -> None:
    ran = laptop.run("version", "--url", url) if url else type(laptop)(laptop.folder, "").run("version")
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err


def test_on_a_laptop_a_missing_release_directory_is_an_error_a_code_and_what_to_do_next(
    laptop: Laptop, notes: Notes
) -> None:
    ran = laptop.run("plan", "--dir", "nowhere")
    assert ran.code == 30
    assert ran.err.splitlines() == [
        "error: there is no release directory at nowhere",
        "next: name the release directory with --dir, or make one with `dbmigrate init`",
    ]
    assert notes.root.is_dir()
    (laptop.folder / "bare").mkdir()
    assert laptop.run("validate", "--dir", "bare").code == 30


def test_a_release_directory_without_its_ledger_is_one_that_is_not_there(
    laptop: Laptop, operator: Operator, notes: Notes
) -> None:
    (notes.root / Notes.LEDGER).unlink()
    for words in (["plan"], ["check"], ["migrate"], ["plan", "--offline"]):
        ran = laptop.run(*words)
        assert (ran.code, "there is no ledger in the release directory" in ran.err) == (30, True), ran.all
    _, result = operator.preflight("1.0.0")
    assert (result.outcome, result.reason) == (Outcome.WAITING, Waiting.SOURCE)
    notes.restore(Notes.LEDGER)
    assert operator.preflight("1.0.0")[1].outcome is Outcome.SUCCEEDED


def test_libpq_variables_name_the_database_where_no_url_does(laptop: Laptop, database: Database) -> None:
    words = {
        "PGHOST": str(database.server.folder),
        "PGPORT": str(database.server.port),
        "PGUSER": database.owner,
        "PGDATABASE": database.name,
    }
    ran = type(laptop)(laptop.folder, "", words).run("version", "--json")
    assert ran.document["database"] == ""


def test_a_socket_folder_may_stand_in_the_url(laptop: Laptop, database: Database) -> None:
    folder = str(database.server.folder)
    url = f"postgresql://{database.owner}@/{database.name}?host={folder}&port={database.server.port}"
    assert laptop.run("version", "--url", url).code == 0
