"""Baseline: record the migrations of a database that existed before. None of them is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.postgres import prisma
from dbmigrations.postgres.assertions import AssertionScript, store_assertions
from dbmigrations.postgres.errors import PlanChangedError
from dbmigrations.postgres.history import record_baseline
from dbmigrations.postgres.records import RecordedMigration
from dbmigrations.release.migration import Kind
from dbmigrations.runner.report.words import count
from dbmigrations.runner.steps.planned import PlannedWork, take_up
from dbmigrations.runner.steps.session import Work, in_database

if TYPE_CHECKING:
    from dbmigrations.api.step import StepRequest, StepResult
    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.runner.context import StepContext


def run(request: StepRequest, context: StepContext) -> StepResult:
    """Record what preflight compared with the database."""
    return in_database(request, context, _record, row_security=True)


def _record(work: Work) -> StepResult:
    planned = take_up(work)
    entries = planned.plan.baselined
    done = f"{count(len(entries), 'migration')} recorded as applied before, at {planned.step.release}"
    if planned.is_finished:
        return planned.succeed(done, applied=len(entries))
    directory = work.context.sources.load(work.request.source)
    records = _records(planned, directory)
    releases = [release for release in directory.releases if release.version.text in {r.release for r in records}]

    def record() -> None:
        record_baseline(work.session, work.tables, records, work.provenance(planned.stored.approved_plan))
        _tell_prisma(work, planned, directory)
        for release in releases:
            scripts = [AssertionScript.of(assertion) for assertion in release.assertions]
            store_assertions(work.session, work.tables, release.version.text, scripts, work.request.run)

    return planned.succeed(done, applied=len(entries), also=record)


def _tell_prisma(work: Work, planned: PlannedWork, directory: ReleaseDirectory) -> None:
    """Where another tool made the schema: else a later `prisma migrate deploy` would make it again."""
    schema = work.request.schema_name
    known = {row.name for row in prisma.prisma_rows(work.session, schema) if not row.rolled_back}
    for kind, name, _ in planned.plan.baselined:
        migration = directory.migration(kind, name)
        if migration is not None and kind is Kind.SCHEMA and name not in known:
            prisma.finish(work.session, schema, name, migration.up.raw_checksum, 0.0)


def _records(planned: PlannedWork, directory: ReleaseDirectory) -> tuple[RecordedMigration, ...]:
    records: list[RecordedMigration] = []
    for kind, name, checksum in planned.plan.baselined:
        migration = directory.migration(kind, name)
        if migration is None or migration.up.checksum != checksum:
            raise PlanChangedError(f"{kind} {name} is no longer in the release directory as preflight saw it")
        release = directory.release(migration.release.text)
        records.append(RecordedMigration.of(migration, release.description if release else ""))
    return tuple(records)
