"""The installed chart: it answers, it has the rights that it needs and no others, and people get theirs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.installation import CHART, NAMESPACE, RELEASE
from tests.cluster.releases import ONE
from tests.cluster.waiting import eventually
from tests.harness.command import run

if TYPE_CHECKING:
    from tests.cluster.conftest import Tools
    from tests.cluster.kube import Kube
    from tests.cluster.operator_pod import OperatorPod
    from tests.cluster.scenario import Scenario
    from tests.cluster.watching import Watcher
    from tests.harness.interface import Cluster

pytestmark = pytest.mark.xdist_group("operator")  # the installation is taken away by tests of this group

Json = dict[str, Any]
Right = tuple[str, str, str]
"""API group, resource (with its subresource), verb."""

ACCOUNT = f"system:serviceaccount:{NAMESPACE}:{RELEASE}"
IN_A_RACE: set[Right] = {("batch", "jobs", "get")}
"""Used only where a Job turns out to be there already: its owner is looked at before it is adopted."""

READING = {"get", "list", "watch"}
WRITING = {"create", "update", "patch", "delete", "deletecollection"}


def asked(cluster: Cluster) -> list[Json]:
    """What the operator has asked the API server for until now, discovery and probes left out."""
    audit_log = cluster.audit_log()
    if audit_log is None:
        pytest.skip("this driver keeps no audit log")
    entries = (json.loads(line) for line in audit_log.read_text().splitlines())
    return [each for each in entries if each["user"]["username"] == ACCOUNT and "objectRef" in each]


def right_of(entry: Json) -> Right:
    reference = entry["objectRef"]
    resource = "/".join(filter(None, (reference["resource"], reference.get("subresource", ""))))
    return reference.get("apiGroup", ""), resource, entry["verb"]


def granted(kube: Kube) -> set[Right]:
    role = kube.call("GET", f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{RELEASE}")
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_helm_test_finds_the_operator_answering(operator_pod: OperatorPod, tools: Tools, cluster: Cluster) -> None:
    assert operator_pod.is_ready()
    said = run(
        [tools.helm, "test", RELEASE, "--namespace", NAMESPACE, "--timeout=2m"],
        env={"KUBECONFIG": str(cluster.kubeconfig)},
    )
    assert "Phase:          Succeeded" in said


def test_the_operator_uses_every_right_that_it_has_and_needs_no_other(
    scenario: Scenario, kube: Kube, cluster: Cluster
) -> None:
    began = datetime.now(UTC)
    missing_image = {"image": {"reference": "docker.io/local/not-there:{version}"}}
    scenario.create("1.0.0", None, source=missing_image)
    scenario.waiting("WaitingForImage")
    scenario.delete()
    scenario.create("1.0.0", ONE)
    scenario.ready("1.0.0")

    # A cluster that stays up has the log of earlier runs too, whose operators outlived their rights at the uninstall.
    since = (each for each in asked(cluster) if datetime.fromisoformat(each["requestReceivedTimestamp"]) >= began)
    refused = [entry for entry in since if entry["responseStatus"]["code"] == 403]
    outside = [entry for entry in refused if "forbidden: User" in entry["responseStatus"].get("message", "")]
    assert outside == []
    eventually(
        "every right was used",
        lambda: granted(kube) - IN_A_RACE <= {right_of(entry) for entry in asked(cluster)},
        within=30,
        seen=lambda: str(granted(kube) - {right_of(entry) for entry in asked(cluster)}),
    )


@pytest.mark.parametrize(
    ("role", "may"), [("view", READING), ("edit", READING | WRITING), ("admin", READING | WRITING)]
)
def test_whoever_may_edit_a_namespace_may_edit_its_migrations_and_nobody_their_status(
    operator_pod: OperatorPod, kube: Kube, watcher: Watcher, role: str, may: set[str]
) -> None:
    assert operator_pod.deployment
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": role},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "somebody"}],
    }
    kube.call("POST", f"/apis/rbac.authorization.k8s.io/v1/namespaces/{watcher.ns}/rolebindings", binding)

    def allowed(verb: str, subresource: str = "") -> bool:
        about = {
            "namespace": watcher.ns,
            "group": "dbmigrations.dev",
            "resource": "databasemigrations",
            "subresource": subresource,
            "verb": verb,
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": "somebody", "resourceAttributes": about},
        }
        answer = kube.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        return bool(answer["status"]["allowed"])

    eventually(f"{role} was given its rights", lambda: all(allowed(verb) for verb in may), within=30)
    assert {verb for verb in READING | WRITING if allowed(verb)} == may
    assert [verb for verb in ("update", "patch") if allowed(verb, "status")] == []


def test_a_second_operator_for_one_namespace_comes_up_without_a_right_outside_of_it(
    operator_pod: OperatorPod, tools: Tools, cluster: Cluster, kube: Kube, watcher: Watcher
) -> None:
    assert operator_pod.deployment
    environment = {"KUBECONFIG": str(cluster.kubeconfig)}
    name = f"operator-{watcher.ns}"
    tags = "image.tag=dev,runnerImage.tag=dev"
    run(
        [
            *(tools.helm, "install", name, CHART, "--namespace", watcher.ns, "--wait", "--timeout=2m"),
            *("--set", f"{tags},crds.install=false,rbac.aggregate=false,clusterName=test"),
            *("--set", f"watchNamespaces={{{watcher.ns}}},fullnameOverride={name},nameOverride=second"),
        ],
        env=environment,
    )
    run([tools.helm, "test", name, "--namespace", watcher.ns, "--timeout=2m"], env=environment)
    run([tools.helm, "uninstall", name, "--namespace", watcher.ns, "--wait", "--timeout=2m"], env=environment)
    assert kube.list("Deployment", watcher.ns) == []
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert kube.call("GET", f"{definitions}/databasemigrations.dbmigrations.dev")["kind"] == "CustomResourceDefinition"
