"""A release directory in a volume: filled by a Pod of the user's, waited for while it is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.cluster.postgres_server import IMAGE
from tests.cluster.releases import ONE, TWO
from tests.cluster.waiting import eventually

if TYPE_CHECKING:
    from tests.cluster.releases import Directory
    from tests.cluster.scenario import Scenario

Json = dict[str, Any]
CLAIM = "release"
SOURCE: Json = {"persistentVolumeClaim": {"claimName": CLAIM, "path": "shop/database"}}


def fill(scenario: Scenario, directory: Directory) -> None:
    """Copies a release directory into the volume, as a person's own Pod would."""
    name = f"fill-{len(directory.releases)}"
    config_map = scenario.source(directory)["configMap"]
    folder = f"/to/{SOURCE['persistentVolumeClaim']['path']}"
    container = {
        "name": "fill",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", f"mkdir -p {folder} && cp -rL /from/. {folder}/"],
        "volumeMounts": [{"name": "from", "mountPath": "/from"}, {"name": "to", "mountPath": "/to"}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    scenario.kube.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": scenario.ns},
            "spec": {
                "restartPolicy": "Never",
                "containers": [container],
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 999,
                    "runAsGroup": 999,
                    "fsGroup": 999,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "volumes": [
                    {"name": "from", "configMap": config_map},
                    {"name": "to", "persistentVolumeClaim": {"claimName": CLAIM}},
                ],
            },
        }
    )

    def phase() -> str:
        return str(scenario.kube.get("Pod", scenario.ns, name)["status"]["phase"])

    eventually("the volume is filled", lambda: phase() == "Succeeded", within=120, seen=phase)


def test_a_volume_is_a_source_and_what_is_added_to_it_is_found(scenario: Scenario) -> None:
    scenario.create("1.0.0", None, source=SOURCE)
    scenario.waiting(CLAIM)

    scenario.claim(CLAIM)
    scenario.waiting("there is no release directory")
    fill(scenario, ONE)
    scenario.annotate(requestedAt="filled")
    scenario.ready("1.0.0")

    fill(scenario, TWO)
    scenario.change(version="1.1.0")
    scenario.ready("1.1.0")

    steps = [step for step in scenario.jobs() if "-schema-" in step["metadata"]["name"]]
    (source,) = [each for each in steps[-1]["spec"]["template"]["spec"]["volumes"] if each["name"] == "source"]
    assert source["persistentVolumeClaim"] == {"claimName": CLAIM, "readOnly": True}
