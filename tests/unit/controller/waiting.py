"""A first step that waits: its Job is there, and time goes by."""

from datetime import datetime

from tests.unit.controller.cluster_model import Cluster, default_spec


def with_preflight_created(**spec: object) -> Cluster:
    cluster = Cluster(spec=default_spec("1.0.0", **spec))
    for _ in range(2):
        cluster.reconcile()
    return cluster


def pause(cluster: Cluster) -> float:
    retry_at = datetime.fromisoformat(cluster.steps[-1]["retryAt"])
    return (retry_at - cluster.now).total_seconds()


def one_more_attempt(cluster: Cluster) -> None:
    """Let the pause go by, and the next attempt start."""
    cluster.pass_time(pause(cluster) + 1)
    cluster.reconcile()
