"""The engine tier's fixtures, for a conftest.py to import: a server of each major, and an empty database on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.harness.console import Console
from tests.harness.postgres import start_server
from tests.harness.postgres_binaries import ensure_binaries, majors_to_test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.postgres import Server


@pytest.fixture(scope="session", params=majors_to_test(), ids=lambda major: f"postgres-{major}")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A PostgreSQL server, of each major in turn; every test that uses it runs once per major."""
    server = start_server(ensure_binaries(request.param, Console()))
    yield server
    server.stop()


@pytest.fixture
def database(postgres_server: Server) -> Iterator[str]:
    """The name of an empty database of this test alone."""
    name = postgres_server.create_database()
    yield name
    postgres_server.drop_database(name)
