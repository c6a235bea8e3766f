"""Events about resources, posted one after another beside the work: telling people never delays a migration.

They are for people: one that cannot be written is logged and lost, and so is what waits when too many do.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from dbmigrations.api.resource import GROUP, KIND, MANAGER, VERSION
from dbmigrations.controller import paths
from dbmigrations.controller.errors import ClusterError

if TYPE_CHECKING:
    from datetime import datetime

    from dbmigrations.controller.actions import EmitEvent
    from dbmigrations.controller.client import Cluster, JsonObject
    from dbmigrations.controller.snapshot import Resource

MOST = 10_000
"""Events that may wait."""


@dataclass(frozen=True)
class _Announcement:
    namespace: str
    name: str
    manifest: JsonObject


class Announcer:
    """Posts events in the order in which they were told."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._waiting: asyncio.Queue[_Announcement] = asyncio.Queue(MOST)

    def tell(self, resource: Resource, event: EmitEvent, now: datetime) -> None:
        """Has an event posted soon."""
        try:
            self._waiting.put_nowait(_Announcement(resource.namespace, resource.name, manifest(resource, event, now)))
        except asyncio.QueueFull:
            structlog.get_logger().warning("event lost: too many wait", reason=event.reason)

    async def post_forever(self) -> None:
        """Posts what was told, until it is cancelled."""
        while True:
            waiting = await self._waiting.get()
            try:
                with structlog.contextvars.bound_contextvars(resource=f"{waiting.namespace}/{waiting.name}"):
                    await self._post(waiting)
            finally:
                self._waiting.task_done()

    async def _post(self, waiting: _Announcement) -> None:
        try:
            await self._cluster.create(paths.events(waiting.namespace), waiting.manifest)
        except ClusterError as error:
            structlog.get_logger().warning("event lost", reason=waiting.manifest["reason"], error=str(error))

    async def drained(self) -> None:
        """Returns when everything told was posted."""
        await self._waiting.join()


def manifest(resource: Resource, event: EmitEvent, now: datetime) -> JsonObject:
    """The event as the API server takes it."""
    time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{resource.name}.{uuid4().hex[:16]}", "namespace": resource.namespace},
        "involvedObject": {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": KIND,
            "namespace": resource.namespace,
            "name": resource.name,
            "uid": resource.uid,
            "resourceVersion": resource.resource_version,
        },
        "type": event.type.value,
        "reason": event.reason,
        "message": event.message,
        "source": {"component": MANAGER},
        "reportingComponent": MANAGER,
        "reportingInstance": MANAGER,
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
    }
