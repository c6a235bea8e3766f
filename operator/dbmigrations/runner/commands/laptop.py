"""A person's laptop: the database, the release directory and the desk of one command."""

from __future__ import annotations

import getpass
import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import click

from dbmigrations.api.limits import is_postgres_own
from dbmigrations.postgres.connection import Session, SessionSettings
from dbmigrations.postgres.credentials import from_environment
from dbmigrations.postgres.errors import CredentialsMissingError
from dbmigrations.postgres.tables import Tables
from dbmigrations.runner.source import Sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.api.step import RequestedBackfill, StepRequest
    from dbmigrations.postgres.settings import ConnectionSettings
    from dbmigrations.runner.commands.options import Place, Planning
    from dbmigrations.runner.commands.running import Desk
    from dbmigrations.runner.context import StepContext, Wishes
    from dbmigrations.runner.report.events import Reporter


@dataclass(frozen=True)
class Laptop:
    """One command's database, release directory and desk."""

    desk: Desk
    settings: ConnectionSettings
    place: Place
    sources: Sources = field(default_factory=Sources)

    def request(
        self,
        version: str,
        planning: Planning | None = None,
        *,
        baseline: str = "",
        backfill: RequestedBackfill | None = None,
    ) -> StepRequest:
        """The request of a new run's preflight."""
        from dbmigrations.runner.commands.asking import first_request

        return first_request(self, version, planning, baseline=baseline, backfill=backfill)

    @contextmanager
    def session(self, command: str) -> Iterator[tuple[Session, Tables]]:
        """A session for a command that only looks at our own tables.

        Raises:
            EngineError: no connection.
        """
        place = self.place
        settings = SessionSettings(
            application_name=f"dbmigrate {command}",
            schema=self.schema,
            role=place.role,
            lock_timeout=place.lock_timeout,
            statement_timeout=place.statement_timeout,
        )
        with Session.open(self.settings, settings) as session:
            session.mean_the_catalog_alone()
            yield session, Tables(place.history_schema)

    @property
    def schema(self) -> str:
        """The application's schema."""
        return self.place.schema or self.settings.schema or "public"

    def context(self, wishes: Wishes | None = None, report: Reporter | None = None) -> StepContext:
        """The surroundings of a step."""
        from dbmigrations.runner.context import GivenLogins, StepContext, Wishes

        return StepContext(
            logins=GivenLogins(self.settings),
            report=report or self.desk.terminal,
            now=local_now,
            redactor=self.desk.redactor,
            interruption=self.desk.interruption,
            wishes=wishes or Wishes(),
            sources=self.sources,
        )


def at_laptop(desk: Desk, place: Place) -> Laptop:
    """The laptop for a command.

    Raises:
        click.UsageError: no database is named, its URL is malformed, or a schema is PostgreSQL's own.
    """
    try:
        settings = from_environment(os.environ, place.url)
    except CredentialsMissingError as error:
        raise click.UsageError(str(error)) from None
    laptop = Laptop(desk, desk.redactor.hiding(settings), place)
    for option, name in (("--schema", laptop.schema), ("--history-schema", place.history_schema)):
        if is_postgres_own(name):
            raise click.UsageError(
                f"{option} {name}: schemas named pg_… and information_schema are PostgreSQL's own: choose another one"
            )
    return laptop


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
