"""What a step is given beside its request: how to log in, whom to tell, what time it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dbmigrations.postgres.credentials import SecretDefaults, from_secret
from dbmigrations.runner.source import Sources

if TYPE_CHECKING:
    from dbmigrations.api.spec import SecretKeys
    from dbmigrations.api.step import StepRequest
    from dbmigrations.postgres.settings import ConnectionSettings
    from dbmigrations.runner.interruption import Interruption
    from dbmigrations.runner.preflight.facts import PreflightFacts
    from dbmigrations.runner.report.clock import Clock
    from dbmigrations.runner.report.events import Reporter
    from dbmigrations.runner.report.redaction import Redactor

_MOMENT = 2.0
"""Seconds."""


class Logins(Protocol):
    """Where the database is and who logs in. Both may raise CredentialsMissingError."""

    def main(self) -> ConnectionSettings:
        """The migrating login."""

    def backup(self) -> ConnectionSettings:
        """The login for the dump."""


@dataclass(frozen=True)
class MountedLogins:
    """Logins from the Secrets that are mounted in a Job's Pod; read anew each time, for they may be mended."""

    request: StepRequest
    redactor: Redactor

    def main(self) -> ConnectionSettings:
        """The migrating login."""
        connection = self.request.connection
        return self._read(self.request.credentials, connection.secret, connection.keys)

    def backup(self) -> ConnectionSettings:
        """The login for the dump; the migrating one where there is no other."""
        if not self.request.backup_credentials:
            return self.main()
        connection = self.request.connection
        return self._read(self.request.backup_credentials, connection.backup_secret, connection.backup_keys)

    def _read(self, folder: str, secret: str, keys: SecretKeys) -> ConnectionSettings:
        connection = self.request.connection
        defaults = SecretDefaults(
            secret=secret,
            host=connection.host,
            port=connection.port,
            name=connection.name,
            tls_mode=connection.tls_mode,
            ca_file=connection.ca_file,
        )
        return self.redactor.hiding(from_secret(Path(folder), keys, defaults))


@dataclass(frozen=True)
class GivenLogins:
    """One login for everything: a laptop's."""

    settings: ConnectionSettings

    def main(self) -> ConnectionSettings:
        """The login."""
        return self.settings

    def backup(self) -> ConnectionSettings:
        """The same."""
        return self.settings


@dataclass(frozen=True)
class Wishes:
    """What only a person at a terminal may ask for; a Job never does."""

    force_owned: bool = False
    """Change a database although a resource owns it."""
    down_is_asked: bool = False
    """`rollback` was typed: going down is not unasked."""


@dataclass(frozen=True)
class Seen:
    """What a look found, for the preflight right behind it. Rows come and go: behind a wait they are counted again."""

    facts: PreflightFacts
    at: float
    """When, as `time.monotonic` has it."""

    @property
    def is_fresh(self) -> bool:
        """Whether it was a moment ago."""
        return time.monotonic() - self.at < _MOMENT


@dataclass(frozen=True)
class StepContext:
    """The surroundings of one step."""

    logins: Logins
    report: Reporter
    now: Clock
    redactor: Redactor
    interruption: Interruption
    wishes: Wishes = Wishes()
    sources: Sources = field(default_factory=Sources)
    seen: Seen | None = None
    """Where history and files are still as they were, preflight reads no script again."""
