"""`dbmigrate`: the entry of the command line."""

import click

from dbmigrations.runner.commands.backup import backup
from dbmigrations.runner.commands.baseline import baseline
from dbmigrations.runner.commands.migrate import migrate, rollback
from dbmigrations.runner.commands.owner import owner
from dbmigrations.runner.commands.plan import check, plan
from dbmigrations.runner.commands.step import step
from dbmigrations.runner.commands.validate import validate
from dbmigrations.runner.commands.verify import verify
from dbmigrations.runner.commands.version import history, version
from dbmigrations.runner.context import runner_version


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(runner_version(), prog_name="dbmigrate")
def cli() -> None:
    """The version of a PostgreSQL database, kept in Git."""


for command in (validate, plan, check, migrate, verify, rollback, version, history, backup, baseline, owner, step):
    cli.add_command(command)


def main() -> None:
    """Run the command line."""
    cli(prog_name="dbmigrate")
