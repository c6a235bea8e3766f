"""Decisions carried out against a real API server, one at a time: what is done, and what is found done already."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from dbmigrations.api.resource import FINALIZER
from dbmigrations.api.status import DatabaseMigrationStatus
from dbmigrations.controller import facts, paths
from dbmigrations.controller.actions import (
    SPEC_HASH,
    AddFinalizer,
    CreateJob,
    Decision,
    DeleteJob,
    EmitEvent,
    EventType,
    Propagation,
    RemoveFinalizer,
    WriteStatus,
)
from dbmigrations.controller.announce import Announcer
from dbmigrations.controller.client import Cluster
from dbmigrations.controller.errors import ConflictError, NotFoundError, RefusedError, UnavailableError
from dbmigrations.controller.execute import Executor, ForeignJobError, JobRefusedError
from dbmigrations.controller.login import LoginError, load
from tests.controlplane.world import migration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from dbmigrations.controller.snapshot import Resource
    from tests.cluster.kube import Kube
    from tests.harness.local import LocalCluster

Json = dict[str, Any]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def cluster(control_plane: LocalCluster, kube: Kube) -> AsyncIterator[Cluster]:
    assert kube
    async with Cluster(await load(control_plane.kubeconfig)) as cluster:
        yield cluster


@pytest.fixture
def executor(cluster: Cluster) -> Executor:
    return Executor(cluster, Announcer(cluster))


@pytest.fixture
def resource(kube: Kube, ns: str) -> Resource:
    return facts.resource(kube.create(migration(ns, "1.0.0")))


def reread(kube: Kube, resource: Resource) -> Resource:
    return facts.resource(kube.get("DatabaseMigration", resource.namespace, resource.name))


def writes(resource: Resource, message: str) -> Decision:
    status = DatabaseMigrationStatus(observed_generation=1, message=message)
    return Decision("test", status=WriteStatus(status, resource.resource_version))


def job(resource: Resource, *, spec_hash: str = "sha256:1", owned: bool = True) -> CreateJob:
    meta = {
        "name": "shop-sql-1",
        "namespace": resource.namespace,
        "annotations": {SPEC_HASH: spec_hash},
        "ownerReferences": [
            {
                "apiVersion": "dbmigrations.dev/v1alpha1",
                "kind": "DatabaseMigration",
                "name": resource.name,
                "uid": resource.uid,
                "controller": True,
            }
        ]
        if owned
        else [],
    }
    pod = {"restartPolicy": "Never", "containers": [{"name": "step", "image": "registry.test/runner:1"}]}
    manifest = {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": {"template": {"spec": pod}}}
    return CreateJob("shop-sql-1", resource.namespace, resource.uid, spec_hash, manifest)


async def test_a_status_is_replaced_whole(executor: Executor, kube: Kube, resource: Resource) -> None:
    kube.patch("DatabaseMigration", resource.namespace, resource.name, {"status": {"step": "SQL"}}, "/status")
    resource = reread(kube, resource)

    version = await executor.record(resource, writes(resource, "hello"))

    after = reread(kube, resource)
    assert (after.status.message, after.status.step, after.resource_version) == ("hello", "", version)


async def test_a_status_that_says_the_same_is_not_written(executor: Executor, kube: Kube, resource: Resource) -> None:
    await executor.record(resource, writes(resource, "hello"))
    resource = reread(kube, resource)

    version = await executor.record(resource, writes(resource, "hello"))

    assert version == resource.resource_version == reread(kube, resource).resource_version


async def test_a_status_planned_on_old_facts_is_not_written(executor: Executor, kube: Kube, resource: Resource) -> None:
    await executor.record(resource, writes(resource, "first"))

    with pytest.raises(ConflictError):
        await executor.record(resource, writes(resource, "second"))

    assert reread(kube, resource).status.message == "first"


async def test_our_finalizer_joins_and_leaves_those_of_others(
    executor: Executor, kube: Kube, resource: Resource
) -> None:
    await executor.act(resource, Decision("t", effect=AddFinalizer(FINALIZER)), resource.resource_version, NOW)
    resource = reread(kube, resource)
    assert resource.finalizers == (FINALIZER,)
    metadata = {"finalizers": ["a.b/first", FINALIZER, "a.b/last"]}
    kube.patch("DatabaseMigration", resource.namespace, resource.name, {"metadata": metadata})
    resource = reread(kube, resource)

    removal = Decision("t", effect=RemoveFinalizer(FINALIZER))
    await executor.act(resource, removal, resource.resource_version, NOW)
    await executor.act(reread(kube, resource), removal, "any", NOW)

    assert reread(kube, resource).finalizers == ("a.b/first", "a.b/last")
    kube.patch("DatabaseMigration", resource.namespace, resource.name, {"metadata": {"finalizers": None}})


async def test_a_finalizer_is_not_touched_where_somebody_wrote_in_between(
    executor: Executor, kube: Kube, resource: Resource
) -> None:
    kube.patch("DatabaseMigration", resource.namespace, resource.name, {"metadata": {"labels": {"a": "b"}}})

    with pytest.raises(ConflictError):
        await executor.act(resource, Decision("t", effect=AddFinalizer(FINALIZER)), resource.resource_version, NOW)

    assert reread(kube, resource).finalizers == ()


async def test_a_job_that_is_there_already_is_adopted_when_it_is_this_one(
    executor: Executor, kube: Kube, resource: Resource
) -> None:
    decision = Decision("t", effect=job(resource))
    await executor.act(resource, decision, resource.resource_version, NOW)

    await executor.act(resource, decision, resource.resource_version, NOW)

    assert len(kube.list("Job", resource.namespace)) == 1


@pytest.mark.parametrize("changed", [{"spec_hash": "sha256:2"}, {"owned": False}])
async def test_a_job_of_the_name_that_is_another_is_neither_adopted_nor_touched(
    executor: Executor, kube: Kube, resource: Resource, changed: dict[str, Any]
) -> None:
    kube.create(dict(job(resource, **changed).manifest))
    before = kube.get("Job", resource.namespace, "shop-sql-1")["metadata"]["resourceVersion"]

    with pytest.raises(ForeignJobError, match=f"{resource.namespace}/shop-sql-1"):
        await executor.act(resource, Decision("t", effect=job(resource)), resource.resource_version, NOW)

    assert kube.get("Job", resource.namespace, "shop-sql-1")["metadata"]["resourceVersion"] == before


async def test_a_job_that_may_not_be_created_says_why_in_the_servers_words(
    executor: Executor, resource: Resource
) -> None:
    wanted = job(resource)
    impossible = replace(wanted, manifest={**wanted.manifest, "spec": {"template": {"spec": {}}}})

    with pytest.raises(JobRefusedError, match="Required value") as refused:
        await executor.act(resource, Decision("t", effect=impossible), resource.resource_version, NOW)

    assert refused.value.job == "shop-sql-1"


async def test_a_misspelt_field_of_the_job_template_is_refused_by_its_name(
    executor: Executor, resource: Resource
) -> None:
    """By default the API server leaves out what it does not know, and the Pod runs anywhere."""
    wanted = job(resource)
    manifest: Any = json.loads(json.dumps(wanted.manifest))
    manifest["spec"]["template"]["spec"]["affinity"] = {"nodeAfinity": {}}

    with pytest.raises(JobRefusedError, match=r"unknown field .*affinity\.nodeAfinity"):
        await executor.act(
            resource, Decision("t", effect=replace(wanted, manifest=manifest)), resource.resource_version, NOW
        )


async def test_only_the_job_of_the_uid_is_deleted_and_a_missing_one_is_no_error(
    executor: Executor, kube: Kube, resource: Resource
) -> None:
    await executor.act(resource, Decision("t", effect=job(resource)), resource.resource_version, NOW)
    uid = kube.get("Job", resource.namespace, "shop-sql-1")["metadata"]["uid"]

    def delete(uid: str) -> Decision:
        return Decision("t", effect=DeleteJob("shop-sql-1", resource.namespace, uid, Propagation.BACKGROUND))

    await executor.act(resource, delete("another"), resource.resource_version, NOW)
    assert kube.find("Job", resource.namespace, "shop-sql-1") is not None
    await executor.act(resource, delete(uid), resource.resource_version, NOW)
    await executor.act(resource, delete(uid), resource.resource_version, NOW)

    assert kube.find("Job", resource.namespace, "shop-sql-1") is None


async def test_an_event_is_about_the_resource_and_one_that_cannot_be_posted_is_lost(
    cluster: Cluster, kube: Kube, resource: Resource
) -> None:
    announcer = Announcer(cluster)
    announcer.tell(replace(resource, namespace="no-such-namespace"), EmitEvent(EventType.NORMAL, "Lost", "x"), NOW)
    announcer.tell(resource, EmitEvent(EventType.WARNING, "VerifyFailed", "not true"), NOW)

    posting = asyncio.create_task(announcer.post_forever())
    await asyncio.wait_for(announcer.drained(), 30)
    posting.cancel()

    (event,) = kube.list("Event", resource.namespace)
    assert (event["type"], event["reason"], event["message"]) == ("Warning", "VerifyFailed", "not true")
    assert event["involvedObject"]["uid"] == resource.uid
    assert event["source"]["component"] == "dbmigrations-operator"


async def test_what_is_not_there_is_not_found(cluster: Cluster, ns: str) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        await cluster.get(paths.resource(ns, "nobody"))


async def test_what_is_not_allowed_is_refused(cluster: Cluster, ns: str) -> None:
    with pytest.raises(RefusedError) as refused:
        await cluster.create(paths.resources(ns), migration(ns, "no version at all"))
    assert refused.value.reason == "Invalid"
    assert "spec.version" in refused.value.answer


async def test_all_pages_of_a_collection_are_read(cluster: Cluster, kube: Kube, ns: str) -> None:
    for number in range(3):
        kube.create(migration(ns, "1.0.0", f"r{number}"))

    names = [each["metadata"]["name"] async for each in cluster.items(paths.resources(ns), page=2)]
    slim = [each async for each in cluster.items(paths.resources(ns), metadata_only=True, page=2)]

    assert names == ["r0", "r1", "r2"]
    assert [sorted(each) for each in slim] == [["apiVersion", "kind", "metadata"]] * 3
    assert [each async for each in cluster.items(paths.pods(ns), metadata_only=True)] == []


async def test_a_server_that_is_not_there_is_unavailable(control_plane: LocalCluster) -> None:
    configuration = await load(control_plane.kubeconfig)
    configuration.host = "https://127.0.0.1:1"
    async with Cluster(configuration) as nowhere:
        with pytest.raises(UnavailableError, match="GET /api"):
            await nowhere.get("/api")


async def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LoginError, match="missing"):
        await load(tmp_path / "missing")
