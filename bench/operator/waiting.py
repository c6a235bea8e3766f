"""Doing many things at once, and waiting for other processes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence


async def in_parallel(makers: Sequence[Callable[[], Awaitable[object]]], *, at_once: int) -> None:
    """Does all of it, so many at a time."""
    gate = asyncio.Semaphore(at_once)

    async def one(make: Callable[[], Awaitable[object]]) -> None:
        async with gate:
            await make()

    await asyncio.gather(*(one(make) for make in makers))


async def until(holds: Callable[[], bool], *, within: float) -> None:
    """Returns when it holds.

    Raises:
        TimeoutError: where it did not in time.
    """
    async with asyncio.timeout(within):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 what is awaited is in another process
            await asyncio.sleep(0.02)
