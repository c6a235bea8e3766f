"""Recording that a database is at a version: what `version set` writes, in one transaction, with nothing run."""

from collections.abc import Iterable

from dbmigrations.api.step import Direction
from dbmigrations.postgres import history, prisma, runs
from dbmigrations.postgres.assertions import AssertionScript, store_assertions
from dbmigrations.postgres.catalog.reading import take_snapshot
from dbmigrations.postgres.catalog.store import Cause, store
from dbmigrations.postgres.errors import PlanChangedError
from dbmigrations.postgres.evidence import contradictions, expected_after
from dbmigrations.postgres.records import Happening, RecordedMigration, RowOutcome
from dbmigrations.postgres.runs import NewRun, RunOutcome
from dbmigrations.postgres.versions import log_version
from dbmigrations.release.directory import ReleaseDirectory
from dbmigrations.release.migration import Kind
from dbmigrations.runner.preflight.setting import Setting
from dbmigrations.runner.steps.session import Work

TRIGGER = "VersionSet"
"""Of the run row; no Job ever starts one so."""


def evidence_against(work: Work, setting: Setting) -> tuple[str, ...]:
    """What in the catalog contradicts the record; empty: nothing that can be seen."""
    schema = work.request.schema_name
    applied = expected_after((migration.up.text for migration in setting.taken_as_applied), schema)
    undone = expected_after(_stored_downs(work, setting), schema)
    return (*contradictions(work.session, applied), *contradictions(work.session, undone))


def record(work: Work, setting: Setting, directory: ReleaseDirectory, reason: str) -> None:
    """Write the rows, Prisma's too, that the version was verified, and what the database consists of: all or nothing.

    Whoever says that the database is at a version says that what is there is right: later drift is told from there.
    The session holds the migration lock, and the version's assertions were seen to hold.

    Raises:
        PlanChangedError: the history is not what was decided on.
    """
    version, run, by = work.request.version, work.request.run, work.request.requested_by
    seen = take_snapshot(work.session, work.tables)
    runs.start(work.session, work.tables, _run_row(work, setting))
    with work.session.transaction():
        _record_undone(work, setting)
        _record_applied(work, setting, directory)
        log_version(work.session, work.tables, version, work.provenance())
        store(work.session, work.tables, seen, Cause.ACCEPTED, version=version, run=run, by=by, reason=reason)
        runs.finish(work.session, work.tables, run, RunOutcome.SUCCEEDED, reason=TRIGGER, message=reason)


def _record_undone(work: Work, setting: Setting) -> None:
    for row in setting.taken_as_undone:
        stored = history.recorded(work.session, work.tables, row.kind, row.name)
        if stored is None or stored[0] is RowOutcome.UNDONE:
            raise PlanChangedError(f"{row.kind} {row.name} is not applied any more")
        happening = Happening(stored[1], Direction.DOWN, RowOutcome.UNDONE)
        history.insert(work.session, work.tables, happening, work.provenance())
        if row.kind is Kind.SCHEMA:
            prisma.roll_back(work.session, work.request.schema_name, row.name)


def _record_applied(work: Work, setting: Setting, directory: ReleaseDirectory) -> None:
    for migration in setting.taken_as_applied:
        release = directory.release(migration.release.text)
        recorded = RecordedMigration.of(migration, release.description if release else "")
        happening = Happening(recorded, Direction.UP, RowOutcome.BASELINED)
        history.insert(work.session, work.tables, happening, work.provenance())
        if migration.kind is Kind.SCHEMA and migration.name not in setting.known_to_prisma:
            checksum = migration.up.raw_checksum
            prisma.finish(work.session, work.request.schema_name, migration.name, checksum, 0.0)
        if release:
            scripts = [AssertionScript.of(assertion) for assertion in release.assertions]
            store_assertions(work.session, work.tables, release.version.text, scripts, work.request.run)


def _stored_downs(work: Work, setting: Setting) -> Iterable[str]:
    for row in setting.taken_as_undone:
        stored = history.recorded(work.session, work.tables, row.kind, row.name)
        if stored is not None and stored[1].down_script is not None:
            yield stored[1].down_script


def _run_row(work: Work, setting: Setting) -> NewRun:
    return NewRun(
        id=work.request.run,
        owner="",
        uid="",
        generation=0,
        trigger=TRIGGER,
        target_version=work.request.version,
        direction="None",
        base=[],
        plan={
            "taken_as_applied": [[m.kind.value, m.name] for m in setting.taken_as_applied],
            "taken_as_undone": [[row.kind.value, row.name] for row in setting.taken_as_undone],
        },
        steps=[],
        plan_hash="",
        approved_plan="",
        changing=True,
    )
