"""A real control plane (etcd, API server, controllers; no kubelet) with our CRD, and in it a namespace a test."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.cluster.kube import Kube
from tests.controlplane.fake_database import FakeDatabase
from tests.controlplane.fake_kubelet import FakeKubelet
from tests.controlplane.fault_proxy import FaultProxy
from tests.controlplane.nursery import Nursery
from tests.controlplane.operator_process import OperatorProcess
from tests.controlplane.serving import serve
from tests.controlplane.states import States
from tests.controlplane.waiting import eventually
from tests.controlplane.world import World
from tests.harness.cache import cache_root
from tests.harness.console import Console
from tests.harness.local import LocalCluster

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
CRD = Path(__file__).parents[2] / "crds" / "databasemigrations.yaml"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where operators are born."""
    nursery = Nursery.open()
    yield nursery
    nursery.close()


@pytest.fixture(scope="session")
def control_plane() -> Iterator[LocalCluster]:
    """A control plane of this test process alone; it ends with it."""
    plane = LocalCluster(f"controlplane-{os.getpid()}", cache_root(), Console(), with_node=False, throwaway=True)
    plane.up()
    yield plane
    plane.down(purge=True)


@pytest.fixture(scope="session")
def bare_kube(control_plane: LocalCluster) -> Kube:
    """A client of the control plane before our CRD is there."""
    return Kube.connect(control_plane.kubeconfig)


@pytest.fixture(scope="session")
def kube(bare_kube: Kube) -> Kube:
    """A client of the control plane; our CRD is served."""
    serve(bare_kube, yaml.safe_load(CRD.read_text()))
    return bare_kube


@pytest.fixture(scope="session")
def states(kube: Kube) -> States:
    """Every state of every resource."""
    found = States(kube)
    found.start()
    return found


@pytest.fixture
def ns(kube: Kube) -> str:
    """A namespace of this test alone, in which Pods may be created."""
    name = f"test-{next(_numbers)}"
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    path = f"/api/v1/namespaces/{name}/serviceaccounts"
    eventually("the namespace has its account", lambda: kube.call("GET", path)["items"])
    return name


@pytest.fixture
def asleep(  # noqa: PLR0917 a world has many parts
    control_plane: LocalCluster, kube: Kube, states: States, nursery: Nursery, ns: str, tmp_path: Path
) -> Iterator[World]:
    """A world whose operator was not started yet."""
    audit_log = control_plane.audit_log()
    assert audit_log is not None
    database = FakeDatabase()
    world = World(
        kube=kube,
        ns=ns,
        database=database,
        kubelet=FakeKubelet(kube, ns, database),
        operator=OperatorProcess(nursery, control_plane.kubeconfig, [ns], tmp_path / "operator.log"),
        states=states,
        audit_log=audit_log,
    )
    world.mark()
    world.kubelet.start()
    yield world
    world.operator.kill()
    world.kubelet.stop()
    states.caught_up(ns)
    assert states.violations(ns) == []


@pytest.fixture
def world(asleep: World) -> World:
    """A world whose operator runs."""
    asleep.operator.start()
    return asleep


@pytest.fixture
def proxy(asleep: World, control_plane: LocalCluster, tmp_path: Path) -> Iterator[FaultProxy]:
    """The way to the API server that can do harm; the operator of `asleep` will take it."""
    proxy = FaultProxy(asleep.kube.host, control_plane.kubeconfig.parent / "pki")
    proxy.start()
    asleep.operator.kubeconfig = proxy.kubeconfig(tmp_path)
    yield proxy
    asleep.operator.kill()
    proxy.stop()
