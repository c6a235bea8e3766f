"""`python -m demo`: exit code 0 when the whole story was told, 1 when something stood in its way."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console as Screen

from demo.following import DemoError
from demo.shell import Shell
from demo.story import Story
from demo.trouble import explain
from tests.harness.cache import Cache, cache_root
from tests.harness.cluster import choose_cluster
from tests.harness.console import Console
from tests.harness.errors import HarnessError
from tests.harness.images import ImageStore, bring_up
from tests.harness.settings import DEFAULT_NAME
from tests.harness.tools import ensure_helm, ensure_kubectl

WIDTH = 140
"""Columns where the output is no terminal."""


def main() -> int:
    """Tells the whole story."""
    screen = Screen(width=None if sys.stdout.isatty() else WIDTH)
    screen.print(
        "[bold]The version of a PostgreSQL database, kept in Git.[/] This demo takes a database from nothing to 1.0.0, "
        "up to 1.1.0 and back, on a Kubernetes of this machine. The first time it builds that: about ten minutes."
    )
    console = Console()
    cluster = choose_cluster("auto", os.environ.get("DBMIGRATIONS_CLUSTER", DEFAULT_NAME), cache_root(), console)
    store = ImageStore(cache_root(), console)
    cache = Cache(cache_root())
    try:
        screen.print()
        screen.rule("[bold]A Kubernetes on this machine, and our images in it", align="left", style="cyan")
        with ThreadPoolExecutor(max_workers=1) as beside:
            helm = beside.submit(ensure_helm, cache, console)
            bring_up(cluster, store)
        programs = {"helm": helm.result(), "kubectl": ensure_kubectl(cache, console)}
    except HarnessError as error:
        screen.print(f"\n{error}", style="red", markup=False, soft_wrap=True)
        return 1
    shell = Shell(screen, programs, cluster.kubeconfig)
    try:
        Story(screen, shell, cluster, store).play()
    except (DemoError, HarnessError) as error:
        screen.print(f"\n{error}\n", style="red", markup=False, soft_wrap=True)
        explain(shell)
        screen.print(f"\n{error}", style="red", markup=False, soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. What is up stays up: `make demo` starts anew, `make cluster-down` ends the cluster.")
