"""What Kopf is known to bite with, and does not here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dbmigrations.api.step import StepName
from tests.controlplane.fake_kubelet import Fate, only
from tests.controlplane.waiting import never

if TYPE_CHECKING:
    from tests.controlplane.world import World


def test_kopf_leaves_no_annotation_no_finalizer_and_no_status_of_its_own(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")

    text = json.dumps(world.get())

    assert "kopf" not in text
    assert all("kopf" not in json.dumps(job) for job in world.jobs())
    assert all("kopf" not in json.dumps(event) for event in world.kube.list("Event", world.ns))


def test_jobs_have_deterministic_names_one_owner_and_no_labels_of_the_resource(world: World) -> None:
    manifest_labels = {"metadata": {"labels": {"argocd.argoproj.io/instance": "shop"}}}
    world.create("1.0.0")
    world.kube.patch("DatabaseMigration", world.ns, world.name, manifest_labels)
    world.await_ready("1.0.0")

    for job in world.jobs():
        assert "generateName" not in job["metadata"]
        assert "argocd.argoproj.io/instance" not in job["metadata"]["labels"]
        (owner,) = job["metadata"]["ownerReferences"]
        assert owner["uid"] == world.get()["metadata"]["uid"]
        assert owner["controller"] is True


def test_a_job_event_wakes_a_resource_at_once(world: World) -> None:
    world.kubelet.fate = only(Fate.HELD, StepName.SCHEMA, times=1)
    world.create("1.0.0")
    world.await_held("Schema")

    world.kubelet.release()

    world.await_job("SQL", within=12)


def test_a_job_of_somebody_else_wakes_nobody(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")
    world.await_quiet()
    world.kube.create(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "other", "namespace": world.ns, "labels": {"dbmigrations.dev/name": world.name}},
            "spec": {
                "suspend": True,
                "template": {
                    "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i", "command": ["true"]}]}
                },
            },
        }
    )

    never("a look", world.requests, within=1.5)


def test_a_spec_change_during_a_run_is_never_lost(world: World) -> None:
    world.kubelet.delay = 0.05
    world.create("1.0.0")
    for version in ("1.1.0", "1.2.0", "1.1.0"):
        world.await_job("Backup")
        world.change(version=version)

    world.await_ready("1.1.0")
    assert world.database.version == "1.1.0"


def test_a_status_that_somebody_wrote_over_does_no_harm(world: World) -> None:
    world.kubelet.fate = only(Fate.HELD, StepName.SCHEMA, times=1)
    world.create("1.0.0")
    world.await_held("Schema")

    world.kube.patch("DatabaseMigration", world.ns, world.name, {"status": None}, "/status")
    world.kubelet.release()

    world.await_ready("1.0.0")
    assert world.database.effects().count(("Schema", "1.0.0")) == 1


def test_log_lines_are_json_and_carry_the_resource_without_kopfs_settings(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")

    lines = world.operator.log_file.read_text().splitlines()
    parsed = [json.loads(line) for line in lines]
    writes = [line for line in parsed if line["event"] == "write"]
    assert {line["resource"] for line in writes} == {f"{world.ns}/{world.name}"}
    assert any(line.get("run") and line.get("step") for line in writes)
    assert not [line for line in lines if "OperatorSettings" in line or "k8s_skip" in line]
