"""One operator process, put together: Kopf watches and wakes, the queue remembers, workers reconcile, a LIST checks.

Operator ─ HealthServer    answers from the first moment to the last
         ├ kopf.operator   watches, wakes; calls start and end
         └ between these:  queue · workers · comparison of the watch with a LIST
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import kopf
import structlog

from dbmigrations.api.resource import GROUP, PLURAL
from dbmigrations.controller import paths
from dbmigrations.controller.announce import Announcer
from dbmigrations.controller.client import Cluster
from dbmigrations.controller.errors import ClusterError, NotFoundError, RefusedError
from dbmigrations.controller.execute import Executor
from dbmigrations.controller.gather import Gatherer
from dbmigrations.controller.hearsay import Hearsay
from dbmigrations.controller.login import load
from dbmigrations.controller.queue import WorkQueue
from dbmigrations.controller.reconcile import Reconciler
from dbmigrations.controller.snapshot import OperatorFacts
from dbmigrations.operator.companions import Companions
from dbmigrations.operator.credentials import connection
from dbmigrations.operator.handlers import kopf_settings, registry
from dbmigrations.operator.health import HealthServer
from dbmigrations.operator.metrics import Metrics
from dbmigrations.operator.pod_ends import PodEnds
from dbmigrations.operator.watchfulness import Watchfulness
from dbmigrations.operator.witness import MetricsWitness
from dbmigrations.operator.workers import Workers

if TYPE_CHECKING:
    from dbmigrations.operator.settings import Settings
    from dbmigrations.operator.watchfulness import Key

RETRY_SECONDS = 5.0
"""Between two looks for a kind or an API server that is not there yet."""


LAST_EVENTS = 3.0
"""Seconds that events get to be posted when the operator stops."""


class OperatorError(Exception):
    """The operator cannot begin, or cannot go on. The text says why."""


async def serve(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT.

    Raises:
        OperatorError: where it could not begin, or cannot go on.
    """
    try:
        configuration = await load(settings.kubeconfig)
    except ClusterError as error:
        raise OperatorError(str(error)) from None
    async with Cluster(configuration) as cluster:
        await Operator(settings, cluster).run()
    structlog.get_logger().info("ended")


