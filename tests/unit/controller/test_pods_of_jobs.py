"""The Pods of Jobs: what they run, see and may."""

import json
from dataclasses import replace

import pytest

from dbmigrations.api.resource import JOB_LABELS, MANAGER
from dbmigrations.api.status import DatabaseMigrationStatus, RunImages
from dbmigrations.api.step import MEMORY, PlanDirection, PlanSummary, StepName, StepRef
from dbmigrations.controller.actions import SPEC_HASH
from dbmigrations.controller.jobs import create_step_job
from dbmigrations.controller.naming import MAIN_CONTAINER, SOURCE_CONTAINER, TOOLS_CONTAINER
from dbmigrations.controller.snapshot import OperatorFacts
from tests.unit.controller.cluster_model import default_spec
from tests.unit.controller.making_jobs import (
    PREFLIGHT,
    RUN,
    SQL,
    blueprint,
    containers,
    job,
    manifest,
    pod,
    request,
    volume,
)


def test_the_pod_has_no_token_no_links_and_no_rights() -> None:
    found = pod()

    assert found["automountServiceAccountToken"] is False
    assert found["enableServiceLinks"] is False
    assert found["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "fsGroup": 65532,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_every_container_is_confined_and_has_requests_and_limits() -> None:
    found = containers()

    assert [one["name"] for one in found] == ["tools", "source", "step"]
    for one in found:
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert one["terminationMessagePolicy"] == "File"
        assert set(one["resources"]["requests"]) == set(one["resources"]["limits"]) == {"cpu", "memory"}


def test_no_container_has_a_secret_in_its_environment_or_its_arguments() -> None:
    assert all("env" not in one and "envFrom" not in one for one in containers())


def test_the_images_are_those_that_the_run_began_with() -> None:
    assert {one["name"]: one["image"] for one in containers()} == {
        "tools": "runner:1",
        "source": "shop:1.0.0",
        "step": "runner:1",
    }


def test_the_sources_image_sees_the_copier_and_nothing_secret() -> None:
    (source,) = [one for one in containers() if one["name"] == "source"]

    assert source["command"] == ["/dbmigrations/tools/copier", "copy", "/database", "/dbmigrations/source"]
    assert {one["name"] for one in source["volumeMounts"]} == {"tools", "source"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            {"configMap": {"name": "shop", "items": [{"key": "a", "path": "sql/a.sql"}]}},
            {"configMap": {"name": "shop", "items": [{"key": "a", "path": "sql/a.sql"}]}},
        ),
        ({"configMap": {"name": "shop"}}, {"configMap": {"name": "shop"}}),
        (
            {"persistentVolumeClaim": {"claimName": "files", "path": "database"}},
            {"persistentVolumeClaim": {"claimName": "files", "readOnly": True}},
        ),
    ],
    ids=["ConfigMap with items", "ConfigMap", "claim"],
)
def test_other_sources_are_mounted_without_init_containers(
    source: dict[str, object], expected: dict[str, object]
) -> None:
    assert volume("source", source=source) == {"name": "source", **expected}
    assert "initContainers" not in pod(source=source)


@pytest.mark.parametrize(
    ("step", "direction", "reads"),
    [
        (StepName.PREFLIGHT, PlanDirection.DOWN, True),
        (StepName.BACKUP, PlanDirection.UP, False),
        (StepName.SCHEMA, PlanDirection.UP, True),
        (StepName.SQL, PlanDirection.MIXED, True),
        (StepName.SCHEMA, PlanDirection.DOWN, False),
        (StepName.SQL, PlanDirection.DOWN, False),
        (StepName.DATA, PlanDirection.DOWN, False),
        (StepName.DATA, None, True),
        (StepName.VERIFY, PlanDirection.DOWN, True),
    ],
)
def test_only_a_step_that_reads_the_release_directory_gets_it(
    step: StepName, direction: PlanDirection | None, *, reads: bool
) -> None:
    found = blueprint(StepRef(name=step, release="1.1.0", ordinal=4))
    plan = PlanSummary(hash="sha256:p", direction=direction) if direction else None
    found = replace(found, resource=replace(found.resource, status=DatabaseMigrationStatus(plan=plan)))
    made = json.loads(json.dumps(create_step_job(found, 1).manifest))["spec"]["template"]["spec"]

    assert ("initContainers" in made) is reads
    for name in ("source", "tools"):
        assert (name in [volume["name"] for volume in made["volumes"]]) is reads
    assert ("source" in [mount["name"] for mount in made["containers"][0]["volumeMounts"]]) is reads


