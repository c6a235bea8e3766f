"""docs/reference is what the commands say."""

from __future__ import annotations

from pathlib import Path

import click

from dbmigrations.runner.documents import DOCUMENTS
from dbmigrations.runner.main import cli
from dbmigrations.runner.reference import PATH, SCHEMAS, commands_of, pages

ROOT = Path(__file__).parents[3]


def commands(group: click.Group) -> list[click.Command]:
    return [command for _, command in leaves(group)]


def test_the_pages_in_the_tree_are_the_generated_ones() -> None:
    wanted = pages()
    present = {PATH, *(f"{SCHEMAS}/{path.name}" for path in (ROOT / SCHEMAS).iterdir())}
    assert present == set(wanted), "run `make generate`"
    for name, text in wanted.items():
        assert (ROOT / name).read_text(encoding="utf-8") == text, "run `make generate`"


def test_every_command_that_answers_in_json_has_a_schema() -> None:
    assert set(DOCUMENTS) == {name for name, command in leaves(cli) if name != "step"}


def leaves(group: click.Group, path: str = "") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name, command in commands_of(group):
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                found.append((f"{path}{name}", command))
            found += leaves(command, f"{path}{name} ")
        else:
            found.append((f"{path}{name}", command))
    return found


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
