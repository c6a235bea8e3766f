"""What Prometheus is told. The names are an interface: dashboards and alerts depend on them.

Per resource there is one info gauge (phase, version, target) with the value 1, and it goes when the resource goes.
Runs and steps are counted when their end is first written to the status, so that a look that changes nothing, and a
status write that lost a race, count nothing.
"""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.api.status import DatabaseMigrationStatus
    from dbmigrations.controller.actions import RunEnded, StepEnded

_STEP_SECONDS = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400)
_RECONCILE_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)


class Metrics:
    """The metrics of one operator process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.runs = Counter(
            "dbmigrations_runs", "Runs that ended.", ["namespace", "trigger", "state", "reason"], registry=self.registry
        )
        self.run_seconds = Histogram(
            "dbmigrations_run_duration_seconds",
            "From the record of a run to its end. Stopping for an approval is an end: with it another run begins.",
            ["state"],
            buckets=_STEP_SECONDS,
            registry=self.registry,
        )
        self.steps = Counter(
            "dbmigrations_steps", "Attempts of steps that ended.", ["step", "state", "reason"], registry=self.registry
        )
        self.step_seconds = Histogram(
            "dbmigrations_step_duration_seconds",
            "From the record of a step, before its first attempt, to the end of each attempt.",
            ["step", "state"],
            buckets=_STEP_SECONDS,
            registry=self.registry,
        )
        self.reconciles = Histogram(
            "dbmigrations_reconcile_duration_seconds",
            "One look at one resource, with what followed from it.",
            ["outcome"],
            buckets=_RECONCILE_SECONDS,
            registry=self.registry,
        )
        self.queue_depth = Gauge(
            "dbmigrations_queue_depth", "Resources that wait for a worker.", registry=self.registry
        )
        self.info = Gauge(
            "dbmigrations_resource_info",
            "1 for each DatabaseMigration, with what it says of itself.",
            ["namespace", "name", "phase", "version", "target"],
            registry=self.registry,
        )
        self.ready = Gauge(
            "dbmigrations_resource_ready",
            "Whether the condition Ready is True (1), False (0) or Unknown (-1).",
            ["namespace", "name"],
            registry=self.registry,
        )
        self._shown: dict[tuple[str, str], tuple[str, str, str]] = {}

    @contextmanager
    def measured_look(self) -> Iterator[None]:
        """Measures one look at a resource."""
        began = monotonic()
        outcome = "failed"
        try:
            yield
            outcome = "done"
        finally:
            self.reconciles.labels(outcome).observe(monotonic() - began)

    def step_ended(self, end: StepEnded) -> None:
        """An attempt of a step ended."""
        self.steps.labels(end.step.value, end.state.value, end.reason).inc()
        self.step_seconds.labels(end.step.value, end.state.value).observe(end.seconds)

    def run_ended(self, namespace: str, end: RunEnded) -> None:
        """A run ended."""
        self.runs.labels(namespace, end.trigger.value, end.state.value, end.reason).inc()
        self.run_seconds.labels(end.state.value).observe(end.seconds)

    def render(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def saw(self, namespace: str, name: str, status: DatabaseMigrationStatus) -> None:
        """Shows what a resource says of itself now."""
        key = (namespace, name)
        labels = (status.phase.value if status.phase else "", status.current_version, status.target_version)
        if self._shown.get(key) != labels:
            self._hide(key)
            self._shown[key] = labels
            self.info.labels(*key, *labels).set(1)
        ready = next((each.status for each in status.conditions if each.type == "Ready"), "Unknown")
        self.ready.labels(*key).set({"True": 1, "False": 0}.get(ready, -1))

    def forget(self, namespace: str, name: str) -> None:
        """A resource is gone, and so are its series."""
        key = (namespace, name)
        if key in self._shown:
            self._hide(key)
            del self._shown[key]
            self.ready.remove(*key)

    def _hide(self, key: tuple[str, str]) -> None:
        if key in self._shown:
            self.info.remove(*key, *self._shown[key])
