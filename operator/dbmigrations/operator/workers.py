"""Workers take resources from the queue and look at them, each resource by one worker at a time.

A look is bounded in time, bound to the log, and measured; one that fails comes back by the queue's backoff.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from dbmigrations.controller.errors import ClusterError
from dbmigrations.controller.queue import WorkQueue, work
from dbmigrations.operator.logs import about

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dbmigrations.operator.metrics import Metrics
    from dbmigrations.operator.watchfulness import Key

LOOK_TIMEOUT = 120.0
"""Seconds for one look: several requests of at most 30 each. Kopf's own handler timeout interrupts nothing."""

PATIENCE = 10.0
"""Seconds that looks under way get to come to their end when the operator stops."""


@dataclass
class Workers:
    """All workers of the operator."""

    queue: WorkQueue[Key]
    look: Callable[[str, str], Awaitable[float | None]]
    number: int
    metrics: Metrics
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self) -> None:
        """Begins to work."""
        self._tasks = [
            asyncio.create_task(work(self.queue, self._look, self._failed), name=f"worker {number}")
            for number in range(1, self.number + 1)
        ]

    async def stop(self) -> None:
        """Takes nothing more, lets looks under way end, and interrupts those that do not."""
        self.queue.close()
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=PATIENCE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def ailments(self) -> list[str]:
        """What only a restart can mend."""
        dead = [task.get_name() for task in self._tasks if task.done()]
        return [f"{', '.join(dead)} ended"] if dead else []

    async def _look(self, key: Key) -> float | None:
        namespace, name = key
        with about(resource=f"{namespace}/{name}"), self.metrics.measured_look():
            async with asyncio.timeout(LOOK_TIMEOUT):
                return await self.look(namespace, name)

    def _failed(self, key: Key, error: Exception, again_after: float) -> None:
        namespace, name = key
        log = structlog.get_logger().bind(resource=f"{namespace}/{name}", again_after=round(again_after, 1))
        if isinstance(error, (ClusterError, TimeoutError)):
            log.warning("look failed", error=str(error) or type(error).__name__, kind=type(error).__name__)
        else:
            log.error("look failed by a bug", exc_info=error)
