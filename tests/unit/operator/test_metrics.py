"""What Prometheus is told about resources."""

from datetime import UTC, datetime

from dbmigrations.api.status import Condition, DatabaseMigrationStatus, Phase
from dbmigrations.operator.metrics import Metrics


def status(phase: Phase, version: str, *, ready: str = "Unknown") -> DatabaseMigrationStatus:
    condition = Condition.model_validate(
        {"type": "Ready", "status": ready, "reason": "Ready", "lastTransitionTime": datetime(2026, 1, 1, tzinfo=UTC)}
    )
    return DatabaseMigrationStatus(
        phase=phase, current_version=version, target_version="1.1.0", conditions=(condition,)
    )


def shown(metrics: Metrics) -> set[str]:
    lines = metrics.render().decode().splitlines()
    return {line for line in lines if line.startswith("dbmigrations_resource")}


def test_a_resource_has_one_info_series_whatever_it_went_through() -> None:
    metrics = Metrics()

    metrics.saw("prod", "shop", status(Phase.MIGRATING_SQL, "1.0.0"))
    metrics.saw("prod", "shop", status(Phase.READY, "1.1.0", ready="True"))

    assert shown(metrics) == {
        'dbmigrations_resource_info{name="shop",namespace="prod",phase="Ready",target="1.1.0",version="1.1.0"} 1.0',
        'dbmigrations_resource_ready{name="shop",namespace="prod"} 1.0',
    }


def test_a_resource_that_is_not_ready_says_so() -> None:
    metrics = Metrics()

    metrics.saw("prod", "shop", status(Phase.STALLED, "1.0.0", ready="False"))

    assert 'dbmigrations_resource_ready{name="shop",namespace="prod"} 0.0' in shown(metrics)


def test_a_deleted_resource_leaves_no_series() -> None:
    metrics = Metrics()
    metrics.saw("prod", "shop", status(Phase.READY, "1.1.0"))

    metrics.forget("prod", "shop")
    metrics.forget("prod", "shop")

    assert shown(metrics) == set()
