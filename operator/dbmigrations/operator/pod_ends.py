"""Tells at once when a step's Pod has succeeded, a second or two before its Job says so.

A hint, and nothing rests on it: the Job's own event follows, and a look now and then would find the end without either.
So it begins with what happens from now on, asks for names and labels only, and whatever it misses is not made up for.
Only Pods that have succeeded are asked for: those of a running step change eight to ten times without meaning anything.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import structlog

from dbmigrations.api.resource import JOB_LABELS
from dbmigrations.controller import paths
from dbmigrations.controller.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dbmigrations.controller.client import Cluster
    from dbmigrations.operator.watchfulness import Key

PAUSE = 5.0
"""Seconds before an API server that gave no watch is asked again."""

SUCCEEDED = "status.phase=Succeeded"


class PodEnds:
    """Watches the Pods of our Jobs in some namespaces, or in all."""

    def __init__(self, cluster: Cluster, namespaces: Sequence[str], tell: Callable[[Key], None]) -> None:
        self._cluster = cluster
        self._namespaces = namespaces or ("",)
        self._tell = tell

    async def watch_forever(self) -> None:
        """Runs until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for namespace in self._namespaces:
                group.create_task(self._watch_one(namespace), name=f"ends of Pods in {namespace or 'all namespaces'}")

    async def _watch_one(self, namespace: str) -> None:
        while True:
            try:
                await self._watch_once(paths.pods(namespace))
            except ClusterError as error:
                structlog.get_logger().debug("no watch on the ends of Pods", error=str(error))
                await asyncio.sleep(PAUSE)

    async def _watch_once(self, path: str) -> None:
        async with aclosing(self._cluster.changes(path, labels=JOB_LABELS.owner_uid, fields=SUCCEEDED)) as changes:
            async for kind, meta in changes:
                owner = (meta.get("labels") or {}).get(JOB_LABELS.owner_name)
                if kind == "ADDED" and owner:  # it has come to be what is asked for: it has just succeeded
                    self._tell((meta["namespace"], owner))
