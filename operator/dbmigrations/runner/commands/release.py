"""`dbmigrate release cut`: what no release lists yet becomes a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dbmigrations.release.cut import CutError, prepare_cut, write_cut
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.option_kinds import checked_version
from dbmigrations.runner.commands.options import source_option
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.source import require_folder

if TYPE_CHECKING:
    from pathlib import Path


@click.group("release")
def release() -> None:
    """Work on the ledger of the release directory."""


@release.command("cut", cls=Leaf)
@click.argument("version", callback=checked_version, metavar="VERSION")
@click.option("--description", default="", help="What the release is about, in a line.")
@click.option("--dry-run", is_flag=True, help="Show the lines and write nothing.")
@source_option
@laptop_command
def cut(desk: Desk, version: str, description: str, source: Path, *, dry_run: bool) -> Exit:
    """Put every unreleased migration and assertion into the ledger, as release VERSION.

    So two developers on two branches never edit one line: each adds files, and who releases cuts.
    """
    folder = require_folder(str(source))
    try:
        made = prepare_cut(folder, version, description)
        if not dry_run:
            write_cut(folder, made)
    except CutError as error:
        raise click.UsageError(str(error)) from None
    names = [f"{kind} {name}" for kind, name in made.migrations] + [f"verify {name}" for name in made.assertions]
    if desk.terminal.as_json:
        desk.terminal.document(
            document("release cut", release=version, file=made.file, listed=names, written=not dry_run)
        )
        return Exit.OK
    for name in names:
        desk.terminal.say(f"  {name}")
    desk.terminal.say(f"{version}: {'would be written' if dry_run else 'written'} to {made.file}", "green")
    return Exit.OK
