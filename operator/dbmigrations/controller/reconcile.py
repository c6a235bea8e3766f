"""One look at one resource: gather, plan, execute; and when to look again.

snapshot = gather(key)      I/O
decision = plan(snapshot)   pure
execute                     I/O: record the status, then act: at most one effect
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from dbmigrations.controller.errors import ConflictError
from dbmigrations.controller.execute import JobRefusedError
from dbmigrations.controller.plan import plan
from dbmigrations.controller.snapshot import CreationRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbmigrations.api.status import DatabaseMigrationStatus
    from dbmigrations.controller.actions import Decision
    from dbmigrations.controller.execute import Executor
    from dbmigrations.controller.gather import Gatherer
    from dbmigrations.controller.snapshot import Resource, Snapshot

AT_ONCE = 0.0
"""Look again without waiting: somebody else wrote in between."""


class Witness(Protocol):
    """Who is told what was seen and done: metrics."""

    def shows(self, namespace: str, name: str, status: DatabaseMigrationStatus) -> None:
        """The resource has this status now."""
        ...

    def happened(self, resource: Resource, decision: Decision) -> None:
        """The decision was recorded."""
        ...

    def gone(self, namespace: str, name: str) -> None:
        """There is no such resource."""
        ...


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Reconciler:
    """Brings resources one decision further."""

    gatherer: Gatherer
    executor: Executor
    witness: Witness
    clock: Callable[[], datetime] = utc_now

    async def reconcile(self, namespace: str, name: str) -> float | None:
        """Looks at one resource and does what is to be done now.

        Returns:
            Seconds after which it is to be looked at again; None: only an event matters.

        Raises:
            ClusterError: the API server gave no usable answer. To be tried again later.
        """
        snapshot = await self.gatherer.gather(namespace, name, self.clock())
        if snapshot is None:
            self.witness.gone(namespace, name)
            return None
        try:
            return await self._decide(snapshot)
        except ConflictError:
            return AT_ONCE
        except JobRefusedError as error:
            refused = CreationRefused(job=error.job, message=error.message)
        snapshot = await self.gatherer.gather(namespace, name, self.clock(), refused)
        if snapshot is None:
            return AT_ONCE
        try:
            return await self._decide(snapshot)
        except ConflictError:
            return AT_ONCE

    async def _decide(self, snapshot: Snapshot) -> float | None:
        now = self.clock()
        resource = snapshot.resource
        decision = plan(snapshot, now)
        status = decision.status.status if decision.status else resource.status
        run = status.run
        with structlog.contextvars.bound_contextvars(run=run.id if run else "", step=status.step):
            structlog.get_logger().debug("decided", rule=decision.rule, requeue_after=decision.requeue_after)
            version = await self.executor.record(resource, decision)
            self.witness.shows(resource.namespace, resource.name, status)
            self.witness.happened(resource, decision)
            await self.executor.act(resource, decision, version, now)
        return decision.requeue_after
