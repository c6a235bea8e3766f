"""The cluster tier: everything is real. One cluster, one operator from the chart, one namespace for each test."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cluster.installation import install_operator
from tests.cluster.kube import Kube
from tests.cluster.postgres_server import Database, Server, canary_password, ensure_server, forwarded
from tests.cluster.scenario import Scenario
from tests.cluster.watching import Watcher
from tests.harness.cache import Cache, cache_root, file_lock
from tests.harness.cluster import choose_cluster
from tests.harness.console import Console
from tests.harness.images import ALL, ImageStore, bring_up
from tests.harness.tools import ensure_helm, ensure_kubectl
from tests.rules.condition_rules import broken_rules, broken_transition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cluster.operator_pod import OperatorPod
    from tests.cluster.releases import Directory
    from tests.harness.interface import Cluster

CLUSTER = os.environ.get("DBMIGRATIONS_TEST_CLUSTER", "tests")
KEEP = bool(os.environ.get("DBMIGRATIONS_KEEP_NAMESPACES"))  # to look at what a failed test left
DATABASES = "databases"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that take the operator away run one after the other, in one worker: its group is in their names then."""
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        if item.get_closest_marker("xdist_group") is not None and "@" not in item.nodeid:
            raise pytest.UsageError(f"{item.nodeid} is in no group: this pytest-xdist does not form any")


@dataclass(frozen=True)
class Tools:
    """The real programs."""

    helm: Path
    kubectl: Path


@pytest.fixture(scope="session")
def store() -> ImageStore:
    """Where images are built."""
    return ImageStore(cache_root(), Console())


@pytest.fixture(scope="session")
def cluster(store: ImageStore) -> Cluster:
    """The cluster with our images; the first of several workers brings it up."""
    cluster = choose_cluster("auto", CLUSTER, cache_root(), store.console)
    with file_lock(cache_root() / f"{CLUSTER}-cluster.lock"):
        bring_up(cluster, store)
    return cluster


@pytest.fixture(scope="session")
def tools(store: ImageStore) -> Tools:
    """Helm and kubectl."""
    cache = Cache(cache_root())
    return Tools(ensure_helm(cache, store.console), ensure_kubectl(cache, store.console))


@pytest.fixture(scope="session")
def kube(cluster: Cluster) -> Kube:
    """The API server, with an administrator's rights."""
    return Kube.connect(cluster.kubeconfig)


@pytest.fixture(scope="session")
def operator_pod(cluster: Cluster, kube: Kube, tools: Tools) -> OperatorPod:
    """The operator, installed from the chart."""
    with file_lock(cache_root() / f"{CLUSTER}-operator.lock"):
        build = "-".join(image.key()[:8] for image in ALL)
        return install_operator(tools.helm, cluster.kubeconfig, kube, build)


@pytest.fixture(scope="session")
def server(kube: Kube, tools: Tools, cluster: Cluster) -> Iterator[Server]:
    """One PostgreSQL server for the databases of all tests."""
    with file_lock(cache_root() / f"{CLUSTER}-operator.lock"):
        create_namespace(kube, DATABASES)
        ensure_server(kube, DATABASES)
    with forwarded(tools.kubectl, cluster.kubeconfig, DATABASES) as port:
        yield Server(f"postgres.{DATABASES}.svc", port)


@pytest.fixture
def watcher(kube: Kube, request: pytest.FixtureRequest) -> Iterator[Watcher]:
    """A fresh namespace under Pod Security `restricted`, and the rules held against every event in it."""
    ns = f"t-{secrets.token_hex(4)}"
    create_namespace(kube, ns, test=request.node.name[:63].strip("_"))
    watcher = Watcher(kube, ns, broken_rules, broken_transition)
    watcher.start()
    yield watcher
    watcher.stop()
    if not KEEP:
        kube.delete("Namespace", "", ns)
    assert watcher.violations == []


@pytest.fixture
def scenario(watcher: Watcher, kube: Kube, server: Server, operator_pod: OperatorPod) -> Scenario:
    """A database with its login's Secret and a claim for backups, in a namespace of its own."""
    assert operator_pod.deployment
    database = server.create_database(f"db_{secrets.token_hex(4)}", canary_password())
    scenario = Scenario(kube, watcher.ns, database)
    scenario.secret()
    scenario.claim()
    return scenario


@pytest.fixture
def source_image(cluster: Cluster, store: ImageStore, tmp_path: Path) -> Callable[[str, Directory], str]:
    """Makes an image that holds a release directory and nothing else."""

    def make(name: str, directory: Directory) -> str:
        folder = tmp_path / "database"
        for path, text in directory.as_files().items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return store.load_source(cluster, f"{name}:{secrets.token_hex(4)}", folder)

    return make


@pytest.fixture
def dbmigrate() -> Callable[..., str]:
    """Runs `dbmigrate` on this machine against a database of the cluster, as a person does from a laptop."""

    def run(database: Database, *arguments: str) -> str:
        environment = {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(database.server.port),
            "PGUSER": database.user,
            "PGPASSWORD": database.password,
            "PGDATABASE": database.name,
        }
        done = subprocess.run(
            [str(Path(sys.executable).parent / "dbmigrate"), *arguments],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def create_namespace(kube: Kube, name: str, **labels: str) -> None:
    """A namespace that admits only what Pod Security `restricted` admits; nothing where it is there."""
    if kube.find("Namespace", "", name) is None:
        enforce = {"pod-security.kubernetes.io/enforce": "restricted"}
        kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": enforce | labels}})
