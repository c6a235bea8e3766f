"""Gathering the facts that preflight decides on: from the database, the release directory and the request.

Reads only. The session has `row_security = off` and holds the lock, so that nothing moves while it looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.words import Trigger
from dbmigrations.postgres import facts as history_facts
from dbmigrations.postgres import owner, prisma, runs
from dbmigrations.postgres.contents import is_empty
from dbmigrations.runner.preflight.drafting import draft
from dbmigrations.runner.preflight.facts import (
    BackupFacts,
    OwnerRow,
    PreflightFacts,
    PrismaRow,
    RunRecord,
)

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.predecessors.telling import Predecessor
    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.runner.steps.session import Work


def gather(work: Work, directory: ReleaseDirectory) -> PreflightFacts:
    """Everything that the decision needs.

    Raises:
        ReleaseInvalidError: a script of the plan that cannot be run as it is written.
        EngineError: the database does not answer.
    """
    facts = survey(work, directory)
    seen = work.context.seen
    if seen is not None and seen.is_fresh and seen.facts == seen.facts.taken_up_by(facts):
        return seen.facts
    plan = draft(facts)
    if plan is None or not plan.migrations:
        return facts
    from dbmigrations.runner.gather_scripts import with_scripts

    return with_scripts(work, directory, facts, plan)


def survey(work: Work, directory: ReleaseDirectory) -> PreflightFacts:
    """The facts without what only a plan needs: no script is read and nothing is counted.

    Raises:
        EngineError: the database does not answer.
    """
    request, session, tables = work.request, work.session, work.tables
    uid = request.requester.uid
    owned_by = owner.read_owner(session, tables)
    known = not request.last_run or runs.is_known_succeeded(session, tables, request.last_run)
    history = history_facts.read_history(session, tables, request.approved_plan)
    nothing_there = is_empty(session, tables)
    return PreflightFacts(
        requester=request.requester,
        version=request.version,
        directory=directory,
        history=history,
        database_is_empty=nothing_there,
        owner=OwnerRow(owned_by.owner, owned_by.uid) if owned_by and owned_by.owner else None,
        trigger=request.trigger,
        undo_run=request.undo_run,
        last_run=request.last_run,
        last_run_known=known,
        previous=_previous(work) if uid else None,
        prisma=tuple(
            PrismaRow(row.name, row.checksum, row.finished, row.rolled_back)
            for row in prisma.prisma_rows(session, request.schema_name)
        ),
        predecessors=_predecessors(session) if not (nothing_there or history.exists) else (),
        baseline=request.baseline,
        policy=request.policy,
        approved_plan=request.approved_plan,
        backup=BackupFacts(request.backup.when),
        force_owned=work.context.wishes.force_owned,
        down_is_asked=work.context.wishes.down_is_asked,
    )


def _predecessors(session: Session) -> tuple[Predecessor, ...]:
    from dbmigrations.postgres.predecessors.reading import find_predecessors

    return find_predecessors(session)


def _previous(work: Work) -> RunRecord | None:
    request = work.request
    row = runs.newest_run(
        work.session, work.tables, request.requester.uid, request.requester.generation, other_than=request.run
    )
    if row is None:
        return None
    return RunRecord(row.id, Trigger(row.trigger), row.outcome.value, row.reason, row.message)
