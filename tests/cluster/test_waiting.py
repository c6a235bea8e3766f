"""What is not there yet is waited for: the status says what, and the run goes on when it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster.releases import ONE
from tests.cluster.scenario import condition

if TYPE_CHECKING:
    from tests.cluster.scenario import Scenario


def is_waiting(scenario: Scenario) -> bool:
    migration = scenario.get()
    return condition(migration, "Reconciling").get("status") == "True" and not condition(migration, "Stalled")


def test_a_wrong_password_is_waited_for_and_mending_the_secret_alone_is_enough(scenario: Scenario) -> None:
    scenario.secret(password="wrong")
    scenario.create("1.0.0", ONE)
    scenario.waiting("WaitingForDatabase")
    assert is_waiting(scenario)

    scenario.secret()
    scenario.ready("1.0.0")


def test_a_missing_secret_is_waited_for_and_named(scenario: Scenario) -> None:
    scenario.create("1.0.0", ONE, database={"secretRef": {"name": "comes-later"}})
    scenario.waiting("WaitingForCredentials")
    assert "comes-later" in scenario.message()

    scenario.secret("comes-later")
    scenario.ready("1.0.0")


def test_a_missing_image_is_waited_for_and_named(scenario: Scenario) -> None:
    scenario.create("1.0.0", None, source={"image": {"reference": "docker.io/local/no-such-image:{version}"}})

    scenario.waiting("WaitingForImage")

    assert "docker.io/local/no-such-image:1.0.0" in scenario.message()
    assert is_waiting(scenario)
    scenario.change(source={"image": None} | scenario.source(ONE))
    scenario.ready("1.0.0")


def test_a_missing_claim_for_backups_is_waited_for_and_named(scenario: Scenario) -> None:
    backup = {"storage": {"persistentVolumeClaim": {"claimName": "claimed-later"}}}
    scenario.create("1.0.0", ONE, steps={"backup": backup})
    scenario.waiting("WaitingForPod")
    assert "claimed-later" in scenario.message()

    scenario.claim("claimed-later")
    scenario.ready("1.0.0")


def test_a_missing_config_map_is_waited_for_and_named(scenario: Scenario) -> None:
    config_map, source = ONE.as_config_map(scenario.ns)
    scenario.create("1.0.0", None, source=source)
    scenario.waiting("WaitingForSource")
    assert source["configMap"]["name"] in scenario.message()

    scenario.kube.create(config_map)
    scenario.ready("1.0.0")


def test_a_quota_that_refuses_the_pod_stands_in_the_message(scenario: Scenario) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "nothing-more", "namespace": scenario.ns},
        "spec": {"hard": {"pods": "0"}},
    }
    scenario.kube.create(quota)
    scenario.create("1.0.0", ONE)
    scenario.waiting("WaitingForPod")
    assert "nothing-more" in scenario.message()

    scenario.kube.delete("ResourceQuota", scenario.ns, "nothing-more")
    scenario.ready("1.0.0", within=240)
