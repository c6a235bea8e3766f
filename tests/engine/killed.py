"""A runner in a process of its own that kills itself at a chosen query, also at one of those that it sends ahead."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbmigrations.postgres.connection import Session, SessionSettings
from dbmigrations.postgres.lock import migration_lock
from dbmigrations.postgres.tables import Tables
from dbmigrations.release.migration import Kind
from tests.engine.databases import Database, applier
from tests.engine.releases import migration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.context import ForkServerProcess

    from dbmigrations.postgres.settings import ConnectionSettings

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.engine.killed"])  # so that a runner starts in no time


@dataclass
class Killer:
    """Sends this process SIGKILL before or after the n-th query that it sends; counts them."""

    at: int
    after: bool
    count: int = 0

    def watch(self, session: Session) -> None:
        """Stand between the engine and its connection."""
        connection = session.connection
        execute, exchange, simple_query = connection.execute, session.exchange, session.simple_query

        def watched(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            self.before()
            cursor = execute(*args, **kwargs)
            self.behind()
            return cursor

        def watched_ahead(requests: Any, *, begins: Callable[[int], None] = lambda _: None, **kwargs: Any) -> Any:  # noqa: ANN401
            def told(request: int) -> None:
                if request:
                    self.behind()
                self.before()
                begins(request)

            results = exchange(requests, begins=told, **kwargs)
            self.behind()
            return results

        def watched_message(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            self.before()
            results = simple_query(*args, **kwargs)
            self.behind()
            return results

        connection.execute = watched  # type: ignore[method-assign]
        session.exchange = watched_ahead  # type: ignore[method-assign]
        session.simple_query = watched_message  # type: ignore[method-assign]

    def before(self) -> None:
        """A query is about to be sent, or to be run."""
        self.count += 1
        if self.count == self.at and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)

    def behind(self) -> None:
        """It was answered."""
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def start_runner(
    database: Database,
    scripts: Sequence[tuple[str, str]],
    *,
    at: int = 0,
    after: bool = False,
    where: ConnectionSettings | None = None,
    kind: Kind = Kind.SQL,
) -> ForkServerProcess:
    """Apply what is missing of the scripts in a process that dies at query `at`; never, where that is 0."""
    request = {"where": where or database.where(), "scripts": scripts, "at": at, "after": after, "kind": kind}
    process = _FORKS.Process(target=main, args=(request,))
    process.start()
    return process


def run_until_killed(
    database: Database, scripts: Sequence[tuple[str, str]], *, at: int, after: bool, kind: Kind = Kind.SQL
) -> int | None:
    """The same to its end; its exit code, negative where a signal ended it."""
    process = start_runner(database, scripts, at=at, after=after, kind=kind)
    process.join(timeout=120)
    return process.exitcode


def main(request: dict[str, Any]) -> None:
    """Apply what is not applied yet."""
    tables = Tables()
    with (
        Session.open(request["where"], SessionSettings("dbmigrate killed")) as session,
        migration_lock(session, tables, wait=30),
    ):
        apply = applier(session, tables)
        Killer(request["at"], request["after"]).watch(session)
        for name, up in request["scripts"]:
            if not session.one("SELECT EXISTS (SELECT FROM dbmigrations.migration_history WHERE name = %s)", (name,))[
                0
            ]:
                apply.up(migration(name, up, kind=request["kind"]))
