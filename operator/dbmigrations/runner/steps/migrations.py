"""What Schema, SQL and Data have in common: they apply or undo what the plan has for the step, and only that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction
from dbmigrations.postgres.apply import Applier
from dbmigrations.postgres.assertions import AssertionScript
from dbmigrations.postgres.backfill.pace import ORDINARY_PACE, Pace
from dbmigrations.postgres.errors import PlanChangedError, StatementError
from dbmigrations.runner.report.events import MigrationBegan, MigrationEnded, Noted
from dbmigrations.runner.report.words import count
from dbmigrations.runner.steps.at_gates import gates_of
from dbmigrations.runner.steps.listening import listener
from dbmigrations.runner.steps.planned import PlannedWork, take_up
from dbmigrations.runner.steps.session import Work, in_database

if TYPE_CHECKING:
    from dbmigrations.api.step import StepRequest, StepResult
    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.release.migration import Migration, Release
    from dbmigrations.release.plan import PlannedMigration
    from dbmigrations.runner.context import StepContext


def run_migrations(request: StepRequest, context: StepContext, *, row_security: bool) -> StepResult:
    """Bring the step's migrations into effect, going on where an earlier attempt stopped."""
    return in_database(request, context, _work_off, row_security=row_security)


def _work_off(work: Work) -> StepResult:
    planned = take_up(work)
    stretch = planned.stretch
    mine = planned.plan.migrations[stretch.first : stretch.end]
    ups = any(migration.direction is Direction.UP for migration in mine)
    directory = work.context.sources.load(work.request.source) if ups and planned.in_effect < stretch.end else None
    applier = _applier(planned)
    with work.session.as_the_application():
        for place, migration in enumerate(mine, start=1):
            if stretch.first + place <= planned.in_effect:
                work.context.report(MigrationEnded(migration, place, len(mine), 0.0, before=True))
                continue
            work.context.report(MigrationBegan(migration, place, len(mine)))
            began = work.context.now()
            _bring_about(planned, applier, directory, migration, following=next(iter(mine[place:]), None))
            seconds = (work.context.now() - began).total_seconds()
            work.context.report(MigrationEnded(migration, place, len(mine), seconds))
    verb = "applied" if ups else "undone"
    return planned.succeed(f"{count(len(mine), 'migration')} {verb}", applied=len(mine))


def _applier(planned: PlannedWork) -> Applier:
    work = planned.work
    return Applier(
        session=work.session,
        tables=work.tables,
        provenance=work.provenance(planned.stored.approved_plan),
        application_schema=work.request.schema_name,
        wait=work.request.timeouts.wait,
        listener=listener(work.context.report),
        deferred=work.context.interruption.deferred,
        gates=gates_of(work),
        pace=_pace_of(work),
    )


def _pace_of(work: Work) -> Pace:
    asked = work.request.backfill
    return Pace(max_rate=asked.max_rate, target=asked.target_time) if asked else ORDINARY_PACE


def _bring_about(
    planned: PlannedWork,
    applier: Applier,
    directory: ReleaseDirectory | None,
    migration: PlannedMigration,
    *,
    following: PlannedMigration | None,
) -> None:
    try:
        if migration.direction is Direction.UP and directory is not None:
            found, release = _file_of(directory, migration)
            scripts = [AssertionScript.of(assertion) for assertion in release.assertions]
            ahead = directory.migration(following.kind, following.name) if following is not None else None
            applier.up(found, description=release.description, assertions=scripts, following=ahead)
        else:
            _check_stored_down(planned, migration)
            applier.down(migration.kind, migration.name)
    except StatementError as error:
        if error.excerpt:
            planned.work.context.report(Noted(str(error), detail=error.excerpt, warning=True))
        raise


def _file_of(directory: ReleaseDirectory, planned: PlannedMigration) -> tuple[Migration, Release]:
    migration = directory.migration(planned.kind, planned.name)
    release = directory.release(planned.release)
    if migration is None or release is None or migration.release.text != planned.release:
        raise PlanChangedError(f"{planned.kind} {planned.name} is no longer in the release directory")
    if (migration.up.checksum, migration.down_checksum) != (planned.up, planned.down):
        raise PlanChangedError(f"{migration.up.path} (or its down) was changed after preflight had planned it")
    return migration, release


def _check_stored_down(planned: PlannedWork, migration: PlannedMigration) -> None:
    stored = next((applied for applied in planned.history.applied if applied.key == migration.key), None)
    partial = next((half for half in planned.history.partial if half.key == migration.key), None)
    down = stored.down_checksum if stored else partial.down_checksum if partial else None
    if down != migration.down:
        raise PlanChangedError(f"the stored down of {migration.kind} {migration.name} is not the one that was planned")
