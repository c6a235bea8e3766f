"""docs/reference/cli.md is what the commands say."""

from __future__ import annotations

from pathlib import Path

import click

from dbmigrations.runner.main import cli
from dbmigrations.runner.reference import PATH, commands_of, reference

ROOT = Path(__file__).parents[3]


def commands(group: click.Group) -> list[click.Command]:
    found: list[click.Command] = []
    for _, command in commands_of(group):
        found += commands(command) if isinstance(command, click.Group) else [command]
    return found


def test_the_page_in_the_tree_is_the_generated_one() -> None:
    assert (ROOT / PATH).read_text(encoding="utf-8") == reference(), "run `make generate`"


def test_every_command_and_every_option_is_explained() -> None:
    for command in commands(cli):
        assert command.help, command.name
        options = [option for option in command.params if isinstance(option, click.Option)]
        assert all(option.help for option in options), command.name


def test_every_command_but_the_jobs_own_answers_in_json() -> None:
    without = {
        command.name for command in commands(cli) if "as_json" not in {parameter.name for parameter in command.params}
    }
    assert without == {"step"}


def test_help_lists_every_command_with_a_line() -> None:
    with click.Context(cli, info_name="dbmigrate") as context:
        text = cli.get_help(context)
    for name, command in commands_of(cli):
        assert f"  {name} " in text
        assert command.name == name


def test_a_command_that_does_not_exist_is_a_usage_error() -> None:
    assert cli.get_command(click.Context(cli), "migrat") is None
