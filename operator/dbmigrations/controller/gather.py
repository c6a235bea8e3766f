"""Reads all facts about one resource, live: no cache can hide a deleted Job or keep a stale status.

    GET the resource · LIST its Jobs by its uid · where the plan asks for it, LIST their Pods by the same label ·
    where a Pod should run by now and does not, LIST the warnings about it.

A resource at rest, or one just created, costs one read: see `hearsay`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from dbmigrations.api.resource import FINALIZER, JOB_LABELS
from dbmigrations.controller import facts, paths
from dbmigrations.controller.errors import NotFoundError
from dbmigrations.controller.plan import needs_pods
from dbmigrations.controller.snapshot import JobState, PodPhase, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.controller.client import Cluster
    from dbmigrations.controller.hearsay import Hearsay
    from dbmigrations.controller.snapshot import (
        CreationRefused,
        EventFacts,
        JobFacts,
        OperatorFacts,
        PodFacts,
        Resource,
    )

PATIENCE = timedelta(seconds=3)
"""How old a Job without a Pod, or a Pod that does not run, must be before its warnings are read."""

NEW = timedelta(seconds=30)
"""How long after its creation a resource without a trace of ours is taken to be new."""


@dataclass(frozen=True)
class Gatherer:
    """Reads snapshots."""

    cluster: Cluster
    operator: OperatorFacts
    hearsay: Hearsay

    async def gather(
        self, namespace: str, name: str, now: datetime, refused: CreationRefused | None = None
    ) -> Snapshot | None:
        """The facts about one resource; None where it is gone.

        Raises:
            ClusterError: where the API server does not say.
        """
        try:
            raw = await self.cluster.get(paths.resource(namespace, name))
        except NotFoundError:
            return None
        resource = facts.resource(raw)
        bare = Snapshot(resource=resource, operator=self.operator, fresh_run_id=str(uuid4()), refused=refused)
        if self._jobs_tell_nothing(bare) or is_new(resource, raw["metadata"]["creationTimestamp"], now):
            return bare
        ours = f"{JOB_LABELS.owner_uid}={resource.uid}"
        jobs = tuple([facts.job(each) async for each in self.cluster.items(paths.jobs(namespace), labels=ours)])
        self.hearsay.listed((namespace, name), jobs)
        snapshot = replace(bare, jobs=jobs)
        if not needs_pods(snapshot):
            return snapshot
        pods = tuple([facts.pod(each) async for each in self.cluster.items(paths.pods(namespace), labels=ours)])
        events = [each for uid in troubled(snapshot.jobs, pods, now) for each in await self._warnings(namespace, uid)]
        return replace(snapshot, pods=pods, events=tuple(events))

    def _jobs_tell_nothing(self, bare: Snapshot) -> bool:
        resource, run = bare.resource, bare.resource.status.run
        if run is None or needs_pods(bare):
            return False
        key = (resource.namespace, resource.name)
        return self.hearsay.only_finished(key, (step.job for step in run.steps))

    async def _warnings(self, namespace: str, uid: str) -> list[EventFacts]:
        selector = f"involvedObject.uid={uid},type=Warning"
        found = self.cluster.items(paths.events(namespace), fields=selector)
        return [facts.event(each) async for each in found]


def is_new(resource: Resource, created: str, now: datetime) -> bool:
    """Whether this is our first look: every Job of ours comes after our finalizer, and a lost status is no proof."""
    age = now - datetime.fromisoformat(created)
    return resource.status.run is None and FINALIZER not in resource.finalizers and age < NEW


def troubled(jobs: tuple[JobFacts, ...], pods: tuple[PodFacts, ...], now: datetime) -> Iterator[str]:
    """The uids of Jobs that should have a Pod by now, and of Pods that should run by now."""
    with_pods = {pod.job for pod in pods}
    for job in jobs:
        if job.state is JobState.ACTIVE and job.name not in with_pods and _old(job.created_at, now):
            yield job.uid
    for pod in pods:
        if pod.phase is PodPhase.PENDING and _old(pod.created_at, now):
            yield pod.uid


def _old(created: datetime | None, now: datetime) -> bool:
    return created is not None and now - created >= PATIENCE