def test_images_are_pulled_as_kubernetes_does_it_unless_somebody_says_otherwise() -> None:
    assert all("imagePullPolicy" not in each for each in containers())

    image = {"reference": "a:1", "pullPolicy": "Always"}
    main, tools, files = (
        {each["name"]: each for each in containers(source={"image": image})}[name]
        for name in (MAIN_CONTAINER, TOOLS_CONTAINER, SOURCE_CONTAINER)
    )
    assert files["imagePullPolicy"] == "Always"
    assert "imagePullPolicy" not in main | tools


@pytest.mark.parametrize(("policy", "kept"), [("Always", False), ("Never", True), ("IfNotPresent", True)])
def test_no_registry_is_asked_again_for_what_the_run_has_by_its_digest(policy: str, *, kept: bool) -> None:
    run = RUN.model_copy(update={"images": RunImages(runner="r:1", source=f"a@sha256:{'0' * 64}")})
    made = job(SQL, run, source={"image": {"reference": "a:1", "pullPolicy": policy}}).manifest
    found = json.loads(json.dumps(made))["spec"]["template"]["spec"]["initContainers"]

    assert [each.get("imagePullPolicy") for each in found if each["name"] == SOURCE_CONTAINER] == [
        policy if kept else None
    ]


def test_the_operator_says_how_the_runners_image_is_pulled() -> None:
    plan = replace(blueprint(), operator=OperatorFacts("test", "runner:2", "Always"))
    found = json.loads(json.dumps(create_step_job(plan, 1).manifest))["spec"]["template"]["spec"]

    assert found["containers"][0]["imagePullPolicy"] == "Always"
    assert [each.get("imagePullPolicy") for each in found["initContainers"]] == ["Always", None]


def test_secrets_are_optional_volumes_readable_by_our_group() -> None:
    database = {
        "secretRef": {"name": "shop-db"},
        "tls": {"mode": "verify-full", "caSecretRef": {"name": "shop-ca"}},
    }

    assert volume("credentials", database=database) == {
        "name": "credentials",
        "secret": {"secretName": "shop-db", "optional": True, "defaultMode": 0o440},
    }
    assert volume("ca", database=database) == {
        "name": "ca",
        "secret": {"secretName": "shop-ca", "optional": True, "defaultMode": 0o440},
    }
    assert request(database=database).connection.ca_file == "/dbmigrations/ca/ca.crt"


@pytest.mark.parametrize(("step", "sees"), [(PREFLIGHT, True), (StepRef(name=StepName.BACKUP), True), (SQL, False)])
def test_only_preflight_and_backup_see_the_backups_and_their_login(step: StepRef, sees: bool) -> None:  # noqa: FBT001
    steps = {"backup": {**default_spec()["steps"]["backup"], "secretRef": {"name": "dumper", "keys": {"user": "u"}}}}

    assert (volume("backups", step, steps=steps) is not None) is sees
    assert (volume("backup-credentials", step, steps=steps) is not None) is sees
    asked = request(step, steps=steps)
    assert bool(asked.backup.directory) is sees
    assert bool(asked.backup_credentials) is sees
    assert asked.connection.backup_keys.user == ("u" if sees else None)


