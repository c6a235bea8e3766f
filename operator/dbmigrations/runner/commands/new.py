"""`dbmigrate new` and `dbmigrate init`: files that wait to be written, where they belong. Asks no database."""

from datetime import UTC, datetime
from pathlib import Path

import click

from dbmigrations.release.migration import Kind
from dbmigrations.release.scaffold import (
    ASSERTION,
    NewFiles,
    ScaffoldError,
    prepare_assertion,
    prepare_directory,
    prepare_migration,
    write_files,
)
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.options import source_option
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.source import require_folder

_KINDS = (*(kind.value for kind in Kind), ASSERTION)


@click.command("new", cls=Leaf)
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("name", metavar="NAME")
@click.option("--no-down", is_flag=True, help="Make no down: the ledger will declare it `irreversible`.")
@source_option
@laptop_command
def new(desk: Desk, kind: str, name: str, source: Path, *, no_down: bool) -> Exit:
    """Make the files of a new migration (or, with `verify`, of an assertion), named by the time in UTC.

    Nothing is put into the ledger: the migration is unreleased until `dbmigrate release cut`. Each script is a draft,
    which `validate` reports, until the line that says so is deleted.
    """
    if no_down and kind == ASSERTION:
        raise click.UsageError("--no-down is about migrations: an assertion has no down")
    root = require_folder(str(source))
    try:
        if kind == ASSERTION:
            made = prepare_assertion(root, name)
        else:
            made = prepare_migration(root, Kind(kind), name, datetime.now(UTC), with_down=not no_down)
        write_files(root, made)
    except ScaffoldError as error:
        raise click.UsageError(str(error)) from None
    if made.newest:
        desk.terminal.aside(f"warning: {made.newest} has a later time in its name and will be applied after this one")
    _show(desk, "new", root, made, kind=kind, name=made.name)
    return Exit.OK


@click.command("init", cls=Leaf)
@source_option
@laptop_command
def init(desk: Desk, source: Path) -> Exit:
    """Make a release directory: an empty ledger, and the folders of migrations. Nothing is overwritten.

    Without --dir it is the folder `database` where there is one, else the current folder.
    """
    try:
        source.mkdir(parents=True, exist_ok=True)
        made = prepare_directory(source)
        write_files(source, made)
    except ScaffoldError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.UsageError(f"{source} cannot be made: {error.strerror}") from None
    _show(desk, "init", source, made)
    if not desk.terminal.as_json:
        desk.terminal.say("next: `dbmigrate new schema init`, write it, then `dbmigrate release cut 1.0.0`")
    return Exit.OK


def _show(desk: Desk, command: str, root: Path, made: NewFiles, **fields: str) -> None:
    if desk.terminal.as_json:
        desk.terminal.document(document(command, **fields, files=list(made.texts)))
        return
    for path in made.texts:
        desk.terminal.say(str(root / path))
