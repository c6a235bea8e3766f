"""The password of the login is nowhere but in its Secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cluster.releases import ONE

if TYPE_CHECKING:
    from tests.cluster.operator_pod import OperatorPod
    from tests.cluster.scenario import Scenario


def everywhere(scenario: Scenario, operator_pod: OperatorPod) -> str:
    """All that a reader of the namespace, and of the operator's log, can see without reading Secrets."""
    parts = [json.dumps(scenario.kube.list(kind, scenario.ns)) for kind in ("DatabaseMigration", "Job", "Pod", "Event")]
    parts += [
        scenario.kube.log(scenario.ns, p["metadata"]["name"], "step") for p in scenario.kube.list("Pod", scenario.ns)
    ]
    history = scenario.database.query("SELECT h::text FROM dbmigrations.migration_history h")
    return "".join([*parts, operator_pod.log(), json.dumps(history)])


def test_the_password_is_in_no_log_event_status_job_or_history(scenario: Scenario, operator_pod: OperatorPod) -> None:
    password = scenario.database.password
    broken = ONE.release("1.1.0").sql(
        "20260123_1200_role",
        f"CREATE ROLE app_{scenario.database.name} PASSWORD '{password}';\nSELECT no_such_column;\n",
        "SELECT 1;\n",
    )
    scenario.create("1.0.0", broken, policy={"operations": "Any"})
    scenario.ready("1.0.0")
    scenario.change(version="1.1.0")
    scenario.stalled("MigrationFailed")
    scenario.secret(url=f"postgresql://x:{password}@nowhere.invalid:not-a-port/x")
    scenario.annotate(requestedAt="with a malformed url")
    scenario.waiting("WaitingForCredentials")

    seen = everywhere(scenario, operator_pod)

    assert "canary" in password
    assert "20260123_1200_role" in seen
    assert password not in seen
    assert password.split("@", maxsplit=1)[0] not in seen
