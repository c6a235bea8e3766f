"""A cluster of kind's that is not just up or down: stopped, or left half made. Only where a Docker engine answers."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness.cache import Cache, cache_root
from tests.harness.command import run
from tests.harness.console import Silent
from tests.harness.docker import docker_answers
from tests.harness.errors import HarnessError
from tests.harness.kind import KindCluster
from tests.harness.tools import ensure_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.conftest import Tools

pytestmark = pytest.mark.skipif(not docker_answers(), reason="only where a Docker engine answers")

ROOT = Path(__file__).parents[3]
MAKING = """
import sys
from tests.harness.cache import cache_root
from tests.harness.console import Silent
from tests.harness.kind import KindCluster
KindCluster(sys.argv[1], cache_root(), Silent()).up()
"""


@pytest.fixture
def kind_cluster() -> Iterator[KindCluster]:
    cluster = KindCluster(f"harness-{secrets.token_hex(3)}", cache_root(), Silent(), patience=30)
    yield cluster
    cluster.down()


def node(cluster: KindCluster) -> str:
    return f"{cluster.name}-control-plane"


def test_a_stopped_cluster_goes_on_with_what_it_held(kind_cluster: KindCluster, tools: Tools) -> None:
    kubectl = [tools.kubectl, "--kubeconfig", kind_cluster.kubeconfig]
    kind_cluster.up()
    run([*kubectl, "create", "namespace", "kept"])

    run(["docker", "stop", node(kind_cluster)])
    assert not kind_cluster.status().running
    kind_cluster.up()

    assert kind_cluster.status().running
    assert "Active" in run([*kubectl, "get", "namespace", "kept"])


def test_a_cluster_whose_making_was_killed_is_made_anew(kind_cluster: KindCluster, tools: Tools) -> None:
    making = subprocess.Popen([sys.executable, "-c", MAKING, kind_cluster.name], cwd=ROOT, start_new_session=True)
    while node(kind_cluster) not in run(["docker", "ps", "--format", "{{.Names}}"]).split():
        assert making.poll() is None
        time.sleep(0.2)
    os.killpg(making.pid, signal.SIGKILL)
    making.wait()

    kind_cluster.up()

    assert kind_cluster.status().running
    classes = run([tools.kubectl, "--kubeconfig", kind_cluster.kubeconfig, "get", "storageclass", "--output=name"])
    assert classes == "storageclass.storage.k8s.io/standard\n"


def test_a_cluster_of_somebody_else_is_neither_used_nor_deleted(kind_cluster: KindCluster, tmp_path: Path) -> None:
    kind = ensure_kind(Cache(cache_root()), Silent())
    tarfile.open(tmp_path / "empty.tar", "w").close()
    image = run(["docker", "import", tmp_path / "empty.tar"]).strip()
    labels = ["--label", "io.x-k8s.kind.role=control-plane", "--label", f"io.x-k8s.kind.cluster={kind_cluster.name}"]
    run(["docker", "create", "--name", node(kind_cluster), *labels, image, "/node"])
    try:
        for act in (kind_cluster.up, kind_cluster.down):
            with pytest.raises(HarnessError, match="was not made here"):
                act()
        assert kind_cluster.name in run([kind, "get", "clusters"]).split()
    finally:
        run(["docker", "rm", node(kind_cluster)])
        run(["docker", "rmi", image])
