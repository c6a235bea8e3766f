"""What every laptop command is wrapped in: the terminal, and errors as people (or `--json`) should see them.

A command's body gets the Desk and returns an exit code. Whatever it raises becomes one `error:` line with its remedy,
or a JSON document, and the exit code that goes with it; a trace goes to the log file alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from click.core import ParameterSource

from dbmigrations.api.reasons import Failure
from dbmigrations.postgres.errors import StatementError
from dbmigrations.release.problems import ReleaseInvalidError
from dbmigrations.runner import exits
from dbmigrations.runner.commands.options import json_option
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.interruption import Interrupted, Interruption, interruption_behind
from dbmigrations.runner.report.redaction import Redactor
from dbmigrations.runner.report.terminal import Terminal

Body = Callable[..., Exit]


class Desk:
    """The surroundings of one command on a laptop."""

    def __init__(self, *, as_json: bool) -> None:
        self.redactor = Redactor()
        self.terminal = Terminal(self.redactor, as_json=as_json)
        self.interruption = Interruption()


def laptop_command(function: Body) -> Callable[..., None]:
    """Turn a body `(desk, …) -> Exit` into a click callback with `--json`."""

    @json_option
    @wraps(function)
    def call(*args: Any, as_json: bool, **values: Any) -> None:  # noqa: ANN401 - click's own
        desk = Desk(as_json=as_json)
        if _is_led_on(click.get_current_context()):
            return
        with desk.interruption.heard():
            try:
                code = function(desk, *args, **values)
            except click.exceptions.ClickException as error:
                if not as_json:
                    raise
                desk.terminal.document(usage_document(error))
                code = Exit.USAGE
            except BaseException as error:  # noqa: BLE001 - whatever it is, a person gets a sentence and not a trace
                with desk.interruption.ignored():
                    code = _tell(desk, error)
            finally:
                with desk.interruption.ignored():
                    desk.terminal.close()
        sys.exit(_unless_lost(desk, code))

    return call


def _unless_lost(desk: Desk, code: Exit) -> Exit:
    """The code; where all went well but for the answer that could not be written, the one that says so."""
    why = desk.terminal.unwritten
    if not why or code not in {Exit.OK, Exit.FINDINGS}:
        return code
    desk.terminal.error(f"the answer could not be written to standard output: {why}. What was done stands")
    return Exit.UNWRITTEN


def _is_led_on(context: click.Context) -> bool:
    """Whether this is a group that acts by itself, and a command of it follows: that one acts then."""
    if not isinstance(context.command, click.Group) or context.invoked_subcommand is None:
        return False
    for option in context.command.params:
        if option.name and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option.opts[0]} belongs behind {context.invoked_subcommand}")
    return True


def _tell(desk: Desk, error: BaseException) -> Exit:
    if isinstance(error, SystemExit):
        raise error
    from dbmigrations.runner.outcomes import is_bug, trace, verdict
    from dbmigrations.runner.report.next_steps import next_step

    error = interruption_behind(error) or error
    outcome, reason, message = verdict(error)
    if isinstance(error, StatementError) and not error.where:  # of no migration: those are told with their place
        reason = Failure.QUERY_FAILED
    code = exits.of_outcome(outcome, reason)
    if isinstance(error, Interrupted):
        code = exits.of_signal(error.signal_name)
        message = f"stopped by {error.signal_name}; nothing was changed by it: run the same command again"
    if isinstance(error, ReleaseInvalidError):
        lines = (str(each) if desk.terminal.as_json else each.shown for each in error.problems)
        message = "\n".join(lines)
    if desk.terminal.as_json:
        desk.terminal.document(error_document(outcome.value, reason.value, message, code))
        return code
    if isinstance(error, StatementError) and error.excerpt:
        desk.terminal.aside(error.excerpt)
    desk.terminal.error(message)
    if not isinstance(error, Interrupted) and (following := next_step(reason)):
        desk.terminal.aside(f"next: {following}")
    if is_bug(error):
        desk.terminal.aside(trace(error))
    return code


def usage_document(error: click.ClickException) -> dict[str, Any]:
    """The JSON document of a wrong command line."""
    return error_document("Refused", "Usage", error.format_message(), Exit.USAGE)


def error_document(outcome: str, reason: str, message: str, code: Exit) -> dict[str, Any]:
    """The JSON document of a command that did not do what it was asked for."""
    return {"format": 1, "error": {"outcome": outcome, "reason": reason, "message": message, "exit": int(code)}}
