"""`dbmigrate`: the entry of the command line.

A command's module is loaded when it is called for: a Job starts one step and should not wait for the rest. What is
loaded lives as long as the process, so Python is told to look for no garbage in it: neither while it is loaded, nor
later with each collection, nor at the end, when the system takes everything back. That was a fifth of a step's start.
"""

import atexit
import gc
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
        "history": "history",
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
    if not gc.isenabled():  # the command's module is loaded, and its work begins
        gc.freeze()
        gc.enable()


def main() -> None:
    """Run the command line."""
    gc.disable()
    atexit.register(gc.freeze)
    cli(prog_name="dbmigrate")
