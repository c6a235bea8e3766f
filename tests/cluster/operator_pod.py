"""The operator's Pod: killed, taken away and brought back."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cluster.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.kube import Kube

SELECTOR = "app.kubernetes.io/name=dbmigrations"


@dataclass(frozen=True)
class OperatorPod:
    """The one replica of the operator's Deployment."""

    kube: Kube
    ns: str
    deployment: str

    def kill(self) -> None:
        """End it at once, as a lost node does; its Deployment starts another."""
        for pod in self.kube.list("Pod", self.ns, SELECTOR):
            self.kube.delete("Pod", self.ns, pod["metadata"]["name"], grace=0)

    def names(self) -> set[str]:
        """Its Pods; one, unless it is being replaced."""
        return {pod["metadata"]["name"] for pod in self.kube.list("Pod", self.ns, SELECTOR)}

    @contextmanager
    def away(self) -> Iterator[None]:
        """No operator runs inside this context."""
        self._scale(0)
        eventually("the operator is gone", lambda: not self.kube.list("Pod", self.ns, SELECTOR), within=60)
        try:
            yield
        finally:
            self._scale(1)
            eventually("the operator is back", self.is_ready, within=90)

    def is_ready(self) -> bool:
        """Whether its Pod is ready."""
        return bool(self.kube.get("Deployment", self.ns, self.deployment)["status"].get("readyReplicas"))

    def log(self) -> str:
        """What it has printed."""
        return "".join(
            self.kube.log(self.ns, pod["metadata"]["name"], "operator")
            for pod in self.kube.list("Pod", self.ns, SELECTOR)
        )

    def _scale(self, replicas: int) -> None:
        self.kube.patch("Deployment", self.ns, self.deployment, {"spec": {"replicas": replicas}})
