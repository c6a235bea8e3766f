"""`dbmigrate plan`: what a run would do."""

from __future__ import annotations

import click

from dbmigrations.release.problems import ReleaseInvalidError
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.formats import Format, check_one_answer, format_option, tell_findings
from dbmigrations.runner.commands.laptop import at_laptop
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.looking import Look, look
from dbmigrations.runner.commands.offline import look_offline
from dbmigrations.runner.commands.options import (
    Offline,
    Place,
    Planning,
    offline_options,
    place_options,
    planning_options,
    to_option,
)
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.context import Wishes
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.report.findings import of_plan, of_problems
from dbmigrations.runner.source import load_source, newest_version

_LOOKING = Wishes(force_owned=True, down_is_asked=True)
"""Who only looks may see the plan of an owned database, and the way down."""


@click.command("plan", cls=Leaf)
@to_option
@offline_options
@format_option
@place_options
@planning_options
@laptop_command
def plan(  # noqa: PLR0913 - one for each group of options
    desk: Desk, version: str | None, place: Place, planning: Planning, *, offline: Offline, form: Format
) -> Exit:
    """Show what would be done to reach a version, with the hash that approves it. Nothing is changed.

    With --offline in the CI of a pull request, one commit can carry a migration and `approvedPlan`. The exit code is 0
    where there is a plan, also where it would wait for approval: `dbmigrate check` is the judge.
    """
    if offline.start and not offline.asked:
        raise click.UsageError("--from goes with --offline: a database says itself where it is")
    check_one_answer(desk, form)
    try:
        seen = _seen(desk, version, place, planning, offline)
    except ReleaseInvalidError as error:
        if form is Format.TEXT:
            raise
        tell_findings(desk, form, of_problems(error.problems, place.source))
        return Exit.FAILED
    if form is Format.TEXT:
        _show(desk, "plan", seen)
    else:
        tell_findings(desk, form, of_plan(seen.facts, seen.plan, seen.refusal))
    return Exit.OK if seen.plan is not None else Exit.REFUSED


def _seen(desk: Desk, version: str | None, place: Place, planning: Planning, offline: Offline) -> Look:
    directory = load_source(str(place.source), require_down=planning.policy.require_down)
    target = version or newest_version(directory)
    if offline.asked:
        return look_offline(directory, offline.start, target, planning, place.schema or "public")
    laptop = at_laptop(desk, place)
    return look(laptop.request(target, planning), laptop.context(_LOOKING), directory)


def _show(desk: Desk, command: str, seen: Look) -> None:
    terminal = desk.terminal
    if terminal.as_json:
        terminal.document(document(command, plan=seen.document()))
        return
    for line in seen.lines():
        terminal.say(line)
    if seen.refusal is not None:
        terminal.say(f"{seen.refusal.reason}: {seen.refusal.message}", "bold yellow")
