"""Chooses who provides the cluster: kind where a Docker engine answers, else this machine's own processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness.docker import docker_answers, require_docker
from tests.harness.interface import Cluster, Driver, Status
from tests.harness.kind import KindCluster
from tests.harness.local import LocalCluster
from tests.harness.settings import check_name

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.console import Console

__all__ = ["Cluster", "Driver", "Status", "choose_cluster"]


def choose_cluster(driver: Driver, name: str, cache_root: Path, console: Console, *, with_node: bool = True) -> Cluster:
    """The cluster of this name; nothing is started yet.

    Args:
        driver: `kind`, `local`, or `auto` for the first that this machine can provide.
        name: a DNS label that tells it apart from others on this machine.
        cache_root: the folder of everything that outlives a run.
        console: where progress is told.
        with_node: False for a control plane on which no Pod ever runs; it is always local.

    Raises:
        HarnessError: the name is none, or kind was asked for where no Docker engine answers.
    """
    check_name(name)
    if with_node and driver == "kind":
        require_docker()
    if with_node and (driver == "kind" or (driver == "auto" and docker_answers())):
        return KindCluster(name, cache_root, console)
    return LocalCluster(name, cache_root, console, with_node=with_node)
