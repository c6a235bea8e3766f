"""`dbmigrate version set`: record that the database is at a version, with nothing run."""

from dataclasses import dataclass

import click

from dbmigrations.api.reasons import Refusal
from dbmigrations.postgres.assertions import AssertionScript
from dbmigrations.postgres.catalog.looking import look_for_drift
from dbmigrations.postgres.tables import install
from dbmigrations.postgres.unvalidated import unvalidated
from dbmigrations.postgres.verify import newly_broken, run_assertions
from dbmigrations.release.directory import ReleaseDirectory
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.laptop import Laptop, at_laptop
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.option_kinds import checked_version
from dbmigrations.runner.commands.options import Place, place_options
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.context import Wishes
from dbmigrations.runner.errors import StepRefusedError, VerifyFailedError
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.gather import survey
from dbmigrations.runner.gather_scripts import ups_of
from dbmigrations.runner.preflight.case import Refused
from dbmigrations.runner.preflight.facts import PreflightFacts
from dbmigrations.runner.preflight.setting import Setting, decide_setting
from dbmigrations.runner.program import runner_version
from dbmigrations.runner.recording import evidence_against, record
from dbmigrations.runner.report.words import count
from dbmigrations.runner.source import load_source
from dbmigrations.runner.steps.session import Work, locked, open_work


@click.command("set", cls=Leaf)
@click.argument("version", callback=checked_version, metavar="VERSION")
@click.option("--reason", required=True, help="Why; it is recorded for good.")
@click.option("--yes", is_flag=True, help="Ask nothing. Needed where nobody can be asked.")
@click.option("--despite-catalog", is_flag=True, help="Record it although tables or columns say otherwise.")
@click.option("--dry-run", is_flag=True, help="Say what would be recorded, and record nothing.")
@click.option("--force-owned", is_flag=True, help="Do it although a DatabaseMigration owns the database (audited).")
@place_options
@laptop_command
def set_command(  # noqa: PLR0913 - one for each option
    desk: Desk,
    version: str,
    place: Place,
    *,
    reason: str,
    yes: bool,
    despite_catalog: bool,
    dry_run: bool,
    force_owned: bool,
) -> Exit:
    """Record that the database is at VERSION. No script is run; the history says what was taken on trust.

    What the ledger lists up to VERSION and the history lacks is recorded as Baselined: applied in another way, so no
    rollback goes below it. What is applied of later releases is recorded as Undone: taken back in another way. Edited
    files, lost ledger lines and half-done migrations are refused, as is a record that the tables and columns in the
    database contradict. VERSION's assertions must hold. What the database consists of is recorded with it: drift that
    was there is told, and counts as right from then on.
    """
    if not reason.strip():
        raise click.UsageError("--reason says why, for whoever reads the history later")
    laptop = at_laptop(desk, place)
    directory = load_source(str(place.source))
    context = laptop.context(Wishes(force_owned=force_owned, down_is_asked=True))
    with open_work(laptop.request(version), context, row_security=False) as work, locked(work):
        found = survey(work, directory)
        setting = _decided(work, found, despite_catalog=despite_catalog)
        _check_assertions(work, directory)
        told = _Told(
            version, setting, look_for_drift(work.session, work.tables, found.history, (), ups_of(directory)).headlines
        )
        if dry_run or not _is_meant(laptop, told, yes=yes):
            return _tell(desk, told, recorded=False, dry_run=dry_run)
        schema = work.request.schema_name
        install(work.session, work.tables, application_schema=schema, runner_version=runner_version())
        record(work, setting, directory, reason)
    return _tell(desk, told, recorded=True, dry_run=False)


@dataclass(frozen=True)
class _Told:
    """What a person is told before and after."""

    version: str
    setting: Setting
    drift: tuple[str, ...]
    """What was changed since the database was last recorded: whatever it is, it is taken as right."""


def _decided(work: Work, found: PreflightFacts, *, despite_catalog: bool) -> Setting:
    decided = decide_setting(found)
    if isinstance(decided, Refused):
        raise StepRefusedError(decided.reason, decided.message)
    against = () if despite_catalog else evidence_against(work, decided)
    if against:
        more = f" and {len(against) - 3} more" if len(against) > 3 else ""  # noqa: PLR2004 - enough to see what is meant
        raise StepRefusedError(
            Refusal.HISTORY_DIVERGED,
            f"the database does not look like {work.request.version}: {', '.join(against[:3])}{more}. "
            "`dbmigrate migrate` or `dbmigrate rollback` make it so; --despite-catalog records it all the same",
        )
    return decided


def _check_assertions(work: Work, directory: ReleaseDirectory) -> None:
    release = directory.release(work.request.version)
    scripts = [AssertionScript.of(assertion) for assertion in release.assertions] if release else []
    allowed = unvalidated(directory.migrations)
    findings = (*run_assertions(work.session, scripts), *newly_broken(work.session, (), allowed))
    if findings:
        said = "; ".join(f"{finding.where}: {finding.message}" for finding in findings)
        raise VerifyFailedError(f"{work.request.version} does not verify, and nothing was recorded: {said}")


def _is_meant(laptop: Laptop, told: _Told, *, yes: bool) -> bool:
    terminal = laptop.desk.terminal
    if yes:
        return True
    if not terminal.is_interactive:
        raise click.UsageError("nobody can be asked here: --yes says that it is meant")
    for line in _lines(told):
        terminal.aside(line)
    return terminal.confirm(f"Record that {laptop.settings} is at {told.version}? Nothing is run.")


def _tell(desk: Desk, told: _Told, *, recorded: bool, dry_run: bool) -> Exit:
    code = Exit.OK if recorded or dry_run else Exit.REFUSED
    setting, version = told.setting, told.version
    if desk.terminal.as_json:
        applied = [{"kind": m.kind.value, "name": m.name} for m in setting.taken_as_applied]
        undone = [{"kind": row.kind.value, "name": row.name} for row in setting.taken_as_undone]
        desk.terminal.document(
            document(
                "version set",
                version=version,
                baselined=applied,
                undone=undone,
                drift=list(told.drift),
                recorded=recorded,
            )
        )
        return code
    if dry_run or recorded:
        for line in _lines(told):
            desk.terminal.say(line)
    if recorded:
        desk.terminal.say(f"recorded: the database is at {version}", "bold green")
    else:
        desk.terminal.aside("nothing was changed")
    return code


def _lines(told: _Told) -> list[str]:
    setting = told.setting
    undone = [f"  ↓ {row.kind} {row.name}: recorded as undone" for row in setting.taken_as_undone]
    applied = [f"  ↑ {m.kind} {m.name}: recorded as applied before" for m in setting.taken_as_applied]
    figure = count(len(undone) + len(applied), "migration")
    drift = [f"  = {each}: taken as it is" for each in told.drift]
    return [*undone, *applied, *drift, f"{figure} recorded, none run"]
