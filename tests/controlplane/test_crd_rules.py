"""Every rule of the CRD, tried on a real API server: what it takes, what it refuses, at which field and why."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from dbmigrations.api.crd.definition import resource_schema
from dbmigrations.api.crd.rules import RULES
from dbmigrations.api.spec import DatabaseMigrationSpec
from tests.cluster.kube import AnswerError
from tests.controlplane.crd_cases import AT_CREATION, GONE, MINIMAL, RAN, TRANSITIONS, Case, Transition
from tests.harness.cache import Cache, cache_root
from tests.harness.command import run
from tests.harness.console import Console
from tests.harness.localkube import ensure_localkube

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.kube import Kube
    from tests.harness.local import LocalCluster

Json = dict[str, Any]


def changed(resource: Json, changes: dict[str, Any]) -> Json:
    resource = deepcopy(resource)
    for path, value in changes.items():
        *parents, last = path.split(".")
        node = resource
        for parent in parents:
            node = node.setdefault(parent, {})
        if value is GONE:
            del node[last]
        else:
            node[last] = value
    return resource


def minimal(ns: str, name: str = "shop") -> Json:
    return {
        "apiVersion": "dbmigrations.dev/v1alpha1",
        "kind": "DatabaseMigration",
        "metadata": {"name": name, "namespace": ns},
        "spec": deepcopy(MINIMAL),
    }


def refused_fields(kube: Kube, method: str, path: str, body: Json, content: str = "application/json") -> set[str]:
    """The fields that the API server names; none where it takes the object."""
    try:
        kube.call(method, path, body, content)
    except AnswerError as error:
        answer = json.loads(str(error).partition(": ")[2])
        return {cause["field"] for cause in answer["details"]["causes"]}
    return set()


def collection(ns: str) -> str:
    return f"/apis/dbmigrations.dev/v1alpha1/namespaces/{ns}/databasemigrations"


@pytest.mark.parametrize("case", AT_CREATION, ids=str)
def test_a_new_resource_is_taken_or_refused_by_its_field(kube: Kube, case: Case) -> None:
    resource = changed(minimal("default"), case.changes)
    refused = refused_fields(kube, "POST", f"{collection('default')}?dryRun=All", resource)
    assert refused >= ({case.refused} if case.refused else set())
    assert bool(refused) == bool(case.refused), refused


@pytest.mark.parametrize("transition", TRANSITIONS, ids=str)
def test_what_a_run_stands_on_cannot_change_once_one_succeeded(kube: Kube, ns: str, transition: Transition) -> None:
    resource = minimal(ns)
    resource["spec"] |= transition.before
    kube.create(resource)
    kube.patch("DatabaseMigration", ns, "shop", {"status": {"observedGeneration": 1} | transition.status}, "/status")
    path = f"{collection(ns)}/shop"
    refused = refused_fields(kube, "PATCH", path, {"spec": transition.change}, "application/merge-patch+json")
    assert refused == (set() if transition.taken else {f"spec.{transition.rule.partition('-')[0]}"})


def test_a_status_is_written_whatever_the_spec_was_at_the_time_of_success(kube: Kube, ns: str) -> None:
    kube.create(minimal(ns))
    for status in ({"lastChangingRun": "r1"}, {"lastChangingRun": "r2", "run": RAN}, {"run": None}):
        kube.patch("DatabaseMigration", ns, "shop", {"status": {"observedGeneration": 1} | status}, "/status")
    assert kube.get("DatabaseMigration", ns, "shop")["status"] == {"observedGeneration": 1, "lastChangingRun": "r2"}


def test_every_rule_has_a_case_that_it_takes_and_one_that_it_refuses() -> None:
    tried = {(case.rule, not case.refused) for case in AT_CREATION} | {(each.rule, each.taken) for each in TRANSITIONS}
    assert {(rule.name, ok) for rule in RULES for ok in (True, False)} <= tried


def limited(node: Json, path: str, keyword: str) -> Iterator[tuple[str, Json]]:
    """The fields of the spec (lists left out) that have a keyword."""
    for name, child in node.get("properties", {}).items():
        if keyword in child:
            yield f"{path}.{name}", child
        yield from limited(child, f"{path}.{name}", keyword)


SPEC = resource_schema()["properties"]["spec"]


@pytest.mark.parametrize("path", [path for path, _ in limited(SPEC, "spec", "enum")])
def test_a_word_that_a_field_does_not_know_is_refused(kube: Kube, path: str) -> None:
    resource = changed(minimal("default"), {path: "Whatever"})
    assert path in refused_fields(kube, "POST", f"{collection('default')}?dryRun=All", resource)


@pytest.mark.parametrize(("path", "node"), list(limited(SPEC, "spec", "maxLength")))
def test_a_text_that_is_too_long_is_refused(kube: Kube, path: str, node: Json) -> None:
    resource = changed(minimal("default"), {path: "1" * (node["maxLength"] + 1)})
    assert path in refused_fields(kube, "POST", f"{collection('default')}?dryRun=All", resource)


def test_the_server_fills_in_the_defaults_that_the_models_have(kube: Kube, ns: str) -> None:
    stored = kube.create(minimal(ns))["spec"]
    assert stored["policy"]["operations"] == "NonDestructive"
    assert stored["timeouts"]["lock"] == "1s"
    assert "jobTemplate" not in stored
    assert DatabaseMigrationSpec.model_validate(stored) == DatabaseMigrationSpec.model_validate(MINIMAL)


def test_a_fresh_resource_looks_unobserved(kube: Kube, ns: str) -> None:
    assert kube.create(minimal(ns))["status"] == {"observedGeneration": -1}


def test_a_status_that_comes_with_a_new_resource_is_dropped(kube: Kube, ns: str) -> None:
    resource = minimal(ns) | {"status": {"observedGeneration": 7, "currentVersion": "9.9.9"}}
    assert kube.create(resource)["status"] == {"observedGeneration": -1}


def test_a_misspelt_field_is_refused_where_the_client_asks_for_strictness(kube: Kube) -> None:
    resource = changed(minimal("default"), {"spec.polices": {"approval": "Always"}})
    with pytest.raises(AnswerError, match="unknown field") as refused:
        kube.call("POST", f"{collection('default')}?dryRun=All&fieldValidation=Strict", resource)
    assert refused.value.status == 400


def test_resources_are_found_by_their_fields(kube: Kube, ns: str) -> None:
    for name, version in (("one", "1.0.0"), ("two", "2.0.0")):
        resource = minimal(ns, name)
        resource["spec"]["version"] = version
        kube.create(resource)
    kube.patch("DatabaseMigration", ns, "two", {"status": {"observedGeneration": 1, "phase": "Ready"}}, "/status")

    def found(selector: str) -> list[str]:
        items = kube.call("GET", f"{collection(ns)}?fieldSelector={selector}")["items"]
        return [item["metadata"]["name"] for item in items]

    assert found("spec.version=1.0.0") == ["one"]
    assert found("status.phase=Ready") == ["two"]


@pytest.mark.parametrize("name", ["dbmigrations", "dbmig", "databases", "databasemigration", "databasemigrations"])
def test_kubectl_shows_the_resource_under_each_of_its_names(
    kube: Kube, ns: str, control_plane: LocalCluster, name: str
) -> None:
    kube.create(minimal(ns))
    status = {
        "observedGeneration": 1,
        "currentVersion": "0.9.0",
        "phase": "MigratingData",
        "step": "Data 1.0.0",
        "message": "Backfilling.",
        "conditions": [
            {
                "type": "Ready",
                "status": "Unknown",
                "reason": "Progressing",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }
        ],
    }
    kube.patch("DatabaseMigration", ns, "shop", {"status": status}, "/status")
    kubectl = ensure_localkube(Cache(cache_root()), Console()) / "kubectl"
    command = [kubectl, f"--kubeconfig={control_plane.kubeconfig}", f"--namespace={ns}", "get", name]
    header, row = run(command).splitlines()
    assert header.split() == ["NAME", "VERSION", "DESIRED", "PHASE", "STEP", "READY", "AGE"]
    assert row.split()[:7] == ["shop", "0.9.0", "1.0.0", "MigratingData", "Data", "1.0.0", "Unknown"]
    wide_header, wide_row = run([*command, "--output=wide"]).splitlines()
    assert wide_header.split()[7:] == ["BACKUP", "MESSAGE"]
    assert wide_row.endswith("Backfilling.")
