"""Teaching an API server a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.controlplane.waiting import eventually

if TYPE_CHECKING:
    from tests.cluster.kube import Kube

_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def serve(kube: Kube, definition: dict[str, Any]) -> None:
    """Create a CRD, and wait until objects of its kind are taken."""
    kube.call("POST", _PATH, definition)

    def served() -> bool:
        found = kube.call("GET", f"{_PATH}/{definition['metadata']['name']}")
        conditions = {each["type"]: each["status"] for each in found["status"].get("conditions") or []}
        return conditions.get("Established") == "True"

    eventually("the CRD is established", served)
