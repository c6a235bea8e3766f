"""Jobs of one run, made in few words: for tests of their manifests."""

import json
from typing import Any

from dbmigrations.api.spec import DatabaseMigrationSpec
from dbmigrations.api.status import DatabaseMigrationStatus, RunImages, RunStatus
from dbmigrations.api.step import StepName, StepRef, StepRequest
from dbmigrations.controller.actions import CreateJob
from dbmigrations.controller.jobs import Blueprint, create_step_job
from dbmigrations.controller.reading import read_spec
from dbmigrations.controller.snapshot import OperatorFacts, Resource
from tests.unit.controller.cluster_model import default_spec

RUN = RunStatus(
    id="run-1", generation=3, plan_hash="sha256:p", images=RunImages(runner="runner:1", source="shop:1.0.0")
)


SQL = StepRef(name=StepName.SQL, release="1.1.0", ordinal=4)


PREFLIGHT = StepRef(name=StepName.PREFLIGHT)


def blueprint(step: StepRef = SQL, run: RunStatus = RUN, **spec: object) -> Blueprint:
    read = read_spec(default_spec("1.0.0", **spec))
    assert isinstance(read, DatabaseMigrationSpec)
    resource = Resource("prod", "shop", "uid-1", 3, "7", read, DatabaseMigrationStatus(last_changing_run="run-0"))
    return Blueprint(resource, read, run, step, OperatorFacts("test", "runner:2"))


def job(step: StepRef = SQL, run: RunStatus = RUN, attempt: int = 1, **spec: object) -> CreateJob:
    return create_step_job(blueprint(step, run, **spec), attempt)


def manifest(step: StepRef = SQL, **spec: object) -> dict[str, Any]:
    return dict(json.loads(json.dumps(job(step, RUN, 1, **spec).manifest)))


def pod(step: StepRef = SQL, **spec: object) -> dict[str, Any]:
    return dict(manifest(step, **spec)["spec"]["template"]["spec"])


def containers(step: StepRef = SQL, **spec: object) -> list[dict[str, Any]]:
    found = pod(step, **spec)
    return [*found.get("initContainers", []), *found["containers"]]


def request(step: StepRef = SQL, **spec: object) -> StepRequest:
    command = pod(step, **spec)["containers"][0]["command"]
    return StepRequest.model_validate_json(command[command.index("--request") + 1])


def volume(name: str, step: StepRef = SQL, **spec: object) -> dict[str, Any] | None:
    return next((one for one in pod(step, **spec)["volumes"] if one["name"] == name), None)
