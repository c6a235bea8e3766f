"""`dbmigrate owner`: to which DatabaseMigration the database belongs."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from dbmigrations.postgres import owner as owners
from dbmigrations.postgres.owner import Owner
from dbmigrations.postgres.tables import install
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.laptop import at_laptop, who
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.options import Place, place_options
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.program import runner_version
from dbmigrations.runner.steps.session import Work, open_work

PARTS = 3
"""Of an owner: cluster, namespace, name."""


@click.group("owner")
def owner() -> None:
    """Show or move the ownership of the database."""


@owner.command("show", cls=Leaf)
@place_options
@laptop_command
def show(desk: Desk, place: Place) -> Exit:
    """Show to which DatabaseMigration the database belongs, since when and why."""
    laptop = at_laptop(desk, place)
    with open_work(laptop.request(""), laptop.context(), row_security=True) as work:
        found = owners.read_owner(work.session, work.tables)
    _tell(desk, "owner show", found)
    return Exit.OK


@owner.command("take", cls=Leaf)
@click.argument("new_owner", metavar="[OWNER]", default="")
@click.option("--reason", required=True, help="Why; it is recorded for good.")
@place_options
@laptop_command
def take(desk: Desk, new_owner: str, reason: str, place: Place) -> Exit:
    """Take the database from its owner, and give it to OWNER: `cluster/namespace/name`.

    `namespace/name` will do where a resource of the same cluster owns it now. Without OWNER it belongs to nobody, and
    the next DatabaseMigration that looks at it claims it. Only names are given: the resource of that name makes itself
    known at its next run.
    """
    laptop = at_laptop(desk, place)
    with open_work(laptop.request(""), laptop.context(), row_security=True) as work:
        before = owners.read_owner(work.session, work.tables)
        name = _full_name(new_owner, before)
        request = work.request
        install(work.session, work.tables, application_schema=request.schema_name, runner_version=runner_version())
        _move(work, name, before, reason)
        found = owners.read_owner(work.session, work.tables)
    _tell(desk, "owner take", found)
    return Exit.OK


def _move(work: Work, name: str, before: Owner | None, reason: str) -> None:
    if before is not None and before.owner == name:
        return
    owners.take(work.session, work.tables, name, "", taken_by=who(), reason=reason)


def _full_name(name: str, before: Owner | None) -> str:
    if not name:
        return ""
    parts = name.split("/")
    if len(parts) == PARTS and all(parts):
        return name
    if len(parts) == PARTS - 1 and all(parts) and before is not None and before.owner.count("/") == PARTS - 1:
        return f"{before.owner.split('/')[0]}/{name}"
    raise click.UsageError(
        "OWNER is cluster/namespace/name (cluster: the operator's clusterName, or the uid of namespace kube-system); "
        "namespace/name will do where a resource of the same cluster owns it now"
    )


def _tell(desk: Desk, command: str, found: Owner | None) -> None:
    if desk.terminal.as_json:
        row = found or Owner("", "", "", "", datetime.min.replace(tzinfo=UTC))
        since = found.taken_at.isoformat() if found else None
        desk.terminal.document(document(command, **(vars(row) | {"taken_at": since})))
    elif found is None or not found.owner:
        desk.terminal.say("nobody owns this database")
    else:
        by = f" by {found.taken_by}" if found.taken_by else ""
        desk.terminal.say(f"{found.owner}, since {found.taken_at:%Y-%m-%d %H:%M}{by}: {found.reason}")
