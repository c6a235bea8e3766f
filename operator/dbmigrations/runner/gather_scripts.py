"""What the database says of the scripts of a plan: what they do and lose, what they need, what changed beside them.

Loaded only where a plan has migrations: most looks at a database find nothing to do.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dbmigrations.api.words import BackupWhen, Direction
from dbmigrations.postgres.backfill.outlook import outlook
from dbmigrations.postgres.backup_check import IN_A_JOB, ON_A_LAPTOP, backup_problem
from dbmigrations.postgres.catalog.looking import look_for_drift
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.counting import CountedLoss, count_losses
from dbmigrations.postgres.errors import EngineError, WaitError
from dbmigrations.postgres.history import recorded
from dbmigrations.postgres.journal import half_applied
from dbmigrations.postgres.known import KnownDatabase
from dbmigrations.postgres.records import RecordedMigration, RowOutcome
from dbmigrations.postgres.sizes import relation_sizes
from dbmigrations.postgres.sql.script import read
from dbmigrations.runner.analysis import PlannedScript, analyse
from dbmigrations.runner.making import unusable_schema
from dbmigrations.runner.preflight.facts import Analysis, BackupFacts, MigrationRef, PreflightFacts
from dbmigrations.runner.steps.session import Work, session_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dbmigrations.api.step import StepRequest
    from dbmigrations.postgres.catalog.since import UpScript
    from dbmigrations.postgres.sql.loss import Loss
    from dbmigrations.postgres.sql.names import RelationName
    from dbmigrations.postgres.tables import Tables
    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.release.history import DatabaseHistory
    from dbmigrations.release.kind import Kind
    from dbmigrations.release.plan import Plan, PlannedMigration
    from dbmigrations.runner.context import StepContext


def with_scripts(work: Work, directory: ReleaseDirectory, facts: PreflightFacts, plan: Plan) -> PreflightFacts:
    """The facts of a survey, and those that the scripts of the plan ask for.

    Raises:
        ReleaseInvalidError: a script of the plan that cannot be run as it is written.
        EngineError: the database does not answer.
    """
    scripts = tuple(_with_begun(_planned_scripts(plan, directory, work.session, work.tables), facts.history))

    def count(losses: Sequence[Loss]) -> CountedLoss:
        return count_losses(work.session, losses)

    def measure(names: Sequence[RelationName]) -> Mapping[RelationName, int]:
        return relation_sizes(work.session, names)

    analyses = analyse(scripts, work.request.schema_name, count, measure, KnownDatabase.of(work.session))
    return replace(
        facts,
        analyses=_with_outlooks(work.session, scripts, analyses),
        backup=BackupFacts(facts.backup.when, _backup_problem(work.request, work.context)),
        unusable_schema=unusable_schema(work.session, work.request.schema_name, scripts),
        drift=look_for_drift(
            work.session, work.tables, facts.history, work.request.policy.drift_ignore, ups_of(directory)
        ),
    )


def ups_of(directory: ReleaseDirectory) -> UpScript:
    """The ups of a directory, as they were applied."""

    def text(kind: Kind, name: str, checksum: str) -> str | None:
        found = directory.migration(kind, name)
        return found.up.text if found is not None and found.up.checksum == checksum else None

    return text


def _with_outlooks(
    session: Session, scripts: Sequence[PlannedScript], analyses: Mapping[MigrationRef, Analysis]
) -> Mapping[MigrationRef, Analysis]:
    """With what the database says of the tables that backfills walk."""
    told = dict(analyses)
    for script in scripts:
        before = told[script.ref]
        if before.backfill and (backfill := read(script.text, script.bulk).backfill) is not None:
            told[script.ref] = replace(before, backfill=f"{before.backfill}: {outlook(session, backfill)}")
    return told


def _planned_scripts(
    plan: Plan, directory: ReleaseDirectory, session: Session, tables: Tables
) -> Iterator[PlannedScript]:
    """The scripts of a plan in its order: ups from the directory, downs as they are stored in the database.

    A down that is not stored has no script here; the decision refuses it.
    """
    for planned in plan.migrations:
        ref = (planned.kind, planned.name, planned.direction)
        if planned.direction is Direction.UP:
            migration = directory.migration(planned.kind, planned.name)
            if migration is not None:
                yield PlannedScript(ref, migration.up.path, migration.up.text, migration.up.bulk)
        else:
            row = _to_undo(session, tables, planned)
            if row is not None and row.down_script is not None:
                yield PlannedScript(ref, row.down_path or f"the stored down of {planned.name}", row.down_script)


def _with_begun(scripts: Iterator[PlannedScript], history: DatabaseHistory) -> Iterator[PlannedScript]:
    """With what ran of each before."""
    halves = {(row.kind, row.name, row.direction): row.statements for row in history.partial}
    for script in scripts:
        yield replace(script, begun=halves.get(script.ref, ()))


def _to_undo(session: Session, tables: Tables, planned: PlannedMigration) -> RecordedMigration | None:
    """What is stored of a migration that is applied, or half applied."""
    outcome, row = recorded(session, tables, planned.kind, planned.name) or (None, None)
    if outcome is RowOutcome.APPLIED:
        return row
    return half_applied(session, tables, planned.kind, planned.name)


def _backup_problem(request: StepRequest, context: StepContext) -> str:
    if request.backup.when is BackupWhen.NEVER:
        return ""
    if not request.backup.directory:
        return "no storage for backups is named: set `spec.steps.backup.storage`, or `when: Never`"
    remedies = IN_A_JOB if request.requester.uid else ON_A_LAPTOP
    try:
        with Session.open(context.logins.backup(), session_settings(request, row_security=False)) as session:
            session.mean_the_catalog_alone()
            return backup_problem(session, Path(request.backup.directory), remedies)
    except WaitError:  # not now is not impossible: the step is tried again
        raise
    except EngineError as error:
        return f"the login for the backup does not work: {error}"
