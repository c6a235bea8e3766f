"""The chart over its life, by the real helm: upgraded from an older one, uninstalled under a run, installed again.

On a control plane of its own, for the definition of the resource is the chart's here. The operator is a process.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from dbmigrations.api.step import StepName
from tests.cluster.kube import AnswerError, Kube
from tests.controlplane.fake_database import FakeDatabase
from tests.controlplane.fake_kubelet import FakeKubelet, Fate, only
from tests.controlplane.operator_process import OperatorProcess
from tests.controlplane.states import States
from tests.controlplane.waiting import eventually
from tests.controlplane.world import World
from tests.harness.cache import Cache, cache_root
from tests.harness.command import run
from tests.harness.console import Console
from tests.harness.local import LocalCluster
from tests.harness.tools import ensure_helm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.controlplane.nursery import Nursery

Json = dict[str, Any]
CHART = Path(__file__).parents[2] / "charts/dbmigrations"
DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/databasemigrations.dbmigrations.dev"
NAMESPACE = "dbmigrations-system"
RELEASE = "dbmigrations"
NEW_FIELD = "jobTemplate"


@pytest.fixture(scope="module")
def plane() -> Iterator[LocalCluster]:
    """A control plane without our definition."""
    plane = LocalCluster(f"chart-{os.getpid()}", cache_root(), Console(), with_node=False, throwaway=True)
    plane.up()
    yield plane
    plane.down(purge=True)


@pytest.fixture
def helm(plane: LocalCluster) -> Callable[..., str]:
    """The real helm at that control plane."""
    program = ensure_helm(Cache(cache_root()), Console())
    return lambda *words: run([program, *words, "--namespace", NAMESPACE], env={"KUBECONFIG": str(plane.kubeconfig)})


@pytest.fixture
def older_chart(tmp_path: Path) -> Path:
    """The chart as it may have been one version before: its resource lacks a field and a column."""
    chart = tmp_path / "dbmigrations"
    shutil.copytree(CHART, chart)
    yaml = YAML()
    about = yaml.load(chart / "Chart.yaml")
    about["version"] = about["appVersion"] = "0.0.9"
    yaml.dump(about, chart / "Chart.yaml")
    template = chart / "templates/crd-databasemigrations.yaml"
    template.write_text(without(NEW_FIELD, template.read_text()))
    return chart


def without(field: str, text: str) -> str:
    """The definition without one field of the spec: its line and what is indented below it."""
    kept: list[str] = []
    cut = -1
    for line in text.splitlines(keepends=True):
        depth = len(line) - len(line.lstrip())
        if cut >= 0 and line.strip() and depth <= cut:
            cut = -1
        if line.strip() == f"{field}:":
            cut = depth
        if cut < 0:
            kept.append(line)
    assert len(kept) < text.count("\n") - 5
    return "".join(kept)


@pytest.fixture
def world(plane: LocalCluster, nursery: Nursery, tmp_path: Path) -> Iterator[World]:
    """A namespace with a fake database and kubelet; the operator starts when a test says so."""
    kube, database, ns = Kube.connect(plane.kubeconfig), FakeDatabase(), "shop"
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
    accounts = f"/api/v1/namespaces/{ns}/serviceaccounts"
    eventually("the namespace has its account", lambda: kube.call("GET", accounts)["items"])
    log = plane.audit_log()
    assert log is not None
    world = World(
        kube=kube,
        ns=ns,
        database=database,
        kubelet=FakeKubelet(kube, ns, database),
        operator=OperatorProcess(nursery, plane.kubeconfig, [ns], tmp_path / "operator.log"),
        states=States(kube),
        audit_log=log,
    )
    world.kubelet.start()
    yield world
    world.operator.kill()
    world.kubelet.stop()


def fields(kube: Kube) -> set[str]:
    """The fields of the spec that the API server knows, once it serves the definition."""

    def definition() -> Json | None:
        try:
            found = kube.call("GET", DEFINITION)
        except AnswerError:
            return None
        conditions = {each["type"]: each["status"] for each in found.get("status", {}).get("conditions") or []}
        return found if conditions.get("Established") == "True" else None

    found = eventually("the definition is established", definition)
    return set(found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"])


def test_resources_outlive_an_upgrade_an_uninstallation_and_a_new_installation(
    world: World, helm: Callable[..., str], older_chart: Path
) -> None:
    helm("install", RELEASE, str(older_chart), "--create-namespace")
    assert NEW_FIELD not in fields(world.kube)
    world.operator.start()
    world.create("1.0.0")
    world.await_ready("1.0.0")
    before = world.get()["metadata"]

    # upgraded
    world.operator.stop()
    helm("upgrade", RELEASE, str(CHART))
    eventually("the definition knows the new field", lambda: NEW_FIELD in fields(world.kube))
    world.operator.start()
    world.change(version="1.1.0", jobTemplate={"priorityClassName": ""})
    world.await_ready("1.1.0")
    assert world.get()["metadata"]["uid"] == before["uid"]
    assert "jobTemplate" in world.get()["spec"]

    # uninstalled in the middle of a step
    world.kubelet.fate = only(Fate.HELD, StepName.SCHEMA, times=1)
    world.change(version="1.2.0")
    job = world.await_held("Schema")["metadata"]
    world.operator.stop()
    helm("uninstall", RELEASE)
    assert world.kube.list("Deployment", NAMESPACE) == []
    assert world.get()["metadata"]["uid"] == before["uid"]
    assert "deletionTimestamp" not in world.get()["metadata"]
    world.kubelet.release()
    left = world.kube.get("Job", world.ns, job["name"])
    assert (left["metadata"]["uid"], left["status"]["succeeded"]) == (job["uid"], 1)

    # installed again: the result that nobody awaited is read, and the run goes on
    helm("install", RELEASE, str(CHART))
    world.operator.start()
    world.await_ready("1.2.0")
    assert world.database.effects().count(("Schema", "1.2.0")) == 1
    assert len([name for name in world.kubelet.created if name == job["name"]]) == 1
