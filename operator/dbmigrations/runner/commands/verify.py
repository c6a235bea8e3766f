"""`dbmigrate verify`: do the assertions hold? Looks only: the version log is written by runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dbmigrations.postgres.assertions import AssertionScript, stored_assertions
from dbmigrations.postgres.facts import read_history
from dbmigrations.postgres.unvalidated import unvalidated
from dbmigrations.postgres.verify import Finding, newly_broken, run_assertions
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.laptop import Laptop, at_laptop
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.option_kinds import version_option
from dbmigrations.runner.commands.options import Place, place_options
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.errors import SourceMissingError
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.report.words import count
from dbmigrations.runner.source import load_source
from dbmigrations.runner.steps.session import Work, open_work

if TYPE_CHECKING:
    from dbmigrations.release.directory import ReleaseDirectory


@click.command("verify", cls=Leaf)
@version_option("--release", "version", "Default: the database's version.")
@place_options
@laptop_command
def verify(desk: Desk, version: str | None, place: Place) -> Exit:
    """Run the assertions of a release, and look for INVALID indexes and NOT VALID constraints. Nothing is changed.

    The directory's assertions win; those stored in the database serve where it has none. The exit code is 20 where
    one does not hold.
    """
    laptop = at_laptop(desk, place)
    with open_work(laptop.request(version or ""), laptop.context(), row_security=False) as work:
        history = read_history(work.session, work.tables)
        release = version or history.current_version.removesuffix("*")
        if not release:
            raise click.UsageError("the database has no version yet: name a release with --release")
        directory = _directory(laptop)
        scripts = _assertions(directory, work, release)
        allowed = unvalidated(directory.migrations) if directory else ()
        findings = (*run_assertions(work.session, scripts), *newly_broken(work.session, (), allowed))
    if desk.terminal.as_json:
        desk.terminal.document(
            document(
                "verify",
                release=release,
                holds=not findings,
                files=[script.path for script in scripts],
                findings=[{"where": finding.where, "message": finding.message} for finding in findings],
            )
        )
    else:
        _show(desk, release, scripts, findings)
    return Exit.FAILED if findings else Exit.OK


def _directory(laptop: Laptop) -> ReleaseDirectory | None:
    try:
        return load_source(str(laptop.place.source))
    except SourceMissingError:
        return None


def _assertions(directory: ReleaseDirectory | None, work: Work, release: str) -> tuple[AssertionScript, ...]:
    found = directory.release(release) if directory else None
    if found is not None and found.assertions:
        return tuple(AssertionScript.of(assertion) for assertion in found.assertions)
    return stored_assertions(work.session, work.tables, release)


def _show(desk: Desk, release: str, scripts: tuple[AssertionScript, ...], findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        desk.terminal.say(f"{finding.where}: {finding.message}", "red")
    files = count(len(scripts), "file")
    if findings:
        desk.terminal.say(f"{release} does not verify: {count(len(findings), 'finding')}, {files} looked at", "red")
    else:
        desk.terminal.say(f"{release} verifies: {files} of assertions and the built-in ones hold", "green")
