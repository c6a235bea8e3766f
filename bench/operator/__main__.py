"""`make bench-operator`: how fast, how small and how quiet the operator is, on a control plane without a node.

CHECK=1 makes a missed goal the exit code 1. SAMPLES and RESOURCES change how much is measured.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import structlog
import yaml

from bench.figures import Figure, table, write
from bench.operator.latencies import Latencies
from bench.operator.load import A_NAMESPACE, Load
from bench.operator.world import World
from dbmigrations.controller import login
from dbmigrations.controller.client import Cluster
from tests.harness.cache import cache_root
from tests.harness.console import Console
from tests.harness.local import LocalCluster

ROOT = Path(__file__).parents[2]
SAMPLES = int(os.environ.get("SAMPLES", "100"))
RESOURCES = int(os.environ.get("RESOURCES", "1000"))
IDLE_SECONDS = 60.0


Part = Callable[[World, Path, Path], Awaitable[list[Figure]]]
"""Measures in a world, with this kubeconfig and a folder for logs."""


async def latencies(world: World, kubeconfig: Path, folder: Path) -> list[Figure]:
    """Ours and bare Kopf, each in a namespace of its own."""
    return await Latencies(world, kubeconfig, folder).measure(SAMPLES)


async def load(world: World, kubeconfig: Path, folder: Path) -> list[Figure]:
    """Many resources, and one operator for the whole cluster: as the chart installs it."""
    crowd = Load(world, kubeconfig, folder, RESOURCES)
    figures, operator = await crowd.burst()
    with operator:
        figures += await crowd.rest(operator, IDLE_SECONDS)
    return figures + await crowd.restart()


async def within(plane: LocalCluster, part: Part, folder: Path) -> list[Figure]:
    """One part on this control plane, whose CRD is ours."""
    pki = plane.kubeconfig.parent / "pki"
    tls = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    tls.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    configuration = await login.load(plane.kubeconfig)
    connector = aiohttp.TCPConnector(ssl=tls, limit=0)
    audit_log = plane.audit_log()
    if audit_log is None:
        raise RuntimeError("the control plane keeps no audit log")
    async with Cluster(configuration, "bench") as cluster, aiohttp.ClientSession(connector=connector) as session:
        world = World(cluster, session, configuration.host, audit_log)
        await cluster.create(
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            yaml.safe_load((ROOT / "crds" / "databasemigrations.yaml").read_text()),
        )
        await asyncio.sleep(2)
        watch = asyncio.create_task(world.watch_jobs())
        try:
            return await part(world, plane.kubeconfig, folder)
        finally:
            watch.cancel()


def measure(title: str, part: Part, console: Console) -> list[Figure]:
    """One part on a control plane of its own."""
    plane = LocalCluster(f"bench-{os.getpid()}", cache_root(), console, with_node=False, throwaway=True)
    plane.up()
    try:
        with tempfile.TemporaryDirectory() as name, console.step(title):
            try:
                return asyncio.run(within(plane, part, Path(name)))
            except Exception:
                for log in Path(name).glob("*.log"):
                    console.say(f"{log.name}:\n{log.read_text()[-2000:]}")
                raise
    finally:
        plane.down(purge=True)


def main() -> int:
    """Measures, prints and writes; the exit code."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    console = Console()
    figures = measure(f"{SAMPLES} samples of ours and of bare Kopf, in turns", latencies, console)
    figures += measure(f"{RESOURCES} resources at once, at rest, and found by a new operator", load, console)
    print(table(figures))
    method = {
        "where": "etcd, kube-apiserver and controller-manager of this machine, without a node",
        "samples": SAMPLES,
        "resources": RESOURCES,
        "resources_in_a_namespace": A_NAMESPACE,
        "idle_seconds": IDLE_SECONDS,
    }
    console.say(f"written to {write('operator', figures, method, ROOT / 'bench' / 'results').relative_to(ROOT)}")
    missed = [figure.name for figure in figures if figure.holds is False]
    return 1 if missed and os.environ.get("CHECK") == "1" else 0


if __name__ == "__main__":
    sys.exit(main())
