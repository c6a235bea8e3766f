"""What the metrics make of decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from dbmigrations.controller.actions import ReadyChanged, RunEnded, RunStarted, StepEnded, StepStarted

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbmigrations.api.status import DatabaseMigrationStatus
    from dbmigrations.controller.actions import Decision
    from dbmigrations.controller.snapshot import Resource
    from dbmigrations.operator.metrics import Metrics
    from dbmigrations.operator.watchfulness import Key


@dataclass(frozen=True)
class MetricsWitness:
    """Counts and logs transitions; shows each resource's state for as long as it exists."""

    metrics: Metrics
    forget: Callable[[Key], None]

    def shows(self, namespace: str, name: str, status: DatabaseMigrationStatus) -> None:
        """The resource has this status now."""
        self.metrics.saw(namespace, name, status)

    def gone(self, namespace: str, name: str) -> None:
        """There is no such resource."""
        self.metrics.forget(namespace, name)
        self.forget((namespace, name))

    def happened(self, resource: Resource, decision: Decision) -> None:
        """The decision was recorded."""
        log = structlog.get_logger()
        for transition in decision.transitions:
            match transition:
                case RunStarted(_, trigger, target):
                    log.info("run started", trigger=trigger.value, target=target)
                case StepStarted(_, step, release, attempt, job):
                    log.info("step started", step_name=step.value, release=release, attempt=attempt, job=job)
                case StepEnded():
                    self.metrics.step_ended(transition)
                    log.info(
                        "step ended",
                        step_name=transition.step.value,
                        release=transition.release,
                        attempt=transition.attempt,
                        state=transition.state.value,
                        reason=transition.reason,
                        message=transition.message,
                        seconds=transition.seconds,
                    )
                case RunEnded():
                    self.metrics.run_ended(resource.namespace, transition)
                    log.info(
                        "run ended",
                        state=transition.state.value,
                        reason=transition.reason,
                        message=transition.message,
                        seconds=transition.seconds,
                    )
                case ReadyChanged(status, reason, message):
                    log.info("ready changed", status=status, reason=reason, message=message)
