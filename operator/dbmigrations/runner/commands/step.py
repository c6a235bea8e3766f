"""`dbmigrate step`: one step of a run, as the Jobs of the operator call it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial

import click

from dbmigrations.api.words import StepName
from dbmigrations.runner import exits
from dbmigrations.runner.context import MountedLogins, StepContext
from dbmigrations.runner.interruption import Interruption
from dbmigrations.runner.report.json_lines import json_lines
from dbmigrations.runner.report.outlet import outlet
from dbmigrations.runner.report.redaction import Redactor
from dbmigrations.runner.requests import RequestInvalidError, read_request
from dbmigrations.runner.results import TERMINATION_LOG, write_result
from dbmigrations.runner.steps.run import run_step

_NAMES = {name.value.lower(): name for name in StepName}


@click.command("step")
@click.argument("name", type=click.Choice(list(_NAMES)))
@click.option("--request", "request_text", required=True, metavar="JSON", help="What is asked for: a StepRequest.")
@click.option(
    "--result",
    "result_path",
    default=TERMINATION_LOG,
    show_default=True,
    type=click.Path(dir_okay=False),
    help="The file that the result is written to, at most 4,096 bytes.",
)
def step(name: str, request_text: str, result_path: str) -> None:
    """Run one step of a run in a Job.

    The log goes to standard output, one JSON object a line; the result, a StepResult, to a file. A step that is run
    again finds its work done and says so.
    """
    try:
        request = read_request(request_text, _NAMES[name])
    except RequestInvalidError as error:
        click.echo(f"error: {error}", err=True)
        write_result(result_path, error.result)
        sys.exit(exits.of_result(error.result))
    now = partial(datetime.now, UTC)
    redactor = Redactor()
    interruption = Interruption()
    context = StepContext(
        logins=MountedLogins(request, redactor),
        report=json_lines(outlet(sys.stdout), redactor, request, now),
        now=now,
        redactor=redactor,
        interruption=interruption,
    )
    with interruption.heard():
        result = run_step(request, context)
        with interruption.ignored():
            write_result(result_path, result)
    sys.exit(exits.of_result(result))
