"""The reference: a bare Kopf operator whose handlers make the very API calls that ours makes, and decide nothing.

It is told which calls those are: `replay.json` holds the calls that the API server's audit log shows for ours, once
from the write of a resource to its first Job, once from a finished step to the next Job, and the bodies to send.

    python -m bench.operator.bare_kopf <kubeconfig> <namespace> <replay.json>
"""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import sys
import uuid
from pathlib import Path
from typing import Any

import kopf

from dbmigrations.api.resource import GROUP, JOB_LABELS, PLURAL, VERSION
from dbmigrations.controller import paths
from dbmigrations.controller.client import Cluster
from dbmigrations.controller.login import load
from dbmigrations.operator.credentials import connection
from dbmigrations.operator.handlers import kopf_settings

Json = dict[str, Any]


class BareKopf:
    """The handlers' bodies."""

    def __init__(self, cluster: Cluster, replay: Json) -> None:
        self._cluster = cluster
        self._replay = replay
        self._begun: set[str] = set()
        self._finished: set[str] = set()

    async def resource(self, meta: Json) -> None:
        """A resource was written: the first time, everything up to its first Job."""
        if meta["uid"] not in self._begun:
            self._begun.add(meta["uid"])
            await self._make(self._replay["first"], meta["namespace"], meta["name"], meta["uid"])

    async def pod(self, body: Json) -> None:
        """A Pod changed: where it succeeded, everything up to the next Job."""
        meta = body["metadata"]
        if body.get("status", {}).get("phase") == "Succeeded" and meta["uid"] not in self._finished:
            self._finished.add(meta["uid"])
            labels = meta["labels"]
            await self._make(
                self._replay["next"], meta["namespace"], labels[JOB_LABELS.owner_name], labels[JOB_LABELS.owner_uid]
            )

    async def _make(self, calls: list[str], namespace: str, name: str, uid: str) -> None:
        resource: Json = {}
        for call in calls:
            if call == f"get {PLURAL}":
                resource = await self._cluster.get(paths.resource(namespace, name))
            elif call in {"list jobs", "list pods"}:
                path = paths.jobs(namespace) if call == "list jobs" else paths.pods(namespace)
                _ = [each async for each in self._cluster.items(path, labels=f"{JOB_LABELS.owner_uid}={uid}")]
            elif call == f"patch {PLURAL}/status":
                status = self._replay["status"] | {"message": str(uuid.uuid4())}
                change = {"op": "add", "path": "/status", "value": status}
                resource = await self._patch(paths.status(namespace, name), resource, change)
            elif call == f"patch {PLURAL}":
                change = {"op": "add", "path": "/metadata/finalizers", "value": ["bench.dev/bare"]}
                resource = await self._patch(paths.resource(namespace, name), resource, change)
            elif call == "create jobs":
                await self._cluster.create(paths.jobs(namespace), self._job(namespace, name, uid))
            else:
                raise ValueError(f"the trace has a call that is not replayed here: {call}")

    async def _patch(self, path: str, resource: Json, operation: Json) -> Json:
        return await self._cluster.patch(path, resource["metadata"]["resourceVersion"], [operation])

    def _job(self, namespace: str, name: str, uid: str) -> Json:
        job = copy.deepcopy(self._replay["job"])
        job["metadata"] |= {"name": f"{name[:20]}-{uuid.uuid4().hex[:20]}", "namespace": namespace}
        for labels in (job["metadata"]["labels"], job["spec"]["template"]["metadata"]["labels"]):
            labels |= {JOB_LABELS.owner_name: name, JOB_LABELS.owner_uid: uid}
        job["metadata"]["ownerReferences"][0] |= {"name": name, "uid": uid}
        return dict(job)


async def main(kubeconfig: Path, namespace: str, replay: Json) -> None:
    """Runs until it is stopped."""
    registry = kopf.OperatorRegistry()
    async with Cluster(await load(kubeconfig), "bare-kopf") as cluster:
        bare = BareKopf(cluster, replay)

        @kopf.on.login(registry=registry)
        async def login(**_: object) -> kopf.ConnectionInfo:
            return await connection(kubeconfig)

        @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
        async def resource(body: kopf.Body, **_: object) -> None:
            await bare.resource(dict(body["metadata"]))

        @kopf.on.event("", "v1", "pods", registry=registry)
        async def pod(body: kopf.Body, **_: object) -> None:
            await bare.pod(dict(body))

        await kopf.operator(registry=registry, settings=kopf_settings(), namespaces=[namespace], standalone=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], json.loads(Path(sys.argv[3]).read_text())))
