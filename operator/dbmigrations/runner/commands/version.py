"""`dbmigrate version`: what the database says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbmigrations.postgres.facts import read_history
from dbmigrations.postgres.owner import read_owner
from dbmigrations.release.problems import ReleaseInvalidError
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.laptop import at_laptop
from dbmigrations.runner.commands.leaf import Fork
from dbmigrations.runner.commands.option_kinds import version_option
from dbmigrations.runner.commands.options import Place, place_options
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.errors import SourceMissingError
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.program import runner_version
from dbmigrations.runner.report import words
from dbmigrations.runner.report.words import half_words
from dbmigrations.runner.source import load_source

if TYPE_CHECKING:
    from pathlib import Path

    from dbmigrations.release.history import PartialMigration


class Lazily(Fork):
    """The commands below `version`, loaded when they are called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names."""
        return list(_BELOW)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """One command; None where there is none of that name."""
        if cmd_name not in _BELOW:
            return None
        found = getattr(import_module(f"dbmigrations.runner.commands.{_BELOW[cmd_name]}"), f"{cmd_name}_command")
        return found if isinstance(found, click.Command) else None


_BELOW = {"diff": "version_diff", "set": "version_set"}


@dataclass(frozen=True)
class Versions:
    """What is where."""

    database: str
    """The database's version; empty: none. A trailing `*`: changed since its last passed verify."""
    expected: str
    """What --check compares with: --expect, else the newest release of the directory; empty: there is none."""
    applied: int
    half_done: tuple[PartialMigration, ...]
    owner: str
    postgresql: str
    dbmigrate: str

    @property
    def agrees(self) -> bool:
        """Whether the database is where it is expected."""
        return bool(self.expected) and self.database == self.expected


@click.group("version", cls=Lazily, invoke_without_command=True)
@click.option("--check", is_flag=True, help="Exit with 1 unless the database is at the expected version.")
@version_option("--expect", "expect", "Default: the newest release of the directory.")
@place_options
@laptop_command
def version(desk: Desk, expect: str | None, place: Place, *, check: bool) -> Exit:
    """Show the database's version, and the versions around it.

    A trailing `*` means that migrations were applied or undone since the last passed verify. The exit code is 1 where
    --check finds another version than the expected one.
    """
    laptop = at_laptop(desk, place)
    with laptop.session("version") as (session, tables):
        history = read_history(session, tables)
        owner = read_owner(session, tables)
        (server,) = session.one("SELECT current_setting('server_version')")
    found = Versions(
        database=history.current_version,
        expected=expect or _newest(place.source),
        applied=len(history.applied),
        half_done=history.partial,
        owner=owner.owner if owner else "",
        postgresql=server,
        dbmigrate=runner_version(),
    )
    if check and not found.expected:
        raise click.UsageError("nothing says which version is expected: --expect, or a release directory (--dir)")
    if desk.terminal.as_json:
        desk.terminal.document(document("version", **_fields(found)))
    else:
        _show(desk, found)
    return Exit.FINDINGS if check and not found.agrees else Exit.OK


def _show(desk: Desk, found: Versions) -> None:
    terminal = desk.terminal
    terminal.say(found.database or "no version yet", "bold green" if found.agrees else "bold")
    facts = [("applied", words.count(found.applied, "migration")), ("owner", found.owner or "nobody")]
    if found.expected:
        facts.insert(0, ("expected", found.expected + ("" if found.agrees else "  (differs)")))
    facts[1:1] = [("half-done", half_words(row)) for row in found.half_done]
    facts += [("PostgreSQL", found.postgresql), ("dbmigrate", found.dbmigrate)]
    for name, value in facts:
        terminal.say(f"{name + ':':<12}{value}")


def _fields(found: Versions) -> dict[str, object]:
    halves = [
        {
            "kind": row.kind.value,
            "name": row.name,
            "release": row.release,
            "direction": row.direction.value,
            "ran": [each.ordinal + 1 for each in row.statements if each.applied],
        }
        for row in found.half_done
    ]
    return vars(found) | {"half_done": halves, "agrees": found.agrees}


def _newest(source: Path) -> str:
    try:
        versions = load_source(str(source)).versions
    except (SourceMissingError, ReleaseInvalidError):
        return ""
    return versions[-1] if versions else ""
