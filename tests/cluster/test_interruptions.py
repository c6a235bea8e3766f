"""Things die in the middle: each migration still takes effect exactly once, and the run comes to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.cluster.installation import install_operator, uninstall_operator
from tests.cluster.releases import ONE, Directory
from tests.cluster.scenario import condition
from tests.cluster.waiting import eventually

if TYPE_CHECKING:
    from tests.cluster.conftest import Tools
    from tests.cluster.operator_pod import OperatorPod
    from tests.cluster.scenario import Scenario
    from tests.harness.interface import Cluster


SLICES = "/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices"
DATABASES = "databases"


def slow(seconds: int) -> Directory:
    """A release with a step that takes so long, in one transaction."""
    up = f"CREATE TABLE slow (id int);\nSELECT pg_sleep({seconds});\nINSERT INTO slow VALUES (1);\n"
    return (
        ONE.release("1.1.0")
        .sql("20260123_1200_slow", up, "DROP TABLE slow;\n")
        .data("20260123_1210_after", "INSERT INTO slow VALUES (2);\n", "DELETE FROM slow WHERE id = 2;\n")
    )


SLOW = slow(12)


def sleeping(scenario: Scenario) -> bool:
    """Whether the slow migration is in the middle of its transaction."""
    return bool(
        scenario.database.query(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE '%pg_sleep%' "
            "AND pid <> pg_backend_pid()"
        )
    )


def in_the_middle(scenario: Scenario, directory: Directory = SLOW) -> None:
    """Bring the scenario to where the slow migration runs."""
    scenario.create("1.0.0", directory)
    scenario.ready("1.0.0")
    scenario.change(version="1.1.0")
    eventually("the slow migration runs", lambda: sleeping(scenario), within=90, seen=scenario.story)


def applied_once(scenario: Scenario) -> bool:
    """Whether both migrations of 1.1.0 took effect exactly once."""
    return scenario.database.query("SELECT id FROM slow ORDER BY id") == [(1,), (2,)]


@dataclass(frozen=True)
class Address:
    """An address of its own for the scenario's database, at which nobody may answer."""

    scenario: Scenario

    def __post_init__(self) -> None:
        meta = {"name": "db", "namespace": self.scenario.ns}
        spec = {"ports": [{"port": 5432}]}
        self.scenario.kube.create({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})
        self.scenario.secret(host=f"db.{self.scenario.ns}.svc")

    def leads_to_the_server(self) -> None:
        kube, ns = self.scenario.kube, self.scenario.ns
        (pod,) = kube.list("Pod", DATABASES, "app=postgres")
        labels = {"kubernetes.io/service-name": "db"}
        kube.call(
            "POST",
            SLICES.format(ns=ns),
            {
                "metadata": {"name": "db", "labels": labels},
                "addressType": "IPv4",
                "endpoints": [{"addresses": [pod["status"]["podIP"]]}],
                "ports": [{"port": 5432}],
            },
        )

    def leads_nowhere(self) -> None:
        self.scenario.kube.call("DELETE", f"{SLICES.format(ns=self.scenario.ns)}/db")


@pytest.mark.xdist_group("operator")
def test_the_operator_killed_in_the_middle_of_a_step_and_again_at_the_next(
    scenario: Scenario, operator_pod: OperatorPod
) -> None:
    in_the_middle(scenario)
    operator_pod.kill()
    eventually("the data step", lambda: any(s[0] == "Data" for s in scenario.steps()), within=120, seen=scenario.story)
    operator_pod.kill()

    scenario.ready("1.1.0")

    assert applied_once(scenario)
    assert all(state in ("Succeeded", "Skipped") for _, _, state in scenario.steps())


@pytest.mark.xdist_group("operator")
def test_the_chart_upgraded_uninstalled_and_installed_again_in_the_middle_of_a_step(
    scenario: Scenario, operator_pod: OperatorPod, tools: Tools, cluster: Cluster
) -> None:
    in_the_middle(scenario, slow(25))
    before = operator_pod.names()

    install_operator(tools.helm, cluster.kubeconfig, scenario.kube, f"upgrade-{scenario.ns}")
    assert before.isdisjoint(operator_pod.names())
    uninstall_operator(tools.helm, cluster.kubeconfig)
    assert scenario.find() is not None
    assert sleeping(scenario)
    install_operator(tools.helm, cluster.kubeconfig, scenario.kube, f"again-{scenario.ns}")

    scenario.ready("1.1.0")
    assert applied_once(scenario)
    assert all(step["attempts"] == 1 for step in scenario.status()["run"]["steps"] if step["state"] == "Succeeded")


def test_the_runner_pod_killed_in_the_middle_of_a_migration(scenario: Scenario) -> None:
    in_the_middle(scenario)
    job = scenario.running("SQL")["metadata"]["name"]
    for pod in scenario.pods_of(job):
        scenario.kube.delete("Pod", scenario.ns, pod["metadata"]["name"], grace=0)

    scenario.ready("1.1.0", within=240)

    assert applied_once(scenario)
    outcomes = [row for row in scenario.database.applied() if row[0] == "20260123_1200_slow" and row[2] == "Applied"]
    assert len(outcomes) == 1


