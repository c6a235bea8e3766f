"""`dbmigrate`: the entry of the command line."""

import click

from dbmigrations.runner.commands.step import step
from dbmigrations.runner.context import runner_version


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(runner_version(), prog_name="dbmigrate")
def cli() -> None:
    """The version of a PostgreSQL database, kept in Git."""


for command in (step,):
    cli.add_command(command)


def main() -> None:
    """Run the command line."""
    cli(prog_name="dbmigrate")
