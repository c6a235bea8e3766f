"""The spec changes: before, during and after a run; suspended; invalid."""

import pytest

from dbmigrations.api.step import StepName
from dbmigrations.controller.actions import CreateJob, DeleteJob
from tests.unit.controller.cluster_model import Cluster, Crash, default_spec
from tests.unit.controller.test_runs import at, shown


def in_step(cluster: Cluster, step: str) -> Cluster:
    """Go on until the Job of this step runs."""
    while not (cluster.active and cluster.job.name.startswith(f"shop-{step}")):
        cluster.reconcile()
        for job in cluster.active:
            if not job.name.startswith(f"shop-{step}"):
                cluster.finish(job)
    cluster.start(cluster.job)
    cluster.reconcile()
    return cluster


def test_a_spec_changed_in_the_middle_of_a_step_waits_for_its_end() -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.2.0")
    in_step(cluster, "backup")
    run = cluster.run["id"]

    cluster.change(version="1.1.0")
    decision = cluster.reconcile()

    assert decision is not None
    assert not isinstance(decision.effect, CreateJob)
    assert not cluster.job.deleting
    assert cluster.run["id"] == run
    assert "takes effect after this step" in cluster.status["message"]
    assert cluster.status["observedGeneration"] == cluster.generation


@pytest.mark.parametrize("ask", ["change", "request"])
def test_a_recorded_attempt_whose_job_was_never_created_gives_way_to_what_is_asked_since(ask: str) -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.2.0")
    in_step(cluster, "backup")
    cluster.finish(cluster.job)
    cluster.reconcile(Crash.AFTER_STATUS)
    assert shown(cluster)[-1] == ("Schema", "1.1.0", "Starting")
    assert not cluster.active

    if ask == "change":
        cluster.change(version="1.1.0")
    else:
        cluster.ask_again()
    cluster.reconcile()

    assert [job.request.step.name for job in cluster.active] == [StepName.PREFLIGHT]


def test_at_the_next_boundary_a_fresh_preflight_follows_and_the_old_run_is_superseded() -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.2.0")
    in_step(cluster, "backup")
    run = cluster.run["id"]
    cluster.change(version="1.1.0")
    cluster.finish(cluster.job)

    cluster.reconcile()

    assert shown(cluster) == [("Preflight", "", "Starting")]
    assert cluster.run["id"] != run
    assert (cluster.status["runs"][0]["id"], cluster.status["runs"][0]["state"]) == (run, "Superseded")


def test_a_version_raised_twice_during_a_run_never_touches_the_one_in_between() -> None:
    """Invariant 6: 1.0 → 1.2 → 1.1 while 1.0 is applied never touches 1.2."""
    cluster = at("1.0.0")
    cluster.change(version="1.2.0")
    in_step(cluster, "schema")
    cluster.change(version="1.1.0")

    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Ready")
    assert cluster.database.version == "1.1.0"
    assert not any(one.release == "1.2.0" for one in cluster.database.applied)
    assert all("drop_column" not in str(row.handled) for row in cluster.database.rows)


def test_a_step_that_backs_off_is_a_boundary() -> None:
    cluster = Cluster()
    cluster.database.up = False
    cluster.settle_once()
    assert cluster.condition("Ready") == ("Unknown", "WaitingForDatabase")
    run = cluster.run["id"]

    cluster.change(database={"secretRef": {"name": "mended"}})
    cluster.reconcile()

    assert cluster.run["id"] != run
    assert cluster.steps[-1]["attempts"] == 1


def test_whoever_mends_a_wrong_image_does_not_wait_for_the_job_that_cannot_pull_it() -> None:
    cluster = Cluster()
    for _ in range(2):
        cluster.reconcile()
    assert cluster.job.pod is not None
    cluster.job.pod.waiting = "ErrImagePull"
    cluster.reconcile()
    cluster.change(source={"image": {"reference": "registry.test/mended:{version}"}})

    stop = cluster.reconcile()
    cluster.end_pods_of_deleted_jobs()
    cluster.settle()

    assert stop is not None
    assert isinstance(stop.effect, DeleteJob)
    assert cluster.condition("Ready") == ("True", "Ready")
    assert cluster.run["images"]["source"] == "registry.test/mended:1.0.0"