@pytest.mark.parametrize(("step", "has"), [(PREFLIGHT, True), (StepRef(name=StepName.BACKUP), True), (SQL, False)])
def test_a_step_that_dumps_has_a_little_memory_for_its_password_file(step: StepRef, has: bool) -> None:  # noqa: FBT001
    found = volume("memory", step)
    (main,) = pod(step)["containers"]

    assert found == ({"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}} if has else None)
    assert ({"name": "memory", "mountPath": MEMORY} in main["volumeMounts"]) is has


def test_no_dump_no_memory() -> None:
    assert volume("memory", PREFLIGHT, steps={"backup": {"when": "Never"}}) is None


def test_users_labels_and_annotations_are_added_and_ours_win() -> None:
    ours = {JOB_LABELS.managed_by: "me", JOB_LABELS.owner_uid: "other", "team": "shop"}
    annotations = {SPEC_HASH: "forged", "cluster-autoscaler.kubernetes.io/safe-to-evict": "true", "cost": "low"}
    found = manifest(jobTemplate={"metadata": {"labels": ours, "annotations": annotations}})

    for metadata in (found["metadata"], found["spec"]["template"]["metadata"]):
        assert metadata["labels"][JOB_LABELS.managed_by] == MANAGER
        assert metadata["labels"][JOB_LABELS.owner_uid] == "uid-1"
        assert metadata["labels"]["team"] == "shop"
        assert metadata["annotations"]["cost"] == "low"
    assert found["metadata"]["annotations"][SPEC_HASH].startswith("sha256:")
    stays = found["spec"]["template"]["metadata"]["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"]
    assert stays == "false"


def test_a_mesh_leaves_the_pod_alone_unless_it_is_asked_for() -> None:
    default = manifest()["spec"]["template"]["metadata"]
    wanted = {"labels": {"sidecar.istio.io/inject": "true"}, "annotations": {"sidecar.istio.io/inject": "true"}}
    asked = manifest(jobTemplate={"metadata": wanted})["spec"]["template"]["metadata"]

    assert default["annotations"]["sidecar.istio.io/inject"] == "false"
    assert default["annotations"]["linkerd.io/inject"] == "disabled"
    assert default["labels"]["sidecar.istio.io/inject"] == "false"
    assert asked["annotations"]["sidecar.istio.io/inject"] == "true"


def test_a_request_above_the_default_limit_takes_the_limit_away_for_that_resource_alone() -> None:
    resources = pod(jobTemplate={"resources": {"requests": {"memory": "4Gi"}}})["containers"][0]["resources"]

    assert resources == {"requests": {"memory": "4Gi", "cpu": "100m"}, "limits": {"cpu": "1"}}


def test_resources_of_another_shape_reach_the_api_server_which_says_what_is_wrong() -> None:
    resources = pod(jobTemplate={"resources": {"limits": "1Gi", "limit": {}}})["containers"][0]["resources"]

    assert resources["limits"] == "1Gi"
    assert "limit" in resources


def test_the_pod_is_placed_as_the_template_says() -> None:
    found = pod(
        jobTemplate={
            "serviceAccountName": "migrator",
            "nodeSelector": {"disk": "fast"},
            "tolerations": [{"key": "db"}],
            "affinity": {"nodeAffinity": {}},
            "priorityClassName": "high",
            "imagePullSecrets": [{"name": "ours"}, {"name": "both"}],
        },
        source={"image": {"reference": "a:1", "pullSecrets": [{"name": "both"}, {"name": "theirs"}]}},
    )

    assert found["serviceAccountName"] == "migrator"
    assert found["nodeSelector"] == {"disk": "fast"}
    assert found["tolerations"] == [{"key": "db"}]
    assert found["affinity"] == {"nodeAffinity": {}}
    assert found["priorityClassName"] == "high"
    assert found["imagePullSecrets"] == [{"name": "ours"}, {"name": "both"}, {"name": "theirs"}]


def test_what_the_template_leaves_out_is_left_out() -> None:
    left_out = {"serviceAccountName", "nodeSelector", "tolerations", "affinity", "priorityClassName"}

    assert not left_out & set(pod())
