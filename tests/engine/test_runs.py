"""The run row and the version log: what is told again after everything else was lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres import facts, runs
from dbmigrations.postgres.errors import PlanChangedError
from dbmigrations.postgres.runs import RunOutcome
from dbmigrations.postgres.tables import install
from dbmigrations.postgres.versions import log_version
from dbmigrations.release.migration import Kind
from tests.engine.databases import applier, new_run
from tests.engine.releases import migration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.postgres.connection import Session
    from tests.engine.databases import Database


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.session() as session:
        install(session, database.tables, application_schema="public", runner_version="test")
        yield session


def outcome(session: Session, database: Database, run: str) -> RunOutcome:
    found = runs.read_run(session, database.tables, run)
    assert found is not None
    return found.outcome


def test_a_run_is_read_back_as_it_was_written(session: Session, database: Database) -> None:
    run = new_run(plan=[["1.0.0", "sql", "ä"]], steps=[{"name": "SQL"}], base=[], approved_plan="sha256:1")
    runs.start(session, database.tables, run)
    found = runs.read_run(session, database.tables, run.id)
    assert found is not None
    assert {name: getattr(found, name) for name in vars(run)} == vars(run)
    assert (found.outcome, found.finished_step, found.backup) == (RunOutcome.RUNNING, 0, None)


def test_a_fresh_preflight_supersedes_what_was_running_for_the_same_resource(
    session: Session, database: Database
) -> None:
    first, other, second = new_run(), new_run(uid="uid-2"), new_run()
    for run in (first, other, second):
        runs.start(session, database.tables, run)
    assert outcome(session, database, first.id) is RunOutcome.SUPERSEDED
    assert outcome(session, database, other.id) is RunOutcome.RUNNING
    assert outcome(session, database, second.id) is RunOutcome.RUNNING


def test_preflight_may_be_repeated_until_a_step_has_finished(session: Session, database: Database) -> None:
    run = new_run(plan_hash="sha256:1")
    runs.start(session, database.tables, run)
    runs.start(session, database.tables, new_run(id=run.id, plan_hash="sha256:2"))
    found = runs.read_run(session, database.tables, run.id)
    assert found is not None
    assert found.plan_hash == "sha256:2"
    runs.finish_step(session, database.tables, run.id, 1)
    with pytest.raises(PlanChangedError, match="already begun"):
        runs.start(session, database.tables, run)


def test_a_finished_step_is_remembered_and_never_forgotten(session: Session, database: Database) -> None:
    run = new_run()
    runs.start(session, database.tables, run)
    for ordinal in (2, 1):
        runs.finish_step(session, database.tables, run.id, ordinal)
    found = runs.read_run(session, database.tables, run.id)
    assert found is not None
    assert found.finished_step == 2


def test_an_ended_run_is_not_ended_again_and_takes_no_more_steps(session: Session, database: Database) -> None:
    run = new_run()
    runs.start(session, database.tables, run)
    assert runs.finish(session, database.tables, run.id, RunOutcome.FAILED, reason="VerifyFailed", message="no")
    assert not runs.finish(session, database.tables, run.id, RunOutcome.SUCCEEDED)
    with pytest.raises(PlanChangedError):
        runs.finish_step(session, database.tables, run.id, 1)
    with pytest.raises(PlanChangedError):
        runs.record_backup(session, database.tables, run.id, {"location": "x"})
    found = runs.newest_run(session, database.tables, "uid-1", 1)
    assert found is not None
    assert (found.outcome, found.reason, found.message) == (RunOutcome.FAILED, "VerifyFailed", "no")


def test_the_last_changing_run_is_the_newest_that_changed_and_succeeded(session: Session, database: Database) -> None:
    changed, verified, failed = new_run(), new_run(changing=False), new_run()
    for run, end in (
        (changed, RunOutcome.SUCCEEDED),
        (verified, RunOutcome.SUCCEEDED),
        (failed, RunOutcome.FAILED),
    ):
        runs.start(session, database.tables, run)
        runs.finish(session, database.tables, run.id, end)
    assert runs.last_changing(session, database.tables, "uid-1") == changed.id
    assert runs.last_changing(session, database.tables, "uid-2") == ""
    assert runs.is_known_succeeded(session, database.tables, changed.id)
    assert not runs.is_known_succeeded(session, database.tables, failed.id)
    assert not runs.is_known_succeeded(session, database.tables, "never heard of")


def test_a_cancel_ends_what_is_running_for_the_resource(session: Session, database: Database) -> None:
    run = new_run()
    runs.start(session, database.tables, run)
    runs.cancel_running(session, database.tables, "uid-1")
    assert outcome(session, database, run.id) is RunOutcome.CANCELLED


def test_the_version_carries_a_star_as_soon_as_something_changed_since(session: Session, database: Database) -> None:
    apply = applier(session, database.tables)
    apply.up(migration("a", "CREATE TABLE t (id int);", "DROP TABLE t;"))
    log_version(session, database.tables, "1.0.0", apply.provenance)
    assert facts.read_history(session, database.tables).current_version == "1.0.0"
    apply.up(migration("b", "CREATE TABLE u (id int);"))
    assert facts.read_history(session, database.tables).current_version == "1.0.0*"


def test_changes_under_an_approval_are_told_with_how_often_they_were_applied(
    session: Session, database: Database
) -> None:
    apply = applier(session, database.tables)
    approved = replace(apply, provenance=replace(apply.provenance, approved_plan="sha256:a"))
    script = migration("a", "CREATE TABLE t (id int);", "DROP TABLE t;")
    approved.up(script)
    approved.down(Kind.SQL, "a")
    approved.up(script)
    apply.up(migration("b", "SELECT 1;"))
    found = facts.read_history(session, database.tables, "sha256:a").approved_changes
    assert [(change.direction.value, change.nth) for change in found] == [("Up", 1), ("Down", 1), ("Up", 2)]
    assert facts.read_history(session, database.tables).approved_changes == ()
