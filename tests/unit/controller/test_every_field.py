"""Every field of the spec is read: another value of it changes a Job, or what is decided."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, get_args

import pytest
from pydantic import BaseModel

from dbmigrations.api.spec import BackupMethod, DatabaseMigrationSpec
from dbmigrations.api.status import DatabaseMigrationStatus, RunStatus
from dbmigrations.api.step import StepName, StepRef
from dbmigrations.controller.images import chosen_images
from dbmigrations.controller.jobs import Blueprint, create_step_job
from dbmigrations.controller.reading import read_spec
from dbmigrations.controller.snapshot import OperatorFacts, Resource
from tests.unit.controller.cluster_model import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

SOURCES: Json = {
    "image": {"reference": "registry.test/shop:{version}", "pullSecrets": [{"name": "a"}], "pullPolicy": "Never"},
    "configMap": {"name": "shop", "items": [{"key": "a", "path": "a"}]},
    "persistentVolumeClaim": {"claimName": "shop"},
}
BASE: Json = {
    "version": "1.0.0",
    "database": {
        "secretRef": {"name": "shop-db"},
        "tls": {"mode": "verify-full", "caSecretRef": {"name": "ca"}},
    },
    "baseline": {"version": "1.0.0"},
    "steps": {
        "backup": {
            "storage": {"persistentVolumeClaim": {"claimName": "backups"}},
            "secretRef": {"name": "dumper"},
        }
    },
    "jobTemplate": {"imagePullSecrets": [{"name": "b"}]},
}
SECRET_KEYS = ("url", "host", "port", "name", "user", "password")
OTHER_VALUES: Json = {
    "version": "1.1.0",
    "database.secretRef.name": "other",
    **{f"database.secretRef.keys.{key}": "other" for key in SECRET_KEYS},
    "database.host": "db",
    "database.port": 6432,
    "database.name": "shop",
    "database.tls.mode": "verify-ca",
    "database.tls.caSecretRef.name": "other",
    "database.schema": "app",
    "database.historySchema": "history",
    "database.role": "shop_owner",
    "source.image.reference": "registry.test/other:{version}",
    "source.image.path": "/other",
    "source.image.pullPolicy": "Always",
    "source.image.pullSecrets.0.name": "other",
    "source.configMap.name": "other",
    "source.configMap.items.0.key": "other",
    "source.configMap.items.0.path": "other",
    "source.persistentVolumeClaim.claimName": "other",
    "source.persistentVolumeClaim.path": "other",
    "baseline.version": "1.1.0",
    "steps.backup.when": "DataLoss",
    "steps.backup.storage.persistentVolumeClaim.claimName": "other",
    "steps.backup.storage.persistentVolumeClaim.path": "other",
    "steps.backup.retain": 7,
    "steps.backup.secretRef.name": "other",
    **{f"steps.backup.secretRef.keys.{key}": "other" for key in SECRET_KEYS},
    **{f"steps.{step}.timeout": "5m" for step in ("backup", "schema", "sql", "data", "verify")},
    "policy.operations": "Any",
    "policy.exceptions": "Ignore",
    "policy.rollback": "Deny",
    "policy.approval": "Always",
    "policy.onFailure": "Rollback",
    "policy.requireDown": True,
    "policy.changedRelease": "Apply",
    "policy.outOfOrder": "Apply",
    "policy.drift": "Refuse",
    "policy.driftIgnore": ["table shop.events_p*"],
    "approvedPlan": f"sha256:{'a' * 64}",
    "timeouts.lock": "2s",
    "timeouts.wait": "2s",
    "timeouts.statement": "2s",
    "timeouts.step": "2s",
    "timeouts.start": "2s",
    "steps.data.backfill.maxRate": 5000,
    "steps.data.backfill.targetTime": "2s",
    "gates.replicaLag": "2s",
    "gates.replicaLagSize": "1Mi",
    "gates.retainedWAL": "1Mi",
    "gates.oldestTransaction": "2s",
    "jobTemplate.metadata.labels": {"a": "b"},
    "jobTemplate.metadata.annotations": {"a": "b"},
    "jobTemplate.serviceAccountName": "other",
    "jobTemplate.resources": {"requests": {"cpu": "2"}},
    "jobTemplate.nodeSelector": {"a": "b"},
    "jobTemplate.tolerations": [{"key": "a"}],
    "jobTemplate.affinity": {"nodeAffinity": {}},
    "jobTemplate.priorityClassName": "high",
    "jobTemplate.imagePullSecrets.0.name": "other",
    "suspend": True,
}
WITHOUT_A_CHOICE = {"steps.backup.method"}
"""An enumeration of one value, so that a second can be added."""


def leaves(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[str]:
    """The paths of all fields that hold a value, as the wire names them; of a list, those of its first item."""
    for name, field in model.model_fields.items():
        here = (*path, field.alias or name)
        inner = [one for one in contained(field.annotation) if isinstance(one, type) and issubclass(one, BaseModel)]
        if inner:
            in_list = "tuple" in str(field.annotation)
            yield from leaves(inner[0], (*here, "0") if in_list else here)
        else:
            yield ".".join(here)


def contained(annotation: object) -> Iterator[object]:
    yield annotation
    for argument in get_args(annotation):
        yield from contained(argument)


def spec_with(path: str, value: object = None) -> Json:
    """The base with the source that the path is about, and the field at this path set."""
    source = path.split(".")[1] if path.startswith("source.") else "image"
    spec: Json = copy.deepcopy({**BASE, "source": {source: SOURCES[source]}})
    if value is not None:
        *parents, last = path.split(".")
        place: Any = spec
        for part in parents:
            place = place[int(part)] if part.isdigit() else place.setdefault(part, {})
        place[last] = value
    return spec


def effects(written: Json) -> list[str]:
    """Everything that leads out of the operator: the Job of each step, and what is decided on the way."""
    spec = read_spec(written)
    assert isinstance(spec, DatabaseMigrationSpec), spec
    resource = Resource("prod", "shop", "uid-1", 3, "7", spec, DatabaseMigrationStatus())
    run = RunStatus(id="run-1", generation=3, images=chosen_images(spec, "runner:1"))
    steps = [Blueprint(resource, spec, run, StepRef(name=name), OperatorFacts("test", "runner:1")) for name in StepName]
    jobs = [json.dumps(create_step_job(step, 1).manifest, sort_keys=True) for step in steps]
    return [*jobs, waits_for_a_pod(written), follows_a_failure(written)]


def waits_for_a_pod(written: Json) -> str:
    """What is done ten seconds after a Job was wanted whose Pod does not start."""
    cluster = Cluster(spec=written)
    cluster.reconcile()
    cluster.reconcile()
    cluster.pass_time(10)
    decision = cluster.reconcile()
    return "" if decision is None else decision.rule


def follows_a_failure(written: Json) -> str:
    """Which run is the last one where a migration fails."""
    cluster = Cluster(spec={key: value for key, value in written.items() if key != "baseline"})
    cluster.database.broken = {"row_level_security"}
    cluster.settle()
    return str(cluster.run.get("trigger"))


def test_every_field_has_another_value_here() -> None:
    """A field that is added to the spec is added here, too, and shown to change something."""
    assert sorted(leaves(DatabaseMigrationSpec)) == sorted({*OTHER_VALUES, *WITHOUT_A_CHOICE})
    assert len(BackupMethod) == 1


@pytest.mark.parametrize("path", OTHER_VALUES)
def test_peers_10_a_field_of_the_resource_changes_what_is_done(path: str) -> None:
    assert effects(spec_with(path, OTHER_VALUES[path])) != effects(spec_with(path))


@pytest.mark.parametrize("source", SOURCES)
def test_the_same_spec_has_the_same_effects(source: str) -> None:
    assert effects(spec_with(f"source.{source}")) == effects(spec_with(f"source.{source}"))
