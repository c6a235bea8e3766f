"""The engine tier: real PostgreSQL servers of several majors, a database of its own for each test."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from tests.engine.databases import CANARY, Database
from tests.engine.kills.table import table
from tests.harness.console import Console
from tests.harness.postgres import Server, prepare, start_server, start_standby
from tests.harness.postgres_binaries import DEBIAN, ensure_binaries, majors_to_test

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = itertools.count(1)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have to tell beside that they passed, wherever they ran."""
    reports = [each for outcome in ("passed", "failed") for each in terminalreporter.stats.get(outcome, [])]
    told = [str(value) for each in reports for name, value in each.user_properties if name == "told at the end"]
    for line in sorted(told):
        terminalreporter.write_line(line)
    strikes = [str(value) for each in reports for name, value in each.user_properties if name == "strike"]
    for line in table(strikes):
        terminalreporter.write_line(line)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs what needs a server on the oldest and the newest major; what is marked `every_major` on each.

    A test that names its servers itself is left alone.
    """
    chosen = any("server" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "server" in metafunc.fixturenames and not chosen:
        every = metafunc.definition.get_closest_marker("every_major") is not None
        majors = majors_to_test(every=every)
        ids = [f"postgres-{major}" for major in majors]
        metafunc.parametrize("server", majors, ids=ids, indirect=True, scope="session")


@pytest.fixture(scope="session")
def _servers_at_hand() -> None:
    prepare(majors_to_test(every=True), Console())


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, _servers_at_hand: None) -> Iterator[Server]:
    """A server of a major; it ends with the tests."""
    running = start_server(ensure_binaries(request.param, Console()))
    yield running
    running.stop()


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """An empty database, owned by an ordinary role whose password is the canary."""
    made = _owned_database(server)
    yield made
    server.drop_database(made.name)


@pytest.fixture
def replicated() -> Iterator[Database]:
    """Such a database on a server of its own, of Debian's major: the one that brings `pg_basebackup` along."""
    primary = start_server(ensure_binaries(DEBIAN, Console()))
    yield _owned_database(primary)
    primary.stop()


@pytest.fixture
def replica(replicated: Database) -> Iterator[Database]:
    """The same database as a hot standby of that server shows it; `caught_up` waits for what was just written."""
    standby = start_standby(replicated.server)
    yield replace(replicated, server=standby)
    standby.stop()


def _owned_database(server: Server) -> Database:
    number = f"{os.getpid()}_{next(_numbers)}"
    owner = f"owner_{number}"
    with server.connect() as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(owner), sql.Literal(CANARY))
        )
    return Database(server, server.create_database(f"test_{number}", owner=owner), owner)