@pytest.mark.parametrize(
    "change",
    [
        {"timeouts": {"step": "2h"}},
        {"jobTemplate": {"nodeSelector": {"disk": "fast"}}},
        {"steps": {**default_spec()["steps"], "data": {"timeout": "4h"}}},
        {"steps": {"backup": {**default_spec()["steps"]["backup"], "timeout": "4h"}}},
        {"policy": {"approval": "Never"}},
    ],
    ids=["timeouts", "job template", "a step's timeout", "the backup's timeout", "a default written out"],
)
def test_what_does_not_change_the_inputs_starts_nothing_and_stays_ready(change: dict[str, object]) -> None:
    cluster = at("1.0.0")
    jobs = len(cluster.created)

    cluster.change(**change)
    cluster.settle()

    assert len(cluster.created) == jobs
    assert cluster.condition("Ready") == ("True", "Ready")
    assert cluster.status["observedGeneration"] == cluster.generation


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1.1.0"},
        {"source": {"configMap": {"name": "shop"}}},
        {"database": {"secretRef": {"name": "other"}}},
        {"policy": {"requireDown": True}},
        {"approvedPlan": f"sha256:{'0' * 64}"},
        {"baseline": {"version": "1.0.0"}},
        {"steps": {"backup": {"when": "Never"}}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_input_leads_to_a_fresh_preflight(change: dict[str, object]) -> None:
    cluster = at("1.0.0")
    run = cluster.run["id"]

    cluster.change(**change)
    cluster.reconcile()

    assert cluster.run["id"] != run
    assert shown(cluster) == [("Preflight", "", "Starting")]


def test_a_changed_job_template_applies_to_the_next_job_of_the_same_run() -> None:
    cluster = Cluster()
    in_step(cluster, "preflight")
    run = cluster.run["id"]

    cluster.change(jobTemplate={"nodeSelector": {"disk": "fast"}})
    cluster.finish(cluster.job)
    cluster.reconcile()

    assert cluster.run["id"] == run
    assert cluster.job.manifest["spec"]["template"]["spec"]["nodeSelector"] == {"disk": "fast"}


def test_suspended_the_running_step_ends_and_nothing_more_starts() -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    in_step(cluster, "backup")
    cluster.change(suspend=True)

    cluster.reconcile()
    still_running = not cluster.job.deleting
    cluster.finish(cluster.job)
    cluster.reconcile()

    assert still_running
    assert not cluster.active
    assert shown(cluster)[-1] == ("Backup", "", "Succeeded")
    assert cluster.condition("Ready") == ("False", "Suspended")
    assert cluster.condition("Reconciling") == ("", "")


def test_resumed_the_run_goes_on_where_it_was() -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    in_step(cluster, "backup")
    run = cluster.run["id"]
    cluster.change(suspend=True)
    cluster.settle()

    cluster.change(suspend=False)
    cluster.reconcile()

    assert cluster.run["id"] == run
    assert cluster.active[0].name.startswith("shop-schema")


def test_suspended_at_the_right_version_stays_ready() -> None:
    cluster = at("1.0.0")

    cluster.change(suspend=True)
    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Ready")


def test_suspended_with_a_changed_version_is_not_ready() -> None:
    cluster = at("1.0.0")

    cluster.change(suspend=True, version="1.1.0")
    cluster.settle()

    assert cluster.condition("Ready") == ("False", "Suspended")
    assert "1.0.0" in cluster.status["message"]


def test_suspended_from_the_beginning_creates_nothing() -> None:
    cluster = Cluster(spec=default_spec("1.0.0", suspend=True))

    cluster.settle()

    assert cluster.created == []
    assert cluster.condition("Ready") == ("False", "Suspended")


def test_suspended_between_the_record_of_a_step_and_its_job_creates_no_job() -> None:
    cluster = Cluster()
    cluster.reconcile()

    cluster.change(suspend=True)
    cluster.settle()

    assert cluster.created == []
    cluster.change(suspend=False)
    cluster.settle()
    assert cluster.condition("Ready") == ("True", "Ready")


INVALID: dict[str, tuple[dict[str, object], str]] = {
    "no storage": ({"steps": {"backup": {"when": "Always"}}}, "spec.steps.backup.storage"),
    "no certificates": (
        {"database": {"secretRef": {"name": "db"}, "tls": {"mode": "verify-ca"}}},
        "spec.database.tls.caSecretRef",
    ),
    "two sources": (
        {"source": {"image": {"reference": "a"}, "configMap": {"name": "b"}}},
        "spec.source",
    ),
    "an unknown field": ({"policy": {"opperations": "Any"}}, "spec.policy.opperations"),
    "a wrong version": ({"version": "1.0"}, "spec.version"),
}


@pytest.mark.parametrize(("change", "field"), INVALID.values(), ids=INVALID.keys())
def test_an_invalid_spec_is_stalled_and_names_the_field(change: dict[str, object], field: str) -> None:
    cluster = Cluster(spec=default_spec("1.0.0", **change) if "version" not in change else default_spec("1.0"))

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "InvalidSpec")
    assert cluster.status["message"].startswith(field)
    assert cluster.created == []


def test_an_invalid_spec_during_a_step_waits_for_its_end_and_keeps_its_result() -> None:
    cluster = Cluster()
    in_step(cluster, "preflight")
    cluster.change(steps={"backup": {"when": "Always"}})

    cluster.reconcile()
    while_running = cluster.condition("Reconciling")
    cluster.finish(cluster.job)
    cluster.reconcile()

    assert while_running[0] == "True"
    assert shown(cluster) == [("Preflight", "", "Succeeded")]
    assert cluster.condition("Stalled") == ("True", "InvalidSpec")


def test_a_spec_mended_to_what_it_was_lets_the_run_go_on() -> None:
    cluster = Cluster()
    in_step(cluster, "preflight")
    run = cluster.run["id"]
    cluster.change(steps={"backup": {"when": "Always"}})
    cluster.settle()

    cluster.change(steps=default_spec()["steps"])
    decision = cluster.reconcile()

    assert decision is not None
    assert isinstance(decision.effect, CreateJob)
    assert cluster.run["id"] == run
