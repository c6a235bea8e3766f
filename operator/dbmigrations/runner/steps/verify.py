"""Verify: the assertions of a release and the built-in ones. Only a passed verify moves the database's version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.postgres.assertions import AssertionScript, store_assertions, stored_assertions
from dbmigrations.postgres.catalog.store import Cause
from dbmigrations.postgres.unvalidated import unvalidated
from dbmigrations.postgres.verify import Finding, newly_broken, run_assertions
from dbmigrations.postgres.versions import log_version
from dbmigrations.runner.errors import VerifyFailedError
from dbmigrations.runner.report.events import AssertionPassed
from dbmigrations.runner.report.words import count
from dbmigrations.runner.steps.planned import take_up
from dbmigrations.runner.steps.session import Work, in_database
from dbmigrations.runner.steps.snapshots import keep, what_it_should_be

if TYPE_CHECKING:
    from dbmigrations.api.step import StepRequest, StepResult
    from dbmigrations.runner.context import StepContext


def run(request: StepRequest, context: StepContext) -> StepResult:
    """Verify the release that the step names. Row level security must not make an assertion pass on no rows."""
    return in_database(request, context, _verify, row_security=False)


def _verify(work: Work) -> StepResult:
    planned = take_up(work)
    release = planned.step.release
    if planned.is_finished:
        return planned.succeed(f"verified at {release}")
    scripts, from_directory = assertions_of(work, release)
    check_assertions(work, release, scripts, planned.stored.broken)

    # Behind the other verifies of a run more is changed at once: what the database is then, its end says.
    should_be = what_it_should_be(work) if planned.is_last else None

    def record() -> None:
        if should_be is not None:
            keep(work, should_be, Cause.VERIFIED, version=release)
        if from_directory:
            store_assertions(work.session, work.tables, release, scripts, work.request.run)
        log_version(work.session, work.tables, release, work.provenance(planned.stored.approved_plan))

    return planned.succeed(f"verified at {release} ({count(len(scripts), 'file')} of assertions)", also=record)


def assertions_of(work: Work, release: str) -> tuple[tuple[AssertionScript, ...], bool]:
    """The assertions of a release, and whether they are the directory's: they win over the stored ones."""
    found = work.context.sources.load(work.request.source).release(release)
    if found is not None and found.assertions:
        return tuple(AssertionScript.of(assertion) for assertion in found.assertions), True
    return stored_assertions(work.session, work.tables, release), False


def check_assertions(work: Work, release: str, scripts: tuple[AssertionScript, ...], broken: tuple[str, ...]) -> None:
    """Require that all assertions hold, the built-in ones too.

    Raises:
        VerifyFailedError: naming each that does not, with file and line.
    """
    findings: list[Finding] = []
    for script in scripts:
        found = run_assertions(work.session, [script])
        findings += found
        if not found:
            work.context.report(AssertionPassed(release, script.name))
    directory = work.context.sources.load(work.request.source)
    built_in = newly_broken(work.session, broken, unvalidated(directory.migrations))
    if not built_in:
        work.context.report(AssertionPassed("", "no new INVALID index or NOT VALID constraint"))
    if findings or built_in:
        said = "; ".join(f"{finding.where}: {finding.message}" for finding in (*findings, *built_in))
        raise VerifyFailedError(
            f"{release} does not verify: {said}. Mend the database or the assertion, or lower the version"
        )
