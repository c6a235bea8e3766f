"""What the chart renders, by the real helm, and what a real API server says of each manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ruamel.yaml import YAML

from tests.controlplane.serving import serve
from tests.harness.cache import Cache, cache_root
from tests.harness.command import run
from tests.harness.console import Console
from tests.harness.errors import CommandFailed
from tests.harness.servicemonitor import ensure_servicemonitor_crd
from tests.harness.tools import ensure_helm, ensure_kubectl

if TYPE_CHECKING:
    from tests.cluster.kube import Kube
    from tests.harness.local import LocalCluster

Json = dict[str, Any]
CHART = Path(__file__).parents[2] / "charts/dbmigrations"
NAMESPACE = "dbmigrations-chart"
VALUES = ("cluster", "namespaced", "everything")
CRD = "databasemigrations.dbmigrations.dev"


@pytest.fixture(scope="module")
def helm() -> Path:
    return ensure_helm(Cache(cache_root()), Console())


@pytest.fixture(scope="module")
def namespaces(kube: Kube) -> Kube:
    """The namespaces of every values file, under Pod Security `restricted`, with the chart's accounts.

    Prometheus' operator could be there: its kind ServiceMonitor is.
    """
    serve(kube, yaml.safe_load(ensure_servicemonitor_crd(Cache(cache_root()), Console()).read_text()))
    for name in (NAMESPACE, "shop-staging", "shop-prod"):
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    for name in ("dbmigrations", "migrations-operator"):
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        kube.call("POST", f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts", account)
    return kube


def values_file(name: str) -> Path:
    return CHART / "ci" / f"{name}-values.yaml"


def rendered(helm: Path, *options: str, values: str = "cluster") -> list[Json]:
    text = run([helm, "template", "dbmigrations", CHART, "-n", NAMESPACE, "-f", values_file(values), *options])
    return [document for document in YAML(typ="safe", pure=True).load_all(text) if document]


def of_kind(documents: list[Json], *kinds: str) -> list[Json]:
    return [document for document in documents if document["kind"] in kinds]


def container(documents: list[Json]) -> Json:
    (deployment,) = of_kind(documents, "Deployment")
    (only,) = deployment["spec"]["template"]["spec"]["containers"]
    return dict(only)


def granted(document: Json) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in document["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("major", [3, 4])
def test_helm_lint_has_nothing_to_say(major: Any, values: str) -> None:  # noqa: ANN401  a literal to the harness
    program = ensure_helm(Cache(cache_root()), Console(), major)
    assert "0 chart(s) failed" in run([program, "lint", "--strict", CHART, "--values", values_file(values)])


@pytest.mark.parametrize("values", VALUES)
def test_both_helms_render_the_same(helm: Path, values: str) -> None:
    older = ensure_helm(Cache(cache_root()), Console(), 3)
    assert rendered(older, values=values) == rendered(helm, values=values)


@pytest.mark.parametrize("values", VALUES)
def test_the_api_server_takes_every_manifest(
    namespaces: Kube, control_plane: LocalCluster, helm: Path, tmp_path: Path, values: str
) -> None:
    assert namespaces
    documents = rendered(helm, values=values)
    manifests = tmp_path / "manifests.yaml"
    with manifests.open("w") as file:
        YAML(typ="safe", pure=True).dump_all(documents, file)
    kubectl = ensure_kubectl(Cache(cache_root()), Console())
    said = run(
        [
            *(kubectl, f"--kubeconfig={control_plane.kubeconfig}", "apply", "--server-side", "--force-conflicts"),
            *("--dry-run=server", "--validate=strict", f"--filename={manifests}"),
        ]
    )
    assert len(said.splitlines()) == len(documents)


def test_prometheus_finds_the_metrics_where_the_operator_serves_them(helm: Path) -> None:
    documents = rendered(helm, values="everything")
    (monitor,) = of_kind(documents, "ServiceMonitor")
    (service,) = of_kind(documents, "Service")
    (deployment,) = of_kind(documents, "Deployment")
    (endpoint,) = monitor["spec"]["endpoints"]
    (port,) = service["spec"]["ports"]
    served = {each["name"]: each["containerPort"] for each in container(documents)["ports"]}

    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["metadata"]["namespace"] == service["metadata"]["namespace"], "it selects in its own namespace"
    assert (endpoint["port"], endpoint["path"]) == (port["name"], "/metrics")
    assert port["targetPort"] in served
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()


@pytest.mark.parametrize("values", VALUES)
def test_the_operators_pod_is_admitted_where_security_is_restricted(namespaces: Kube, helm: Path, values: str) -> None:
    (deployment,) = of_kind(rendered(helm, values=values), "Deployment")
    pod = {"apiVersion": "v1", "kind": "Pod"} | deployment["spec"]["template"]
    pod["metadata"]["name"] = "operator"
    stored = namespaces.call("POST", f"/api/v1/namespaces/{NAMESPACE}/pods?dryRun=All&fieldValidation=Strict", pod)
    assert stored["metadata"]["name"] == "operator"


@pytest.mark.parametrize("values", VALUES)
def test_no_role_reaches_secrets_or_everything(helm: Path, values: str) -> None:
    roles = of_kind(rendered(helm, values=values), "Role", "ClusterRole")
    assert roles
    rights = {right for role in roles for right in granted(role)}
    assert not {(group, resource) for group, resource, _ in rights if resource in {"secrets", "*", "pods/exec"}}
    assert not {right for right in rights if "*" in right}


def test_the_operator_may_write_no_spec_by_update_and_no_status_by_creation(helm: Path) -> None:
    (role,) = [each for each in of_kind(rendered(helm), "ClusterRole") if each["metadata"]["name"] == "dbmigrations"]
    ours = {(resource, verb) for group, resource, verb in granted(role) if group == "dbmigrations.dev"}
    reading = {("databasemigrations", verb) for verb in ("get", "list", "watch")}
    # patch: the finalizer, and only that
    assert ours == {*reading, ("databasemigrations", "patch"), ("databasemigrations/status", "patch")}


def test_in_namespaced_mode_nothing_is_granted_outside_of_the_namespaces(helm: Path) -> None:
    documents = rendered(helm, values="namespaced")
    assert of_kind(documents, "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition") == []
    roles = of_kind(documents, "Role")
    assert [role["metadata"]["namespace"] for role in roles] == ["shop-staging", "shop-prod"]
    assert not {resource for role in roles for _, resource, _ in granted(role)} & {"namespaces"}
    arguments = container(documents)["args"]
    assert {"--namespace=shop-staging", "--namespace=shop-prod", "--cluster-name=test.example"} <= set(arguments)


def test_only_the_uid_of_the_cluster_is_read_outside_of_namespaces(helm: Path) -> None:
    (role,) = [each for each in of_kind(rendered(helm), "ClusterRole") if each["metadata"]["name"] == "dbmigrations"]
    (rule,) = [rule for rule in role["rules"] if "namespaces" in rule["resources"]]
    assert (rule["resourceNames"], rule["verbs"]) == (["kube-system"], ["get"])
    named = of_kind(rendered(helm, "--set=clusterName=here"), "ClusterRole")
    assert not {resource for role in named for _, resource, _ in granted(role)} & {"namespaces"}


def test_a_digest_wins_over_a_tag_for_both_images(helm: Path) -> None:
    only = container(rendered(helm, values="everything"))
    assert only["image"].endswith("/operator@sha256:" + "0" * 63 + "1")
    assert f"--runner-image=registry.example/dbmigrations/runner@sha256:{'0' * 63}2" in only["args"]


def test_uninstalling_keeps_the_definition_and_so_every_resource(helm: Path) -> None:
    (kept,) = of_kind(rendered(helm), "CustomResourceDefinition")
    assert kept["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    (dropped,) = of_kind(rendered(helm, "--set=crds.keep=false"), "CustomResourceDefinition")
    assert "annotations" not in dropped["metadata"]
    assert of_kind(rendered(helm, "--set=crds.install=false"), "CustomResourceDefinition") == []


def test_the_chart_carries_the_very_definition_of_crds(helm: Path) -> None:
    (rendered_crd,) = of_kind(rendered(helm), "CustomResourceDefinition")
    published = YAML(typ="safe", pure=True).load(CHART.parents[1] / "crds/databasemigrations.yaml")
    assert rendered_crd["spec"] == published["spec"]
    assert rendered_crd["metadata"]["name"] == published["metadata"]["name"] == CRD


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set=operatr.workers=1"], "operatr"),
        (["--set=image.digest=latest"], "digest"),
        (["--set=operator.logLevel=loud"], "logLevel"),
        (["--set=operator.workers=0"], "workers"),
        (["--set=image.tag=1.0 # newest"], "image.tag"),
        (["--set=runnerImage.repository=registry: acme"], "runnerImage.repository"),
        (["--set=watchNamespaces={a}"], "clusterName is needed with watchNamespaces"),
        (["--set=serviceAccount.create=false"], "serviceAccount.name is needed"),
        (["--set=metrics.service.enabled=false,metrics.serviceMonitor.enabled=true"], "needs metrics.service.enabled"),
    ],
)
def test_a_value_that_cannot_be_obeyed_is_refused_by_its_name(helm: Path, options: list[str], said: str) -> None:
    with pytest.raises(CommandFailed, match=said):
        rendered(helm, *options)


def test_whatever_a_name_looks_like_in_yaml_it_stays_a_text(helm: Path) -> None:
    words = (
        "--set-string",
        "clusterName=prod:",
        "--set-string",
        "priorityClassName=12",
        "--set-string",
        "imagePullSecrets={34}",
    )
    text = run([helm, "template", "123", CHART, "-n", "456", *words])
    found = [document for document in YAML(typ="safe", pure=True).load_all(text) if document]
    (deployment,) = of_kind(found, "Deployment")
    pod = deployment["spec"]["template"]["spec"]

    assert deployment["metadata"]["namespace"] == "456"
    assert deployment["metadata"]["labels"]["app.kubernetes.io/instance"] == "123"
    assert pod["priorityClassName"] == "12"
    assert pod["imagePullSecrets"] == [{"name": "34"}]
    assert "--cluster-name=prod:" in container(found)["args"]


def test_where_a_user_names_what_the_chart_names_too_the_users_word_stands_and_no_key_stands_twice(helm: Path) -> None:
    words = (
        r"--set=podAnnotations.kubectl\.kubernetes\.io/default-container=sidecar",
        r"--set=metrics.serviceMonitor.enabled=true",
        r"--set=metrics.serviceMonitor.labels.app\.kubernetes\.io/name=prometheus",
    )
    found = rendered(helm, *words)  # its reader refuses a key that stands twice
    (deployment,) = of_kind(found, "Deployment")
    (monitor,) = of_kind(found, "ServiceMonitor")

    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    assert annotations["kubectl.kubernetes.io/default-container"] == "sidecar"
    assert monitor["metadata"]["labels"]["app.kubernetes.io/name"] == "prometheus"
    assert monitor["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"


@pytest.mark.parametrize(
    "value", ["nameOverride=My_App", "fullnameOverride=-a", "podLabels.app\\.kubernetes\\.io/name=theirs"]
)
def test_names_that_the_api_server_would_refuse_are_refused_by_the_schema(helm: Path, value: str) -> None:
    with pytest.raises(CommandFailed):
        run([helm, "template", "dbmigrations", CHART, "--set-string", value])
