"""`dbmigrate history replace-down`: another down in the place of a faulty stored one."""

from __future__ import annotations

from pathlib import Path

import click

from dbmigrations.postgres.execution import read_script as parse_script
from dbmigrations.release.files import UnreadableError, read_script
from dbmigrations.runner.amending import replace_down
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.check import checked_key
from dbmigrations.runner.commands.laptop import at_laptop
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.options import Place, place_options
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.steps.session import locked, open_work


@click.command("replace-down", cls=Leaf)
@click.argument("migration", metavar="KIND/NAME")
@click.option("--file", "file", required=True, type=click.Path(path_type=Path), help="The down script to store.")
@click.option("--reason", required=True, help="Why; it is recorded for good.")
@place_options
@laptop_command
def replace_down_command(desk: Desk, migration: str, file: Path, reason: str, place: Place) -> Exit:
    """Store another down for a migration that is applied: a later rollback runs it. Nothing is run now.

    The row of the history that says so holds the new script, who stored it and why; the old one stays in its own row.
    """
    if not reason.strip():
        raise click.UsageError("--reason says why, for whoever reads the history later")
    kind, name = checked_key(migration)
    try:
        script = read_script(file.parent, file.name)
    except UnreadableError as error:
        raise click.UsageError(f"{file}: {error.message}{f' ({error.remedy})' if error.remedy else ''}") from None
    parse_script(str(file), script.text, script.bulk)
    laptop = at_laptop(desk, place)
    with open_work(laptop.request(""), laptop.context(), row_security=True) as work, locked(work):
        replace_down(work, kind, name, script, reason)
    if desk.terminal.as_json:
        desk.terminal.document(
            document("history replace-down", kind=kind.value, name=name, checksum=script.checksum, reason=reason)
        )
    else:
        desk.terminal.say(f"the down of {kind} {name} is now {file} ({script.checksum[:12]})")
    return Exit.OK
