"""`make bench-operator`: how fast, how small and how quiet the operator is, on a control plane without a node.

CHECK=1 makes a missed goal the exit code 1. SAMPLES and RESOURCES change how much is measured.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
import tempfile
from pathlib import Path

import aiohttp
import structlog
import yaml

from bench.figures import table, write
from bench.operator.latencies import Latencies
from bench.operator.load import A_NAMESPACE, Load
from bench.operator.world import World
from dbmigrations.controller.client import Cluster
from dbmigrations.controller.login import load
from tests.harness.cache import cache_root
from tests.harness.console import Console
from tests.harness.local import LocalCluster

ROOT = Path(__file__).parents[2]
SAMPLES = int(os.environ.get("SAMPLES", "100"))
RESOURCES = int(os.environ.get("RESOURCES", "1000"))
IDLE_SECONDS = 60.0


async def measure(plane: LocalCluster, console: Console, folder: Path) -> int:
    """Measures, prints and writes; the exit code."""
    pki = plane.kubeconfig.parent / "pki"
    tls = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    tls.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    configuration = await load(plane.kubeconfig)
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
        with console.step(f"{SAMPLES} samples of ours and of bare Kopf, in turns"):
            figures = await Latencies(world, plane.kubeconfig, folder).measure(SAMPLES)
        crowd = Load(world, plane.kubeconfig, folder, RESOURCES)
        with console.step(f"{RESOURCES} resources at once"):
            more, operator = await crowd.burst()
        with operator:
            figures += more
            with console.step(f"{RESOURCES} resources at rest"):
                figures += await crowd.rest(operator, IDLE_SECONDS)
        with console.step("Restart"):
            figures += await crowd.restart()
        watch.cancel()
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


def main() -> int:
    """Brings the control plane up, measures, and ends it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    console = Console()
    plane = LocalCluster(f"bench-{os.getpid()}", cache_root(), console, with_node=False, throwaway=True)
    plane.up()
    try:
        with tempfile.TemporaryDirectory() as folder:
            try:
                return asyncio.run(measure(plane, console, Path(folder)))
            except Exception:
                for log in Path(folder).glob("*.log"):
                    console.say(f"{log.name}:\n{log.read_text()[-2000:]}")
                raise
    finally:
        plane.down(purge=True)


if __name__ == "__main__":
    sys.exit(main())
