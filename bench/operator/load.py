"""Many resources: how fast they are begun, what they cost in memory, what they cost when nothing is to be done."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from bench.figures import Figure
from bench.operator.processes import ours
from bench.operator.waiting import in_parallel, until
from bench.operator.world import WRITES, as_sent
from dbmigrations.controller import paths

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from bench.operator.processes import Process
    from bench.operator.world import Json, World

A_NAMESPACE = 20
"""Resources in one namespace."""

PATIENCE = 900.0
"""Seconds after which a part of the measurement is given up."""

LOOKS = 'dbmigrations_reconcile_duration_seconds_count{outcome="done"}'
RUNS = "dbmigrations_runs_total"
MEMORY = 120
"""MB that the operator may take."""


@dataclass
class Load:
    """So many resources, through their life."""

    world: World
    kubeconfig: Path
    folder: Path
    resources: int
    jobs: list[Json] = field(default_factory=list)

    async def burst(self) -> tuple[list[Figure], Process]:
        """All of them written at once; the operator that has them is left running."""
        for namespace in self._namespaces():
            await self.world.namespace(namespace)
        await self.world.namespace("raw")
        with ours(self.kubeconfig, ["raw"], self.folder / "pattern.log"):
            await self.world.write("raw", "pattern")
            _, pattern = await self.world.queue("raw", "pattern").get()
        raw = await self._raw_rate(pattern)
        operator = ours(self.kubeconfig, [], self.folder / "load.log")
        began = time.perf_counter()
        await in_parallel([partial(self.world.write, *each) for each in self._keys()], at_once=16)
        arrivals = [await self.world.queue(*each).get() for each in self._keys()]
        self.jobs = [job for _, job in arrivals]
        rate = self.resources / (max(appeared for appeared, _ in arrivals) - began)
        memory = operator.resident_megabytes()
        return [
            Figure(f"burst of {self.resources:,} resources: Jobs per second", rate, "Jobs/s", reference=raw),
            Figure(f"memory with {self.resources:,} active resources", memory, "MB", at_most=MEMORY),
        ], operator

    async def rest(self, operator: Process, seconds: float) -> list[Figure]:
        """Their runs are over: memory, and what an idle operator asks for."""
        await in_parallel([partial(self._finish, job) for job in self.jobs], at_once=8)
        await until(lambda: operator.metric(RUNS) >= self.resources, within=PATIENCE)
        await asyncio.sleep(10)
        since = self.world.mark()
        await asyncio.sleep(seconds)
        writes, reads = self._asked(since)
        memory = operator.resident_megabytes()
        return [
            Figure(f"memory with {self.resources:,} finished resources", memory, "MB", at_most=MEMORY),
            Figure("idle: writes per minute", writes * 60 / seconds, "writes", at_most=0),
            Figure("idle: reads per minute", reads * 60 / seconds, "reads"),
        ]

    async def restart(self) -> list[Figure]:
        """A new operator finds all of them finished."""
        since = self.world.mark()
        with ours(self.kubeconfig, [], self.folder / "restart.log") as operator:
            await until(lambda: operator.metric(LOOKS) >= self.resources, within=PATIENCE)
            settled = time.perf_counter() - operator.began
            await asyncio.sleep(5)
            writes, _ = self._asked(since)
            memory = operator.resident_megabytes()
        what = f"restart with {self.resources:,} finished resources"
        return [
            Figure(f"{what}: settled after", settled, "s", at_most=5),
            Figure(f"{what}: writes", writes, "writes", at_most=0),
            Figure(f"{what}: memory", memory, "MB", at_most=MEMORY),
        ]

    def _keys(self) -> list[tuple[str, str]]:
        return [(f"load-{number // A_NAMESPACE}", f"r{number}") for number in range(self.resources)]

    def _namespaces(self) -> list[str]:
        return list(dict.fromkeys(namespace for namespace, _ in self._keys()))

    def _asked(self, since: int) -> tuple[int, int]:
        calls = self.world.calls(since, *self._namespaces())
        writes = sum(call.split()[0] in WRITES for call in calls)
        return writes, len(calls) - writes

    async def _finish(self, job: Json) -> None:
        await self.world.run_pod(job)
        await self.world.end_pod(job, steps=0)
        await self.world.end_job(job)

    async def _raw_rate(self, pattern: Json) -> float:
        """How many such Jobs this API server takes a second from one client."""
        manifest = as_sent(pattern)
        manifest["metadata"] |= {"namespace": "raw", "labels": {}, "ownerReferences": []}

        def create(each: int) -> Awaitable[object]:
            named = manifest | {"metadata": manifest["metadata"] | {"name": f"raw-{each}"}}
            return self.world.cluster.create(paths.jobs("raw"), named)

        began = time.perf_counter()
        await in_parallel([partial(create, n) for n in range(self.resources)], at_once=8)
        return self.resources / (time.perf_counter() - began)
