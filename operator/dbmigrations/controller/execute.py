"""Does what the plan decided: writes the status, then at most one effect; people are told beside it.

The status goes first, on condition that nobody wrote since it was read; so an effect is never done on old facts, and
what was done is never forgotten. Whatever is found done already counts as done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from dbmigrations.controller import facts, paths
from dbmigrations.controller.actions import AddFinalizer, CreateJob, DeleteJob, RemoveFinalizer
from dbmigrations.controller.errors import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    NotFoundError,
    RefusedError,
)

if TYPE_CHECKING:
    from datetime import datetime

    from dbmigrations.controller.actions import Decision, Effect
    from dbmigrations.controller.announce import Announcer
    from dbmigrations.controller.client import Cluster
    from dbmigrations.controller.snapshot import Resource


class JobRefusedError(ClusterError):
    """The API server does not let the Job be created: quota, admission, validation."""

    def __init__(self, job: str, message: str) -> None:
        super().__init__(message)
        self.job = job
        self.message = message


class ForeignJobError(JobRefusedError):
    """A Job of the name that was to be created exists and is not ours. It is left alone."""


@dataclass(frozen=True)
class Executor:
    """Carries decisions out."""

    cluster: Cluster
    announcer: Announcer

    async def record(self, resource: Resource, decision: Decision) -> str:
        """Writes the status, unless it says the same already; the version of the resource that says it.

        Raises:
            ConflictError: the resource changed since it was read; nothing was written.
            ClusterError: the API server gave no usable answer.
        """
        if decision.status is None or decision.status.status == resource.status:
            return resource.resource_version
        written = await self.cluster.patch(
            paths.status(resource.namespace, resource.name),
            decision.status.resource_version,
            [{"op": "add", "path": "/status", "value": decision.status.status.to_wire()}],
        )
        return str(written["metadata"]["resourceVersion"])

    async def act(self, resource: Resource, decision: Decision, version: str, now: datetime) -> None:
        """Does the effect and has the events posted; `version` is what `record` answered.

        Raises:
            ConflictError: the resource changed since it was recorded; nothing was done.
            JobRefusedError: the Job may not be created.
            ForeignJobError: the Job's name is taken.
            ClusterError: the API server gave no usable answer.
        """
        try:
            if decision.effect is not None:
                await self._act(resource, decision.effect, version)
        finally:
            for event in decision.events:
                self.announcer.tell(resource, event, now)

    async def _act(self, resource: Resource, effect: Effect, version: str) -> None:
        match effect:
            case CreateJob():
                await self._create(effect)
            case DeleteJob():
                await self._delete(effect)
            case AddFinalizer(finalizer):
                await self._add_finalizer(resource, finalizer, version)
            case RemoveFinalizer(finalizer):
                await self._remove_finalizer(resource, finalizer, version)
            case _:
                assert_never(effect)

    async def _create(self, wanted: CreateJob) -> None:
        try:
            await self.cluster.create(paths.jobs(wanted.namespace), dict(wanted.manifest))
        except AlreadyExistsError:
            await self._adopt(wanted)
        except RefusedError as error:
            raise JobRefusedError(wanted.name, error.answer) from None

    async def _adopt(self, wanted: CreateJob) -> None:
        found = facts.job(await self.cluster.get(paths.job(wanted.namespace, wanted.name)))
        if (found.owner_uid, found.spec_hash) != (wanted.owner_uid, wanted.spec_hash):
            raise ForeignJobError(
                wanted.name,
                f"Job {wanted.namespace}/{wanted.name} exists already and was not made for this step; it is left "
                "alone: see who made it and have it deleted, the next attempt takes another name",
            )

    async def _delete(self, unwanted: DeleteJob) -> None:
        path = paths.job(unwanted.namespace, unwanted.name)
        try:
            await self.cluster.delete(path, uid=unwanted.uid, propagation=unwanted.propagation.value)
        except (NotFoundError, ConflictError):  # a conflict: the name now belongs to a Job of another uid
            return

    async def _add_finalizer(self, resource: Resource, finalizer: str, version: str) -> None:
        if finalizer in resource.finalizers:
            return
        where, value = ("/-", finalizer) if resource.finalizers else ("", [finalizer])
        await self.cluster.patch(
            paths.resource(resource.namespace, resource.name),
            version,
            [{"op": "add", "path": f"/metadata/finalizers{where}", "value": value}],
        )

    async def _remove_finalizer(self, resource: Resource, finalizer: str, version: str) -> None:
        if finalizer not in resource.finalizers:
            return
        path = f"/metadata/finalizers/{resource.finalizers.index(finalizer)}"
        operations = [{"op": "test", "path": path, "value": finalizer}, {"op": "remove", "path": path}]
        try:
            await self.cluster.patch(paths.resource(resource.namespace, resource.name), version, operations)
        except NotFoundError:
            return
