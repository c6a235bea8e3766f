from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.cache import Cache, cache_root
from tests.harness.command import run
from tests.harness.console import Silent
from tests.harness.errors import CommandFailed
from tests.harness.local import LocalCluster
from tests.harness.processes import Servers
from tests.harness.tools import ensure_kubectl

REPOSITORY = Path(__file__).parents[3]
SCRIPT = """
import sys
from tests.harness.cache import cache_root
from tests.harness.console import Silent
from tests.harness.local import LocalCluster
LocalCluster(sys.argv[1], cache_root(), Silent(), with_node=False, throwaway=True).up()
print("up", flush=True)
input()
"""


@pytest.fixture(scope="module")
def kubectl() -> Path:
    return ensure_kubectl(Cache(cache_root()), Silent())


def plane(name: str) -> LocalCluster:
    return LocalCluster(name, cache_root(), Silent(), with_node=False, throwaway=True)


def ask(kubectl: Path, cluster: LocalCluster, *arguments: str) -> str:
    return run([kubectl, "--kubeconfig", cluster.kubeconfig, *arguments])


def test_the_server_calls_itself_by_its_true_version(kubectl: Path, control_plane: LocalCluster) -> None:
    answer = json.loads(ask(kubectl, control_plane, "version", "--output", "json"))
    assert answer["serverVersion"]["gitVersion"] == answer["clientVersion"]["gitVersion"]
    assert answer["serverVersion"]["gitVersion"].startswith("v1.")


def test_what_is_owned_goes_with_its_owner(kubectl: Path, control_plane: LocalCluster) -> None:
    ask(kubectl, control_plane, "create", "namespace", "owners")
    ask(kubectl, control_plane, "-n", "owners", "create", "configmap", "owner")
    uid = ask(kubectl, control_plane, "-n", "owners", "get", "configmap", "owner", "-o", "jsonpath={.metadata.uid}")
    owners = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}]
    metadata = {"name": "owned", "namespace": "owners", "ownerReferences": owners}
    owned = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    run([kubectl, "--kubeconfig", control_plane.kubeconfig, "create", "-f", "-"], stdin=json.dumps(owned))
    ask(kubectl, control_plane, "-n", "owners", "delete", "configmap", "owner", "--wait=false")
    ask(kubectl, control_plane, "-n", "owners", "wait", "configmap/owned", "--for=delete", "--timeout=60s")
    with pytest.raises(CommandFailed, match="not found"):
        ask(kubectl, control_plane, "-n", "owners", "get", "configmap", "owned")


def test_every_request_is_in_the_audit_log(kubectl: Path, control_plane: LocalCluster) -> None:
    ask(kubectl, control_plane, "create", "namespace", "seen-by-the-audit")
    log = control_plane.audit_log()
    assert log is not None
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    users = [
        each["user"]["username"]
        for each in entries
        if (each["verb"], each.get("objectRef", {}).get("resource")) == ("create", "namespaces")
        and each["objectRef"].get("name", "seen-by-the-audit") == "seen-by-the-audit"
    ]
    assert "admin" in users


def test_a_second_control_plane_beside_it_knows_nothing_of_the_first(
    kubectl: Path, control_plane: LocalCluster
) -> None:
    ask(kubectl, control_plane, "create", "namespace", "only-here")
    second = plane(f"second-{os.getpid()}")
    second.up()
    try:
        assert "only-here" not in ask(kubectl, second, "get", "namespaces", "-o", "name")
        assert control_plane.status().running
    finally:
        second.down(purge=True)


def test_up_again_finds_the_same_control_plane(kubectl: Path, control_plane: LocalCluster) -> None:
    ask(kubectl, control_plane, "create", "namespace", "still-here")
    before = control_plane.kubeconfig.read_text()
    control_plane.up()
    assert control_plane.kubeconfig.read_text() == before
    assert "still-here" in ask(kubectl, control_plane, "get", "namespaces", "-o", "name")


def test_one_whose_server_was_killed_comes_up_again(kubectl: Path) -> None:
    cluster = plane(f"broken-{os.getpid()}")
    cluster.up()
    try:
        server = Servers(cluster.kubeconfig.parent).find("kube-apiserver")
        assert server is not None
        server.stop(patience=0)
        assert not cluster.status().running
        cluster.up()
        assert ask(kubectl, cluster, "get", "--raw", "/readyz") == "ok"
    finally:
        cluster.down(purge=True)
    assert not cluster.kubeconfig.parent.exists()


def test_one_whose_test_run_was_killed_is_ended_by_the_next() -> None:
    name = f"killed-{os.getpid()}"
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, name],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "up\n"
        os.kill(killed.pid, signal.SIGKILL)
    left = plane(name)
    assert left.status().running
    following = plane(f"following-{os.getpid()}")
    following.up()
    following.down(purge=True)
    assert not left.status().running
    assert not left.kubeconfig.parent.exists()
    assert Servers(left.kubeconfig.parent).left_behind(["etcd", "kube-apiserver", "kube-controller-manager"]) == []
