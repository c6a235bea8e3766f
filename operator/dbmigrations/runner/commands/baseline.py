"""`dbmigrate baseline`: adopt a database that existed before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dbmigrations.runner.commands.asking import Run
from dbmigrations.runner.commands.laptop import at_laptop
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.migrate import carry_out
from dbmigrations.runner.commands.option_kinds import checked_version
from dbmigrations.runner.commands.options import (
    Changing,
    Place,
    Planning,
    changing_options,
    place_options,
    planning_options,
)
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.context import Wishes

if TYPE_CHECKING:
    from dbmigrations.runner.exits import Exit


@click.command("baseline", cls=Leaf)
@click.argument("version", callback=checked_version, metavar="VERSION")
@place_options
@planning_options
@changing_options
@laptop_command
def baseline(desk: Desk, version: str, place: Place, planning: Planning, changing: Changing) -> Exit:
    """Record that an existing database is at VERSION: its migrations count as applied and none of them is run.

    What Prisma recorded must be exactly that list, and what Flyway, dbmate, golang-migrate, Rails or goose recorded
    must not contradict it. Their tables are only read; what no tool speaks of is taken on trust. Then it is verified.
    """
    laptop = at_laptop(desk, place)
    request = laptop.request(version, planning, baseline=version)
    return carry_out(laptop, Run("baseline", request, Wishes(force_owned=changing.force_owned), changing)).code
