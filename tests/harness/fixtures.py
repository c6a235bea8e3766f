"""What the tiers' conftest.py files import: the fixtures that stand on this harness.

from tests.harness.fixtures import postgres, postgres_server, database   # tests/engine
from tests.harness.fixtures import control_plane                         # tests/controlplane
from tests.harness.fixtures import cluster                               # tests/cluster
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.harness.cache import cache_root
from tests.harness.cluster import choose_cluster
from tests.harness.console import Console
from tests.harness.images import ImageStore, bring_up
from tests.harness.local import LocalCluster
from tests.harness.postgres import start_server
from tests.harness.postgres_binaries import ensure_binaries, majors_to_test
from tests.harness.settings import DEFAULT_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.interface import Cluster
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


@pytest.fixture(scope="session")
def control_plane() -> Iterator[LocalCluster]:
    """A control plane without a node, of this test process alone."""
    plane = LocalCluster(f"tests-{os.getpid()}", cache_root(), Console(), with_node=False, throwaway=True)
    plane.up()
    yield plane
    plane.down(purge=True)


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster that `make cluster` brings up, with our images of just this tree loaded; it stays up afterwards."""
    console = Console()
    found = choose_cluster("auto", os.environ.get("DBMIGRATIONS_CLUSTER", DEFAULT_NAME), cache_root(), console)
    bring_up(found, ImageStore(cache_root(), console))
    return found
