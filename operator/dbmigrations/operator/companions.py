"""What runs beside the workers for as long as the operator does. None of it is to end, and one that does is told.

Nobody awaits these tasks: without this an error in one of them would show only in what no longer happens.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Companions:
    """Tasks by their names, which say what no longer happens when they have ended."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Coroutine[None, None, None]) -> None:
        """Begins a work that goes on until `stop`."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_tell)
        self._tasks.append(task)

    def ailments(self) -> list[str]:
        """What only a restart can mend."""
        ended = [task.get_name() for task in self._tasks if task.done()]
        return [f"{', '.join(ended)} ended"] if ended else []

    async def stop(self) -> None:
        """Ends all of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _tell(task: asyncio.Task[None]) -> None:
    if task.cancelled():
        return
    structlog.get_logger().error("ended by a bug", task=task.get_name(), exc_info=task.exception())
