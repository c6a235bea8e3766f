"""`dbmigrate check`: is everything as it was left, and may a run go ahead?"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from dbmigrations.postgres.catalog.looking import look_for_drift
from dbmigrations.postgres.facts import read_history
from dbmigrations.postgres.tables import installed
from dbmigrations.postgres.tampering import Tampering, look_for_tampering
from dbmigrations.release.kind import Kind
from dbmigrations.runner.amending import accept_catalog, accept_file, accept_history
from dbmigrations.runner.checking import Finding, drift_findings, file_findings, half_findings, tampered
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.laptop import Laptop, at_laptop
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.looking import Look
from dbmigrations.runner.commands.options import Place, Planning, place_options, planning_options, to_option
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.context import Wishes
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.gather import gather
from dbmigrations.runner.gather_scripts import ups_of
from dbmigrations.runner.preflight.decision import decide
from dbmigrations.runner.preflight.drafting import make_draft
from dbmigrations.runner.report.words import count
from dbmigrations.runner.source import load_source, newest_version
from dbmigrations.runner.steps.session import locked, open_work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.release.migration import Key
    from dbmigrations.release.sets import Sets
    from dbmigrations.runner.preflight.facts import PreflightFacts
    from dbmigrations.runner.steps.session import Work

_LOOKING = Wishes(force_owned=True, down_is_asked=True)
"""Who only looks may see the plan of an owned database, and the way down."""


@click.command("check", cls=Leaf)
@click.option(
    "--accept",
    default="",
    metavar="WHAT",
    help="Accept `kind/name` (an edited file), `drift`, or `history` (changed by hand); needs --reason.",
)
@click.option("--reason", default="", help="With --accept: why; it is recorded for good.")
@to_option
@place_options
@planning_options
@laptop_command
def check(  # noqa: PLR0913, PLR0917  one for each option
    desk: Desk, version: str | None, place: Place, planning: Planning, accept: str, reason: str
) -> Exit:
    """Compare the database, its history and the release directory, and ask everything that preflight would ask.

    Told are files that were edited, are missing, were moved, inserted or put in another order since they were applied,
    a history that was changed by hand, and drift: what somebody changed in the database since it was last verified,
    object by object. Nothing is changed, unless --accept records that one of these is right, with who and why.

    The exit code is 1 where a run would be refused, where the history was tampered with, and with --drift Refuse where
    there is drift.
    """
    if bool(accept) != bool(reason.strip()):
        raise click.UsageError("--accept and --reason go together: the reason is for whoever reads the history later")
    laptop = at_laptop(desk, place)
    directory = load_source(str(place.source), require_down=planning.policy.require_down)
    target = version or newest_version(directory)
    if accept:
        _accept(laptop, directory, accept, reason)
    with open_work(laptop.request(target, planning), laptop.context(_LOOKING), row_security=False) as work:
        seen, findings = _look(work, directory)
    stopped = seen.refusal is not None or any(each.stands_in_the_way for each in findings)
    if desk.terminal.as_json:
        drift = {"since": seen.facts.drift.since, "unknown": seen.facts.drift.unknown or None}
        rows = [asdict(each) for each in findings]
        desk.terminal.document(document("check", plan=seen.document(), findings=rows, drift=drift))
    else:
        _show(desk, seen, findings, target)
    return Exit.FINDINGS if stopped else Exit.OK


def _look(work: Work, directory: ReleaseDirectory) -> tuple[Look, tuple[Finding, ...]]:
    session, tables = work.session, work.tables
    facts = gather(work, directory)
    changed = Tampering()
    if installed(session, tables):
        drift = look_for_drift(session, tables, facts.history, work.request.policy.drift_ignore, ups_of(directory))
        facts = replace(facts, drift=drift)
        changed = look_for_tampering(session, tables, facts.history)
    draft = make_draft(facts)
    found = [*tampered(changed), *(_of_files(facts, draft.sets) if draft else ())]
    return Look(facts, decide(facts)), (*found, *drift_findings(facts))


def _of_files(facts: PreflightFacts, sets: Sets) -> Iterator[Finding]:
    yield from file_findings(facts, sets)
    yield from half_findings(facts, sets)


def _accept(laptop: Laptop, directory: ReleaseDirectory, what: str, reason: str) -> None:
    request = laptop.request("")
    with open_work(request, laptop.context(_LOOKING), row_security=False) as work, locked(work):
        if what == "drift":
            accept_catalog(work, work.current_version(), reason)
            said = "what is there now is what should be there"
        elif what == "history":
            facts = read_history(work.session, work.tables)
            if not (facts.exists and look_for_tampering(work.session, work.tables, facts).found):
                raise click.UsageError("the history is as it was written: there is nothing to accept")
            accept_history(work, reason)
            said = "the rows of the history count as they are"
        else:
            key = checked_key(what)
            migration = directory.migration(*key)
            if migration is None:
                raise click.UsageError(f"no release of the directory lists {what}: only an edited file can be accepted")
            accept_file(work, migration, reason)
            said = f"{migration.up.path} counts as it is now"
    laptop.desk.terminal.aside(f"recorded: {said}")


def checked_key(text: str) -> Key:
    """`sql/20260123_1200_name` as kind and name.

    Raises:
        click.UsageError: it is nothing of the kind.
    """
    kind, slash, name = text.partition("/")
    if not slash or not name or kind not in tuple(Kind):
        raise click.UsageError(f"{text!r} is no migration: write kind/name, such as sql/20260123_1200_name")
    return Kind(kind), name


def _show(desk: Desk, seen: Look, findings: tuple[Finding, ...], target: str) -> None:
    terminal = desk.terminal
    for each in findings:
        where = f"{each.where}: " if each.where else ""
        of = f" (release {each.version})" if each.version and each.what != "drift" else ""
        subject = "" if each.what in {"drift", "tampered"} else f"{each.subject}{of} "
        style = "red" if each.stands_in_the_way else "yellow"
        remedy = "" if each.what == "drift" else f". {each.remedy}"
        terminal.say(f"{where}{each.what}: {subject}{each.message}{remedy}", style)
    if drifted := next((each for each in findings if each.what == "drift"), None):
        terminal.say(f"drift: {drifted.remedy}", "yellow")
    if seen.facts.drift.unknown and seen.facts.history.exists:
        terminal.aside(f"drift: {seen.facts.drift.unknown}")
    if seen.refusal is not None:
        for line in seen.lines():
            terminal.say(line)
        terminal.say(f"{seen.refusal.reason}: {seen.refusal.message}", "bold yellow")
        return
    work = count(seen.summary.migrations if seen.summary else 0, "migration")
    start = seen.current_version or "no version"
    if not any(each.stands_in_the_way for each in findings):
        terminal.say(f"nothing stands in the way from {start} to {target}: {work}")
