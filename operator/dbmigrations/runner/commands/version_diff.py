"""`dbmigrate version diff`: what lies between two versions, or between the database and one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from dbmigrations.release.directory import ReleaseDirectory
from dbmigrations.release.migration import Release
from dbmigrations.release.versions import Version
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.laptop import at_laptop
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.looking import Look, look
from dbmigrations.runner.commands.offline import look_offline, require_listed
from dbmigrations.runner.commands.option_kinds import checked_version
from dbmigrations.runner.commands.options import Place, Planning, place_options
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.context import Wishes
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.source import load_source, newest_version

_PLAIN = Planning("", {}, no_backup=True, backup_dir=Path("backups"), retain=1)


@click.command("diff", cls=Leaf)
@click.argument("first", callback=checked_version, metavar="[FROM]", required=False)
@click.argument("second", callback=checked_version, metavar="[TO]", required=False)
@place_options
@laptop_command
def diff_command(desk: Desk, first: str | None, second: str | None, place: Place) -> Exit:
    """Show what lies between two versions: releases, migrations with the classes of what they do, the way back.

    With FROM and TO the ledger answers, and no database is asked. With one version, or none (the newest), it is the way
    from the database to it, also where it would be refused: an edited file, a lost line, a half-done migration.
    """
    directory = load_source(str(place.source))
    if first and second:
        for version in (first, second):
            require_listed(directory, version)
        seen = look_offline(directory, first, second, _PLAIN, place.schema or "public")
        start = first
    else:
        target = first or newest_version(directory)
        require_listed(directory, target)
        laptop = at_laptop(desk, place)
        wishes = Wishes(force_owned=True, down_is_asked=True)
        seen = look(laptop.request(target, _PLAIN), laptop.context(wishes), directory)
        start = seen.current_version
    between = _between(directory, start, seen.facts.version)
    if desk.terminal.as_json:
        fields = {"releases": [_release(each) for each in between], "plan": seen.document()}
        desk.terminal.document(document("version diff", **fields))
    else:
        _show(desk, seen, between)
    return Exit.OK


def _between(directory: ReleaseDirectory, start: str, end: str) -> tuple[Release, ...]:
    """The releases above the lower of two versions, up to the higher one."""
    version = start.removesuffix("*")
    low = Version.parse(version) if version else None
    high = Version.parse(end)
    if low is not None and high < low:
        low, high = high, low
    return tuple(each for each in directory.releases if (low is None or low < each.version) and each.version <= high)


def _show(desk: Desk, seen: Look, between: tuple[Release, ...]) -> None:
    for release in between:
        desk.terminal.say(f"{release.version}  {release.description}".rstrip(), "bold")
        for line in _said(release):
            desk.terminal.say(f"  {line}")
    for line in seen.lines():
        desk.terminal.say(line)
    if seen.refusal is not None:
        desk.terminal.say(f"{seen.refusal.reason}: {seen.refusal.message}", "bold yellow")


def _said(release: Release) -> Iterator[str]:
    if release.breaking:
        yield f"breaking: {release.breaking}"
    for each in release.compatibility:
        yield f"works with {each.component} {each.versions.text}"


def _release(release: Release) -> dict[str, Any]:
    return {
        "version": release.version.text,
        "description": release.description,
        "baseline": release.baseline,
        "breaking": release.breaking,
        "compatibility": {each.component: each.versions.text for each in release.compatibility},
        "migrations": [{"kind": m.kind.value, "name": m.name} for m in release.migrations],
    }
