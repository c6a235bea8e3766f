"""`dbmigrate`: the entry of the command line.

A command's module is loaded when it is called for: a Job starts one step and should not wait for the rest. What is
loaded lives as long as the process, so Python is told to look for no garbage in it: neither while it is loaded, nor
later with each collection, nor at the end, when the system takes everything back. That was a fifth of a step's start.
"""

import atexit
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

import click

from dbmigrations.runner.report.outlet import keep_standard_streams

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


_AS_JSON = "dbmigrations.as_json"
_USAGE = 2
"""`exits.Exit.USAGE`, which is not loaded for it."""


@contextmanager
def _answered(ctx: click.Context) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as error:  # before or behind the command's own ear: nothing is under way
        ctx.exit(import_module("dbmigrations.runner.exits").of_signal(getattr(error, "signal_name", "SIGINT")))
    except click.UsageError as error:
        message = import_module("dbmigrations.runner.report.visible").visible(error.message)
        error.message = message  # type: ignore[misc]  # what is raised goes on, with all else that it knows
        if not ctx.meta[_AS_JSON]:
            raise
        running = import_module("dbmigrations.runner.commands.running")
        running.Desk(as_json=True).terminal.document(running.usage_document(error))
        ctx.exit(_USAGE)


class Commands(click.Group):
    """The commands by name, loaded on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names."""
        return list(_MODULES)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; with `--json` a wrong command line is answered in JSON."""
        ctx.meta[_AS_JSON] = "--json" in args
        with _answered(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """The same for the command's own words."""
        with _answered(ctx):
            return super().invoke(ctx)

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
    try:
        Path.cwd()
    except FileNotFoundError:
        raise click.UsageError("the current folder was removed: change to one that is there") from None
    if not gc.isenabled():  # the command's module is loaded, and its work begins
        gc.freeze()
        gc.enable()


def main() -> None:
    """Run the command line."""
    gc.disable()
    atexit.register(gc.freeze)
    keep_standard_streams()
    cli(prog_name="dbmigrate")
