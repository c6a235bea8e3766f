"""`dbmigrate`: the entry of the command line.

A command's module is loaded when it is called for: a Job starts one step and should not wait for the rest.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

import click

_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "init": "new",
        "new": "new",
        "validate": "validate",
        "plan": "plan",
        "check": "check",
        "migrate": "migrate",
        "verify": "verify",
        "rollback": "migrate",
        "version": "version",
        "history": "version",
        "backup": "backup",
        "baseline": "baseline",
        "rehearse": "rehearse",
        "owner": "owner",
        "release": "release",
        "docs": "docs",
        "completion": "completion",
        "step": "step",
    }
)
"""Each command and the module of `commands` where it is, in the order in which help shows them."""


class Commands(click.Group):
    """The commands by name, loaded on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names."""
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """One command; None where there is none of that name."""
        if cmd_name not in _MODULES:
            return None
        found = getattr(import_module(f"dbmigrations.runner.commands.{_MODULES[cmd_name]}"), cmd_name)
        return found if isinstance(found, click.Command) else None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="dbmigrations", prog_name="dbmigrate")
def cli() -> None:
    """The version of a PostgreSQL database, kept in Git."""


def main() -> None:
    """Run the command line."""
    cli(prog_name="dbmigrate")
