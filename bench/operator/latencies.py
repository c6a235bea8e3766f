"""How long the operator takes to do the next thing, beside a bare Kopf that makes the same calls."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.figures import Figure, percentile
from bench.operator.processes import bare, ours
from bench.operator.world import as_sent
from dbmigrations.api.resource import JOB_LABELS
from dbmigrations.controller import paths

if TYPE_CHECKING:
    from pathlib import Path

    from bench.operator.world import Json, World

PATIENCE = 30.0
"""Seconds after which a Job that does not appear is given up."""

IDLE = 0.4
"""Seconds after which what a write wakes is over: latencies are those of an idle operator."""

AUDITED = 1.0
"""Seconds after which a call stands in the audit log."""


@dataclass(frozen=True)
class Latencies:
    """What the measurement needs."""

    world: World
    kubeconfig: Path
    folder: Path

    async def measure(self, samples: int) -> list[Figure]:
        """From a written resource to its first Job, from a finished step to the next Job: ours and the reference."""
        for namespace in ("ours", "bare"):
            await self.world.namespace(namespace)
        with ours(self.kubeconfig, ["ours"], self.folder / "ours.log"):
            await asyncio.sleep(AUDITED)
            replay = await self._record()
            with bare(self.kubeconfig, "bare", replay, self.folder / "bare.log"):
                await self._first_job("bare", "warm-up")
                firsts: dict[str, list[float]] = {"ours": [], "bare": []}
                nexts: dict[str, list[float]] = {"ours": [], "bare": []}
                for number in range(samples):
                    for namespace in ("ours", "bare"):
                        seconds, job = await self._first_job(namespace, f"sample-{number}")
                        firsts[namespace].append(seconds)
                        seconds, job = await self._next_job(namespace, job, steps=1)
                        nexts[namespace].append(seconds)
                        await self._end(job)
                        await asyncio.sleep(IDLE)
        return [*_compared("resource written → first Job", firsts), *_compared("step finished → next Job", nexts)]

    async def _record(self) -> Path:
        """One sample of ours gives the calls and bodies that the reference replays."""
        since = self.world.mark()
        _, job = await self._first_job("ours", "recorded")
        await asyncio.sleep(AUDITED)
        first = _up_to_the_job(self.world.calls(since, "ours"))
        status = (await self.world.cluster.get(paths.resource("ours", "recorded")))["status"]
        await self.world.run_pod(job)
        await asyncio.sleep(0.5)
        since = self.world.mark()
        await self.world.end_pod(job, steps=1)
        await asyncio.wait_for(self.world.queue("ours", "recorded").get(), PATIENCE)
        await asyncio.sleep(AUDITED)
        content = {"first": first, "next": _up_to_the_job(self.world.calls(since, "ours")), "status": status}
        file = self.folder / "replay.json"
        file.write_text(json.dumps(content | {"job": as_sent(job)}))
        return file

    async def _first_job(self, namespace: str, name: str) -> tuple[float, Json]:
        began = time.perf_counter()
        await self.world.write(namespace, name)
        appeared, job = await asyncio.wait_for(self.world.queue(namespace, name).get(), PATIENCE)
        return appeared - began, job

    async def _next_job(self, namespace: str, job: Json, *, steps: int) -> tuple[float, Json]:
        await self.world.run_pod(job)
        await asyncio.sleep(IDLE)
        began = time.perf_counter()
        await self.world.end_pod(job, steps=steps)
        owner = job["metadata"]["labels"][JOB_LABELS.owner_name]
        appeared, following = await asyncio.wait_for(self.world.queue(namespace, owner).get(), PATIENCE)
        await self.world.end_job(job)
        return appeared - began, following

    async def _end(self, job: Json) -> None:
        await self.world.run_pod(job)
        await self.world.end_pod(job, steps=1)
        await self.world.end_job(job)


def _up_to_the_job(calls: list[str]) -> list[str]:
    ours = [call for call in calls if call != "list databasemigrations"]  # the comparison with the watch
    return ours[: ours.index("create jobs") + 1]


def _compared(what: str, seconds: dict[str, list[float]]) -> list[Figure]:
    return [
        Figure(
            f"{what}, p{percent}",
            percentile(seconds["ours"], percent) * 1000,
            "ms",
            reference=percentile(seconds["bare"], percent) * 1000,
            at_most=1.2,
            bounds_ratio=True,
        )
        for percent in (50, 99)
    ]
