"""The manifests of Jobs: everything that keeps a step safe, private and alone."""

import json
from dataclasses import replace

import pytest

from dbmigrations.api.resource import REQUESTED_AT
from dbmigrations.api.status import DatabaseMigrationStatus
from dbmigrations.api.step import StepName, StepRef, StepRequest, Trigger
from dbmigrations.controller.jobs import create_step_job
from dbmigrations.controller.naming import SOURCE_CONTAINER, Attempt
from tests.unit.controller.cluster_model import default_spec
from tests.unit.controller.making_jobs import (
    PREFLIGHT,
    RUN,
    SQL,
    blueprint,
    containers,
    job,
    manifest,
    pod,
    request,
)


def test_a_job_never_tries_again_by_itself_and_never_removes_itself() -> None:
    spec = manifest()["spec"]

    assert spec["backoffLimit"] == 0
    assert spec["podReplacementPolicy"] == "Failed"
    assert spec["podFailurePolicy"] == {
        "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
    }
    assert "ttlSecondsAfterFinished" not in spec
    assert "suspend" not in spec
    assert pod()["restartPolicy"] == "Never"
    assert pod()["terminationGracePeriodSeconds"] == 60


@pytest.mark.parametrize(
    ("step", "seconds"), [(StepName.DATA, 14400), (StepName.SQL, 3600), (StepName.BACKUP, 7200), (StepName.VERIFY, 2)]
)
def test_the_deadline_is_the_steps_own_timeout(step: StepName, seconds: int) -> None:
    steps = {
        "backup": {**default_spec()["steps"]["backup"], "timeout": "2h"},
        "data": {"timeout": "4h"},
        "verify": {"timeout": "1500ms"},
    }

    spec = manifest(StepRef(name=step, ordinal=1), steps=steps)["spec"]

    assert spec["activeDeadlineSeconds"] == seconds


def test_the_runner_is_called_without_a_shell() -> None:
    command = pod()["containers"][0]["command"]

    assert command[:4] == ["dbmigrate", "step", "sql", "--request"]


def test_no_dollar_reaches_a_command_in_which_kubernetes_would_replace_it() -> None:
    image = {"reference": "a:1", "path": "/a$(HOME)/$$b"}
    made = containers(source={"image": image}, database={"secretRef": {"name": "d"}, "role": "a$(HOSTNAME)$$"})
    copy = next(each for each in made if each["name"] == SOURCE_CONTAINER)["command"]
    step = made[-1]["command"]

    assert copy[2] == "/a$$(HOME)/$$$$b"
    assert "$" not in "".join(step)
    assert StepRequest.model_validate_json(step[step.index("--request") + 1]).role == "a$(HOSTNAME)$$"


def test_a_folder_in_a_claim_is_part_of_the_requested_source() -> None:
    source = {"persistentVolumeClaim": {"claimName": "files", "path": "database"}}

    assert request(source=source).source == "/dbmigrations/source/database"


def test_what_the_request_says_is_what_the_spec_says() -> None:
    asked = request(
        database={
            "secretRef": {"name": "shop-db", "keys": {"password": "pw"}},
            "host": "db",
            "port": 5433,
            "name": "shop",
            "schema": "app",
            "historySchema": "audit",
            "role": "owner",
            "tls": {"mode": "require"},
        },
        policy={"operations": "Any", "rollback": "Deny", "approval": "DataLoss", "requireDown": True},
        timeouts={"lock": "500ms", "wait": "1m30s", "statement": "0s", "step": "2h"},
        steps={"backup": {"when": "Never"}, "data": {"backfill": {"maxRate": 5000, "targetTime": "250ms"}}},
        gates={"replicaLag": "1m30s", "replicaLagSize": "64Mi", "retainedWAL": "10Gi", "oldestTransaction": "1h"},
        baseline={"version": "1.0.0"},
        approvedPlan=f"sha256:{'a' * 64}",
    )

    assert (asked.version, asked.run, asked.step, asked.plan_hash) == ("1.0.0", "run-1", SQL, "sha256:p")
    assert (asked.schema_name, asked.history_schema, asked.role) == ("app", "audit", "owner")
    assert (asked.connection.host, asked.connection.port, asked.connection.name) == ("db", 5433, "shop")
    assert (asked.connection.tls_mode, asked.connection.keys.password) == ("require", "pw")
    assert (asked.policy.operations, asked.policy.rollback, asked.policy.approval) == ("Any", "Deny", "DataLoss")
    assert asked.policy.require_down
    assert (asked.timeouts.lock, asked.timeouts.wait, asked.timeouts.statement) == (0.5, 90.0, 0.0)
    assert asked.timeouts.step == 7200.0
    assert asked.gates is not None
    assert (asked.gates.replica_lag, asked.gates.replica_lag_size) == (90.0, 64 * 2**20)
    assert asked.backfill is not None
    assert (asked.backfill.max_rate, asked.backfill.target_time) == (5000, 0.25)
    assert (asked.gates.retained_wal, asked.gates.oldest_transaction) == (10 * 2**30, 3600.0)
    assert (asked.baseline, asked.approved_plan) == ("1.0.0", f"sha256:{'a' * 64}")
    assert (asked.requester.uid, asked.requester.generation, asked.last_run) == ("uid-1", 3, "run-0")


def test_the_owner_reference_is_ours_and_asks_for_no_right_over_finalizers() -> None:
    (owner,) = manifest()["metadata"]["ownerReferences"]

    assert owner == {
        "apiVersion": "dbmigrations.dev/v1alpha1",
        "kind": "DatabaseMigration",
        "name": "shop",
        "uid": "uid-1",
        "controller": True,
        "blockOwnerDeletion": False,
    }


def test_a_job_remembers_the_request_that_its_run_had_handled_and_no_other() -> None:
    forged = {"metadata": {"annotations": {REQUESTED_AT: "forged"}}}

    unasked = blueprint(jobTemplate=forged)
    status = DatabaseMigrationStatus(handled_requested_at="noon")
    asked = replace(unasked, resource=replace(unasked.resource, status=status))

    said = [json.loads(json.dumps(create_step_job(plan, 1).manifest)) for plan in (unasked, asked)]

    assert [one["metadata"]["annotations"].get(REQUESTED_AT) for one in said] == [None, "noon"]


def test_the_same_attempt_gives_the_same_job_and_another_one_another() -> None:
    assert job() == job()
    assert job().name != job(attempt=2).name
    assert job().spec_hash != job(timeouts={"lock": "3s"}).spec_hash


def test_a_report_after_a_cancel_is_another_job_than_the_preflight_of_the_run() -> None:
    cancelled = RUN.model_copy(update={"trigger": Trigger.CANCEL_REPORT})

    assert job(PREFLIGHT).name != job(PREFLIGHT, cancelled).name


@pytest.mark.parametrize("resource", ["a", "shop", "x" * 52, "with-a-dash-at-the-cut-aaaaaaaaaaaaaaaaaaaaaa-aaaaaaaa"])
@pytest.mark.parametrize("step", list(StepName))
def test_names_of_jobs_fit_a_label_and_are_names(resource: str, step: StepName) -> None:
    name = Attempt("uid", "run", Trigger.SPEC, StepRef(name=step), 1).job_name(resource)

    assert len(name) <= 63
    assert name == name.lower()
    assert name.startswith(resource[:40])
    assert "--" not in name