class Operator:
    """The parts of one operator, and what they tell each other."""

    def __init__(self, settings: Settings, cluster: Cluster) -> None:
        self.metrics = Metrics()
        self._settings = settings
        self._cluster = cluster
        self._queue: WorkQueue[Key] = WorkQueue()
        self._watch = Watchfulness()
        self._hearsay = Hearsay()
        self._announcer = Announcer(cluster)
        self._pod_ends = PodEnds(cluster, settings.namespaces, self._queue.add)
        self._stop = asyncio.Event()
        self._companions = Companions()
        self._failure: OperatorError | None = None
        self._workers: Workers | None = None
        self._health = HealthServer(settings.listen, self, self.metrics.render)
        self.metrics.queue_depth.set_function(self._queue.depth)

    async def run(self) -> None:
        """Serves health, and runs Kopf, which calls the rest; returns when stopped.

        Raises:
            OperatorError: where it could not begin, or cannot go on.
        """
        try:
            port = await self._health.start()
        except OSError as error:
            raise OperatorError(f"cannot listen on {self._settings.listen}: {error}") from None
        structlog.get_logger().info("serving", port=port, runner_image=self._settings.runner_image)
        try:
            await kopf.operator(
                registry=registry(
                    self, start=self._start, end=self._end, login=lambda: connection(self._settings.kubeconfig)
                ),
                settings=kopf_settings(),
                namespaces=self._settings.namespaces,
                clusterwide=not self._settings.namespaces,
                standalone=True,
                stop_flag=self._stop,
            )
        except Exception as error:
            raise self._failure or OperatorError(f"ended by {type(error).__name__}: {error}") from error
        finally:
            await self._health.stop()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Asks for the end; any number of times."""
        structlog.get_logger().info("stopping")
        self._stop.set()

    def resource_changed(self, key: Key, version: str) -> None:
        """A DatabaseMigration was seen in this version."""
        self._watch.saw(key, version)
        self._queue.add(key)

    def resource_gone(self, key: Key) -> None:
        """A DatabaseMigration was deleted."""
        self._watch.saw_end(key)
        self._queue.add(key)

    def job_changed(self, key: Key, job: str, *, finished: bool) -> None:
        """A Job of a DatabaseMigration was seen; `finished`: it does nothing more."""
        self._hearsay.heard(key, job, finished=finished)
        self._queue.add(key)

    def job_gone(self, key: Key, job: str) -> None:
        """A Job of a DatabaseMigration was deleted."""
        self._hearsay.heard_end(key, job)
        self._queue.add(key)

    def ready(self) -> bool:
        """Whether resources are served."""
        return self._workers is not None

    def ailments(self) -> list[str]:
        """What only a restart can mend."""
        now = asyncio.get_running_loop().time()
        missed = sorted(self._watch.overdue(now))
        found = [f"no event told of {len(missed)} changed resources, {missed[0]} among them"] if missed else []
        return [*found, *(self._workers.ailments() if self._workers else []), *self._companions.ailments()]

    def _forget(self, key: Key) -> None:
        self._watch.saw_end(key)
        self._hearsay.forget(key)

    async def _start(self) -> None:
        try:
            await self._begin()
        except Exception as error:
            self._failure = OperatorError(f"cannot start: {error}")  # Kopf only tells that something failed
            await self._end()
            self._stop.set()  # or Kopf waits for its own waiter of this flag
            raise

    async def _begin(self) -> None:
        await self._await_kind()
        facts = OperatorFacts(
            cluster=await self._identity(),
            runner_image=self._settings.runner_image,
            pull_policy=self._settings.runner_pull_policy,
        )
        reconciler = Reconciler(
            gatherer=Gatherer(self._cluster, facts, self._hearsay),
            executor=Executor(self._cluster, self._announcer),
            witness=MetricsWitness(self.metrics, self._forget),
        )
        self._workers = Workers(self._queue, reconciler.reconcile, self._settings.workers, self.metrics)
        self._workers.start()
        self._companions.start("events", self._announcer.post_forever())
        self._companions.start("comparison of watch and list", self._compare_forever())
        self._companions.start("ends of Pods", self._pod_ends.watch_forever())
        for number in (signal.SIGTERM, signal.SIGINT):  # in place of Kopf's, which fail on a second signal
            asyncio.get_running_loop().add_signal_handler(number, self.stop)

    async def _end(self) -> None:
        if self._workers is not None:
            await self._workers.stop()
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_EVENTS):
                    await self._announcer.drained()
        await self._companions.stop()
        await self._health.stop()  # now: Kopf takes a probe's open connection for a task that hangs, and waits for it

    async def _compare_forever(self) -> None:
        """Finds what the watch missed, by a LIST now and then; what it finds is looked at."""
        while True:
            await asyncio.sleep(self._settings.resync)
            try:
                versions = await self._versions()
            except ClusterError as error:
                structlog.get_logger().warning("the API server does not list the resources", error=str(error))
                continue
            for key in self._watch.listed(versions, asyncio.get_running_loop().time()):
                self._queue.add(key)

    async def _versions(self) -> dict[Key, str]:
        """Every resource that is served, and its version."""
        found: dict[Key, str] = {}
        for namespace in self._settings.namespaces or ("",):
            async for each in self._cluster.items(paths.resources(namespace), metadata_only=True):
                meta = each["metadata"]
                found[meta["namespace"], meta["name"]] = meta["resourceVersion"]
        return found

    async def _await_kind(self) -> None:
        """Waits until the API server knows our kind: Kopf looks once, and then never again."""
        while True:
            try:
                await self._versions()
            except NotFoundError:
                structlog.get_logger().warning(
                    "the CustomResourceDefinition is not there yet", kind=f"{PLURAL}.{GROUP}"
                )
            except RefusedError as error:
                raise OperatorError(f"the operator's role does not let it list {PLURAL}.{GROUP}: {error}") from None
            except ClusterError as error:
                structlog.get_logger().warning("the API server does not answer", error=str(error))
            else:
                return
            await asyncio.sleep(RETRY_SECONDS)

    async def _identity(self) -> str:
        if self._settings.cluster_name:
            return self._settings.cluster_name
        try:
            found = await self._cluster.get(paths.namespace("kube-system"))
        except RefusedError:
            raise OperatorError(
                "the namespace kube-system cannot be read: give the cluster a name by --cluster-name"
            ) from None
        return str(found["metadata"]["uid"])
