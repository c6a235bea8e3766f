"""Audited acts on a history that stays as it is: each is a row of its own, with who and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction
from dbmigrations.postgres import history, runs
from dbmigrations.postgres.catalog.reading import take_snapshot
from dbmigrations.postgres.catalog.store import Cause, store
from dbmigrations.postgres.errors import PlanChangedError
from dbmigrations.postgres.outcome import RowOutcome
from dbmigrations.postgres.records import Happening, RecordedMigration
from dbmigrations.postgres.runs import NewRun, RunOutcome
from dbmigrations.postgres.sql.script import exceptions_of
from dbmigrations.postgres.tables import install
from dbmigrations.postgres.tampering import acceptance
from dbmigrations.runner.program import runner_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import JsonValue

    from dbmigrations.release.migration import Kind, Migration, Script
    from dbmigrations.runner.steps.session import Work

TRIGGER = "Amendment"
"""Of the run row; no Job ever starts one so."""


def accept_file(work: Work, migration: Migration, reason: str) -> None:
    """Take the up script as it is in the directory for the applied one from now on. Nothing is run.

    Raises:
        PlanChangedError: the migration is not applied.
    """
    up = migration.up

    def accept() -> None:
        before = _applied(work, migration.kind, migration.name)
        after = replace(
            before,
            checksum=up.checksum,
            raw_checksum=up.raw_checksum,
            description=reason,
            exceptions=exceptions_of(up.text),
        )
        _insert(work, after, RowOutcome.ACCEPTED)

    _audited(work, reason, accept)


def replace_down(work: Work, kind: Kind, name: str, down: Script, reason: str) -> None:
    """Store another down for an applied migration: a later rollback runs it.

    Raises:
        PlanChangedError: the migration is not applied, or was baselined.
    """

    def put() -> None:
        before = _applied(work, kind, name)
        after = replace(
            before,
            down_path=down.path,
            down_script=down.text,
            down_checksum=down.checksum,
            irreversible=None,
            description=reason,
        )
        _insert(work, after, RowOutcome.DOWN_REPLACED)

    _audited(work, reason, put)


def accept_catalog(work: Work, version: str, reason: str) -> None:
    """Take what the database consists of now for what it should consist of."""
    seen = take_snapshot(work.session, work.tables)

    def keep() -> None:
        by = work.request.requested_by
        run = work.request.run
        store(work.session, work.tables, seen, Cause.ACCEPTED, version=version, run=run, by=by, reason=reason)

    _audited(work, reason, keep)


def accept_history(work: Work, reason: str) -> None:
    """Take the rows of the history as they are, although somebody changed them: exactly these, as they are now."""
    who: dict[str, JsonValue] = {"by": work.request.requested_by, "database_user": work.session.facts.login}
    plan = acceptance(work.session, work.tables)
    _audited(work, reason, lambda: None, plan={**plan, "accepted": who})


def _audited(work: Work, reason: str, act: Callable[[], None], *, plan: dict[str, JsonValue] | None = None) -> None:
    """Do it under a run row of its own, all or nothing. The session holds the migration lock."""
    request = work.request
    install(work.session, work.tables, application_schema=request.schema_name, runner_version=runner_version())
    runs.start(work.session, work.tables, _run_row(request.run, plan or {}))
    with work.session.transaction():
        act()
        runs.finish(work.session, work.tables, request.run, RunOutcome.SUCCEEDED, reason=TRIGGER, message=reason)


def _applied(work: Work, kind: Kind, name: str) -> RecordedMigration:
    found = history.recorded(work.session, work.tables, kind, name)
    if found is None or found[0] is RowOutcome.UNDONE:
        raise PlanChangedError(f"{kind} {name} is not applied in this database: `dbmigrate history` shows what is")
    return found[1]


def _insert(work: Work, migration: RecordedMigration, outcome: RowOutcome) -> None:
    happening = Happening(migration, Direction.UP, outcome)
    history.insert(work.session, work.tables, happening, work.provenance())


def _run_row(run: str, plan: dict[str, JsonValue]) -> NewRun:
    return NewRun(
        id=run,
        owner="",
        uid="",
        generation=0,
        trigger=TRIGGER,
        target_version="",
        direction="None",
        base=[],
        plan=plan,
        steps=[],
        plan_hash="",
        approved_plan="",
        changing=False,
    )
