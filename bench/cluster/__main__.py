"""`make bench-cluster`: a whole migration beside as many trivial Jobs, on a real cluster with our images.

CHECK=1 makes a missed goal the exit code 1. ROUNDS changes how often both are measured, in turns; the first round warms
the node up and does not count.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cluster.trivial import one_after_the_other, seen, trivial
from bench.figures import Figure, table, write
from tests.cluster.conftest import create_namespace
from tests.cluster.installation import install_operator
from tests.cluster.kube import PATHS, Kube
from tests.cluster.postgres_server import Server, canary_password, ensure_server, forwarded
from tests.cluster.releases import TWO
from tests.cluster.scenario import Scenario, condition, is_current
from tests.harness.cache import Cache, cache_root
from tests.harness.cluster import choose_cluster
from tests.harness.console import Console
from tests.harness.images import ALL, ImageStore, bring_up
from tests.harness.tools import ensure_helm, ensure_kubectl

if TYPE_CHECKING:
    from tests.harness.interface import Cluster

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("ROUNDS", "5"))
DATABASES = "databases"
VERSION = "1.1.0"


@dataclass(frozen=True)
class Round:
    """One migration from nothing to 1.1.0 and its reference. Seconds, and counts."""

    migration: float
    trivial: float
    jobs: int
    pods: int
    skipped: int


def measure(kube: Kube, server: Server, number: int, image: str) -> Round:
    """A namespace and a database of its own; the migration first, then the Jobs that only end."""
    ns = f"bench-{os.getpid()}-{number}"
    create_namespace(kube, ns)
    scenario = Scenario(kube, ns, server.create_database(f"bench_{os.getpid()}_{number}", canary_password()))
    scenario.secret()
    scenario.claim()
    began = time.perf_counter()
    scenario.create(VERSION, None, source={"image": {"reference": image, "path": "/database"}})
    ended = seen(kube, PATHS["DatabaseMigration"].format(ns=ns), "0", is_ready)
    took = time.perf_counter() - began
    jobs = scenario.jobs()
    pods = sum(len(scenario.pods_of(job["metadata"]["name"])) for job in jobs)
    skipped = sum(step["state"] == "Skipped" for step in ended["status"]["run"]["steps"])
    reference = one_after_the_other(kube, [trivial(job, f"trivial-{place}") for place, job in enumerate(jobs)])
    kube.delete("Namespace", "", ns)
    return Round(took, reference, len(jobs), pods, skipped)


def is_ready(migration: Json) -> bool:
    """Whether the database is verified at the version asked for.

    Raises:
        RuntimeError: it will not be.
    """
    if "status" not in migration or not is_current(migration):
        return False
    if condition(migration, "Stalled").get("status") == "True":
        raise RuntimeError(migration["status"].get("message", "stalled"))
    return condition(migration, "Ready").get("status") == "True"


def source_image(cluster: Cluster, store: ImageStore) -> str:
    """An image that holds two releases and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in TWO.as_files().items():
            file = Path(folder) / "database" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return store.load_source(cluster, "bench-database:1", Path(folder) / "database")


def figures(rounds: list[Round]) -> list[Figure]:
    """Medians of the rounds."""
    jobs = rounds[-1].jobs
    migration = statistics.median(each.migration for each in rounds)
    trivial_jobs = statistics.median(each.trivial for each in rounds)
    more = statistics.median(each.migration - each.trivial for each in rounds)
    return [
        Figure(f"migration of {jobs} Jobs, from nothing to {VERSION}", migration, "s", reference=trivial_jobs),
        Figure(f"the same, beyond {jobs} trivial Jobs", more, "s", at_most=1.0),
        Figure("Pods beyond one for each Job", max(each.pods - each.jobs for each in rounds), "Pods", at_most=0),
        Figure("steps with nothing to do, without a Pod", rounds[-1].skipped, "steps"),
    ]


def main() -> int:
    """Brings a cluster up, measures, and ends it."""
    console = Console()
    store = ImageStore(cache_root(), console)
    cluster = choose_cluster("auto", f"bench-{os.getpid()}", cache_root(), console)
    cache = Cache(cache_root())
    try:
        bring_up(cluster, store)
        kube = Kube.connect(cluster.kubeconfig)
        helm, kubectl = ensure_helm(cache, console), ensure_kubectl(cache, console)
        install_operator(helm, cluster.kubeconfig, kube, "-".join(image.key()[:8] for image in ALL))
        create_namespace(kube, DATABASES)
        ensure_server(kube, DATABASES)
        image = source_image(cluster, store)
        rounds: list[Round] = []
        with forwarded(kubectl, cluster.kubeconfig, DATABASES) as port:
            server = Server(f"postgres.{DATABASES}.svc", port)
            for number in range(ROUNDS + 1):
                with console.step(f"round {number} of {ROUNDS}"):
                    rounds.append(measure(kube, server, number, image))
                last = rounds[-1]
                console.say(f"  migration {last.migration:.1f} s, {last.jobs} trivial Jobs {last.trivial:.1f} s")
    finally:
        cluster.down(purge=True)
    found = figures(rounds[1:])
    print(table(found))
    method = {
        "where": "a single node of this machine, with our images and PostgreSQL in a Pod",
        "rounds": ROUNDS,
        "trivial": "a Job with the same Pod, init containers and volumes included, whose main container runs `true`",
    }
    console.say(f"written to {write('cluster', found, method, ROOT / 'bench' / 'results').relative_to(ROOT)}")
    return 1 if os.environ.get("CHECK") == "1" and any(figure.holds is False for figure in found) else 0


if __name__ == "__main__":
    sys.exit(main())