@pytest.mark.xdist_group("operator")
def test_a_pod_deleted_after_its_success_and_before_its_result_was_read(
    scenario: Scenario, operator_pod: OperatorPod
) -> None:
    in_the_middle(scenario, slow(40))  # it must not end before the operator is gone
    job = scenario.running("SQL")["metadata"]["name"]
    with operator_pod.away():
        eventually(
            "the Job is complete",
            lambda: scenario.kube.get("Job", scenario.ns, job)["status"].get("succeeded"),
            within=120,
            seen=scenario.story,
        )
        for pod in scenario.pods_of(job):
            scenario.kube.delete("Pod", scenario.ns, pod["metadata"]["name"], grace=0)
        eventually("the Pod is gone", lambda: not scenario.pods_of(job), within=60)

    scenario.ready("1.1.0", within=240)

    assert applied_once(scenario)
    sql = next(s for s in scenario.status()["run"]["steps"] if s["name"] == "SQL")
    assert sql["attempts"] == 2


def test_the_database_goes_away_and_comes_back(scenario: Scenario) -> None:
    address = Address(scenario)
    address.leads_to_the_server()
    scenario.create("1.0.0", ONE.release("1.1.0"))
    scenario.ready("1.0.0")
    address.leads_nowhere()
    scenario.change(version="1.1.0")
    scenario.waiting("WaitingForDatabase")
    assert condition(scenario.get(), "Stalled") == {}

    address.leads_to_the_server()

    scenario.ready("1.1.0", within=240)


@pytest.mark.xdist_group("operator")
def test_a_status_wiped_during_a_run_is_found_again(scenario: Scenario, operator_pod: OperatorPod) -> None:
    in_the_middle(scenario)
    with operator_pod.away():
        scenario.kube.patch(
            "DatabaseMigration", scenario.ns, scenario.name,
            {"status": dict.fromkeys(scenario.status()) | {"observedGeneration": -1}},
            "/status",
        )  # fmt: skip

    scenario.ready("1.1.0", within=240)

    assert applied_once(scenario)


def test_a_cancelled_run_stops_and_a_retry_goes_on(scenario: Scenario) -> None:
    in_the_middle(scenario)
    scenario.annotate(cancel=scenario.status()["run"]["id"])

    stalled = scenario.stalled("Cancelled")

    assert scenario.database.value("SELECT to_regclass('slow') IS NULL")
    assert stalled["status"]["currentVersion"] == "1.0.0"
    assert "requestedAt" in stalled["status"]["message"]

    scenario.annotate(requestedAt="go-on")
    scenario.ready("1.1.0", within=240)
    assert applied_once(scenario)


def test_a_deleted_resource_stops_its_running_step_and_leaves_the_database_whole(scenario: Scenario) -> None:
    in_the_middle(scenario)

    scenario.delete()

    eventually("nothing runs any more", lambda: not sleeping(scenario), within=30)
    assert scenario.database.value("SELECT to_regclass('slow') IS NULL")
    assert scenario.jobs() == [] or all(j["metadata"].get("deletionTimestamp") for j in scenario.jobs())


def test_a_version_raised_twice_during_a_run_goes_straight_to_the_last(scenario: Scenario) -> None:
    directory = (
        SLOW.release("1.2.0")
        .sql("20260223_1200_b", "CREATE TABLE b (id int);\n", "DROP TABLE b;\n")
        .release("1.3.0")
        .sql("20260323_1200_c", "CREATE TABLE c (id int);\n", "DROP TABLE c;\n")
    )
    scenario.create("1.0.0", directory)
    scenario.ready("1.0.0")
    scenario.change(version="1.1.0")
    eventually("the slow migration runs", lambda: sleeping(scenario), within=90, seen=scenario.story)

    scenario.change(version="1.2.0")
    scenario.change(version="1.3.0")
    scenario.ready("1.3.0", within=240)

    assert applied_once(scenario)
    assert scenario.database.value("SELECT to_regclass('c') IS NOT NULL")


def test_raised_and_lowered_during_a_run_never_touches_the_highest(scenario: Scenario) -> None:
    directory = SLOW.release("1.2.0").sql("20260223_1200_b", "CREATE TABLE b (id int);\n", "DROP TABLE b;\n")
    scenario.create("1.0.0", directory)
    scenario.ready("1.0.0")
    scenario.change(version="1.1.0")
    eventually("the slow migration runs", lambda: sleeping(scenario), within=90, seen=scenario.story)

    scenario.change(version="1.2.0")
    scenario.change(version="1.1.0")
    scenario.ready("1.1.0", within=240)

    assert [row for row in scenario.database.applied() if row[0] == "20260223_1200_b"] == []


def test_suspending_finishes_the_running_step_and_starts_nothing(scenario: Scenario) -> None:
    in_the_middle(scenario)
    scenario.change(suspend=True)

    suspended = scenario.await_("suspended", lambda o: condition(o, "Ready").get("reason") == "Suspended")

    assert condition(suspended, "Ready")["status"] == "False"
    assert scenario.database.query("SELECT id FROM slow") == [(1,)]
    scenario.change(suspend=False)
    scenario.ready("1.1.0", within=240)
    assert applied_once(scenario)
