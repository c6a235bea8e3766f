"""A plan without a database: from one version to another, as the directory alone tells it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from dbmigrations.api.words import Direction
from dbmigrations.release.document import did_you_mean
from dbmigrations.release.history import AppliedMigration, AppliedOutcome, DatabaseHistory, VerifiedVersion
from dbmigrations.release.versions import Version
from dbmigrations.runner.analysis import PlannedScript, analyse, count_nothing
from dbmigrations.runner.commands.asking import NOBODY
from dbmigrations.runner.commands.looking import Look
from dbmigrations.runner.preflight.decision import decide
from dbmigrations.runner.preflight.drafting import draft
from dbmigrations.runner.preflight.facts import BackupFacts, PreflightFacts

if TYPE_CHECKING:
    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.release.plan import Plan
    from dbmigrations.runner.commands.options import Planning


def look_offline(directory: ReleaseDirectory, start: str | None, target: str, planning: Planning, schema: str) -> Look:
    """What preflight would say of a database that is verified at `start` (None: of an empty one).

    Everything counts as applied once, as its file is now; what would be lost cannot be counted.

    Raises:
        click.UsageError: the ledger does not list `start`.
        ReleaseInvalidError: a script of the plan that cannot be run as it is written.
    """
    if start:
        require_listed(directory, start)
    facts = PreflightFacts(
        requester=NOBODY,
        version=target,
        directory=directory,
        history=_history(directory, start),
        database_is_empty=not start,
        policy=planning.policy,
        approved_plan=planning.approve,
        backup=BackupFacts(planning.backup.when),
        down_is_asked=True,
    )
    plan = draft(facts)
    if plan is not None:
        facts = replace(facts, analyses=analyse(_scripts(plan, directory), schema, count_nothing))
    return Look(facts, decide(facts))


def require_listed(directory: ReleaseDirectory, version: str) -> None:
    """Take a version of the command line that the ledger lists.

    Raises:
        click.UsageError: it does not; names those that it does.
    """
    if directory.release(version) is None:
        hint = did_you_mean(version, directory.versions)
        newest = f"the newest that it lists are {', '.join(directory.versions[-5:])}"
        there = newest if directory.versions else "it lists none at all"
        raise click.UsageError(f"the ledger lists no {version}: {' '.join(part for part in (hint, there) if part)}")


def _history(directory: ReleaseDirectory, start: str | None) -> DatabaseHistory:
    if not start:
        return DatabaseHistory()
    applied = tuple(
        AppliedMigration(
            kind=migration.kind,
            name=migration.name,
            release=migration.release.text,
            up_checksum=migration.up.checksum,
            down_checksum=migration.down_checksum,
            outcome=AppliedOutcome.APPLIED,
            uid="",
            run="",
            times_applied=1,
            history_id=number,
        )
        for number, migration in enumerate(directory.up_to(Version.parse(start)), start=1)
    )
    return DatabaseHistory(
        applied=applied, newest_change=len(applied), verified=(VerifiedVersion(start, "", len(applied)),)
    )


def _scripts(plan: Plan, directory: ReleaseDirectory) -> tuple[PlannedScript, ...]:
    scripts: list[PlannedScript] = []
    for planned in plan.migrations:
        migration = directory.migration(planned.kind, planned.name)
        script = migration and (migration.up if planned.direction is Direction.UP else migration.down)
        if script:
            ref = (planned.kind, planned.name, planned.direction)
            scripts.append(PlannedScript(ref, script.path, script.text, script.bulk))
    return tuple(scripts)
