"""A run on a laptop: the requests that the operator would send, and the steps one after the other in this process."""

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import click

from dbmigrations.api.spec import BackupWhen
from dbmigrations.api.step import (
    Outcome,
    RequestedBackup,
    RequestedPolicy,
    RequestedTimeouts,
    Requester,
    StepName,
    StepRef,
    StepRequest,
    StepResult,
)
from dbmigrations.postgres.credentials import from_environment
from dbmigrations.postgres.errors import CredentialsMissingError
from dbmigrations.postgres.settings import ConnectionSettings
from dbmigrations.runner.commands.options import Place, Planning
from dbmigrations.runner.commands.running import Desk
from dbmigrations.runner.context import GivenLogins, StepContext, Wishes, hidden
from dbmigrations.runner.report.events import Event, PlanMade, Reporter, to_all
from dbmigrations.runner.report.lines import log_lines, log_path, open_log
from dbmigrations.runner.steps.run import run_step

NOBODY = Requester(cluster="", namespace="", name="", uid="", generation=0)
"""A laptop: it never owns a database."""


@dataclass(frozen=True)
class Laptop:
    """One command's database, release directory and desk."""

    desk: Desk
    settings: ConnectionSettings
    place: Place

    def request(self, version: str, planning: Planning | None = None, *, baseline: str = "") -> StepRequest:
        """The request of a new run's preflight."""
        place = self.place
        return StepRequest(
            step=StepRef(name=StepName.PREFLIGHT),
            run=str(uuid4()),
            requester=NOBODY,
            version=version,
            schema_name=place.schema or self.settings.schema or "public",
            history_schema=place.history_schema,
            role=place.role,
            source=str(place.source.absolute()),
            policy=planning.policy if planning else RequestedPolicy(),
            backup=planning.backup if planning else RequestedBackup(when=BackupWhen.NEVER),
            timeouts=RequestedTimeouts(
                lock=place.lock_timeout, wait=place.wait, statement=place.statement_timeout, step=0
            ),
            gates=place.gates,
            baseline=baseline,
            approved_plan=planning.approve if planning else "",
            requested_by=who(),
        )

    def context(self, wishes: Wishes | None = None, report: Reporter | None = None) -> StepContext:
        """The surroundings of a step."""
        return StepContext(
            logins=GivenLogins(self.settings),
            report=report or self.desk.terminal,
            now=local_now,
            redactor=self.desk.redactor,
            interruption=self.desk.interruption,
            wishes=wishes or Wishes(),
        )


def at_laptop(desk: Desk, place: Place) -> Laptop:
    """The laptop for a command.

    Raises:
        click.UsageError: no database is named, or its URL is malformed.
    """
    try:
        settings = from_environment(os.environ, place.url)
    except CredentialsMissingError as error:
        raise click.UsageError(str(error)) from None
    return Laptop(desk, hidden(settings, desk.redactor), place)


def run_through(request: StepRequest, context: StepContext) -> tuple[StepResult, ...]:
    """A whole run, step by step, until one does not succeed or none follows."""
    results: list[StepResult] = []
    step: StepRef | None = request.step
    plan_hash = ""
    while step is not None:
        result = run_step(request.model_copy(update={"step": step, "plan_hash": plan_hash}), context)
        results.append(result)
        if result.outcome is not Outcome.SUCCEEDED:
            break
        if result.plan is not None:
            plan_hash = result.plan.hash
        step = result.next
    return tuple(results)


@contextmanager
def logged(laptop: Laptop, context: StepContext, log_dir: Path | None) -> Iterator[StepContext]:
    """The context, with a log file beside the terminal. A log that cannot be written is said and does not stop us."""
    path = log_path(log_dir or laptop.place.source / "logs", local_now())
    terminal = laptop.desk.terminal
    try:
        stream = open_log(path)
    except OSError as error:
        terminal.aside(f"warning: no log is written: {path}: {error.strerror} (--log-dir names another folder)")
        yield context
        return
    with stream:
        reporter = log_lines(stream, laptop.desk.redactor, local_now)
        yield replace(context, report=to_all(context.report, reporter))
    terminal.aside(f"log: {path}")


def without_plan(report: Reporter) -> Reporter:
    """The same reporter, silent about the plan: it was shown before."""

    def tell(event: Event) -> None:
        if not isinstance(event, PlanMade):
            report(event)

    return tell


def local_now() -> datetime:
    """The time on this machine, with its zone."""
    return datetime.now().astimezone()


def who() -> str:
    """The person at this machine, for the history: `user@host`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"[:253]
