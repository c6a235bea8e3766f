"""A run that stops for a person: approval, refusal, failure; and what onFailure makes of it."""

import pytest

from dbmigrations.api.reasons import Failure, Refusal
from dbmigrations.api.step import Outcome, PlanDirection, PlanSummary
from tests.unit.controller.cluster_model import Cluster, default_spec
from tests.unit.controller.test_runs import at, shown
from tests.unit.controller.test_spec_changes import in_step

ROLLBACK = {"onFailure": "Rollback"}


def failed_at(broken: str, **policy: str) -> Cluster:
    """A database at 1.0.0 whose way to 1.1.0 fails at this migration."""
    cluster = Cluster(spec=default_spec("1.0.0", policy=policy))
    cluster.settle()
    cluster.database.broken = {broken}
    cluster.change(version="1.1.0")
    cluster.settle()
    return cluster


def failing_in_sql() -> Cluster:
    """A way from 1.0.0 to 1.1.0 whose failure is to be rolled back, in the step that will fail."""
    cluster = Cluster(spec=default_spec("1.0.0", policy=ROLLBACK))
    cluster.settle()
    cluster.database.broken = {"projects_rls"}
    cluster.change(version="1.1.0")
    return in_step(cluster, "sql")


def in_its_rollback() -> Cluster:
    """It failed, and the preflight of its rollback runs."""
    cluster = failing_in_sql()
    cluster.finish(cluster.job)
    cluster.reconcile()
    return cluster


def names(cluster: Cluster) -> list[str]:
    return [one.name for one in cluster.database.applied]


def test_a_plan_that_needs_approval_waits_for_it_without_a_job() -> None:
    cluster = Cluster(spec=default_spec("1.0.0", policy={"approval": "Always"}))

    cluster.settle()

    assert len(cluster.created) == 1
    assert cluster.condition("Reconciling") == ("True", "AwaitingApproval")
    assert cluster.status["phase"] == "AwaitingApproval"
    assert cluster.status["message"].count(cluster.status["plan"]["hash"]) == 1
    assert cluster.status["message"].count("spec.approvedPlan") == 1


@pytest.mark.parametrize("long", [False, True], ids=["told by the runner", "cut off"])
def test_the_hash_to_approve_and_where_to_put_it_are_said_once(long: bool) -> None:  # noqa: FBT001
    cluster = Cluster(spec=default_spec("1.0.0", policy={"approval": "Always"}))
    in_step(cluster, "preflight")
    plan = PlanSummary(hash=f"sha256:{'a' * 64}", direction=PlanDirection.UP)
    told = f"the plan waits{' for so much' * 250 if long else ''}: set `spec.approvedPlan: {plan.hash}`"
    said = cluster.database.answer(
        cluster.job.request, Outcome.REFUSED, reason=Refusal.AWAITING_APPROVAL, message=told, plan=plan
    )
    cluster.finish(cluster.job, said)

    cluster.settle()

    assert cluster.condition("Ready") == ("Unknown", "AwaitingApproval")
    assert cluster.status["message"].count(f"spec.approvedPlan: {plan.hash}") == 1
    assert cluster.status["message"].count(plan.hash) == 1


def test_peers_13_waiting_for_approval_is_not_shown_as_a_failure() -> None:
    cluster = Cluster(spec=default_spec("1.0.0", policy={"approval": "Always"}))

    cluster.settle()

    assert cluster.condition("Ready") == ("Unknown", "AwaitingApproval")
    assert cluster.condition("Stalled") == ("", "")


def test_the_approval_of_exactly_this_plan_lets_it_go_on_from_a_fresh_preflight() -> None:
    cluster = Cluster(spec=default_spec("1.0.0", policy={"approval": "Always"}))
    cluster.settle()
    run = cluster.run["id"]

    cluster.change(approvedPlan=cluster.status["plan"]["hash"])
    cluster.settle()

    assert cluster.run["id"] != run
    assert cluster.condition("Ready") == ("True", "Ready")


def test_peers_9_an_approval_is_a_field_of_the_spec_and_of_no_use_for_another_plan() -> None:
    """An annotation or a status could be written by whoever may not change what runs; the spec is reviewed in Git."""
    cluster = Cluster(spec=default_spec("1.0.0", policy={"approval": "Always"}))
    cluster.settle()
    stale = cluster.status["plan"]["hash"]
    cluster.change(version="1.1.0")
    cluster.settle()

    cluster.annotate("dbmigrations.dev/approvedPlan", cluster.status["plan"]["hash"])
    cluster.change(approvedPlan=stale)
    cluster.settle()

    assert cluster.condition("Ready") == ("Unknown", "AwaitingApproval")
    assert names(cluster) == []


@pytest.mark.parametrize("refusal", [one for one in Refusal if one is not Refusal.AWAITING_APPROVAL])
def test_every_other_refusal_is_stalled_under_its_own_name(refusal: Refusal) -> None:
    cluster = Cluster()
    for _ in range(2):
        cluster.reconcile()
    said = cluster.database.answer(cluster.job.request, Outcome.REFUSED, reason=refusal, message="do this")
    cluster.finish(cluster.job, said)

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", refusal.value)
    assert cluster.run["state"] == "Refused"
    assert "do this" in cluster.status["message"]
    assert len(cluster.created) == 1


@pytest.mark.parametrize("failure", list(Failure))
def test_every_failure_is_stalled_under_its_own_name(failure: Failure) -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    in_step(cluster, "sql")
    said = cluster.database.answer(cluster.job.request, Outcome.FAILED, reason=failure, message="a.sql:3:1")
    cluster.database.broken = {"projects_rls"}
    cluster.finish(cluster.job, said)

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", failure.value)
    assert "a.sql:3:1" in cluster.status["message"]
    assert "requestedAt" in cluster.status["message"]


def test_peers_2_no_step_follows_a_failed_step() -> None:
    cluster = failed_at("projects_rls")

    assert shown(cluster)[-1] == ("SQL", "1.1.0", "Failed")
    assert not any(job.startswith("shop-data") for job in cluster.created)
    assert cluster.condition("Stalled") == ("True", "MigrationFailed")


def test_held_a_failed_run_undoes_nothing() -> None:
    cluster = failed_at("projects_rls")

    assert names(cluster) == ["init", "row_level_security", "add_projects", "add_members"]


def test_a_mended_release_goes_on_where_it_failed() -> None:
    cluster = failed_at("projects_rls")

    cluster.database.broken = set()
    cluster.change(source={"image": {"reference": "registry.test/mended:{version}"}})
    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Ready")
    assert cluster.database.violations == []


def test_a_version_lowered_after_a_failure_undoes_exactly_what_was_applied() -> None:
    cluster = failed_at("projects_rls")
    cluster.database.broken = set()

    cluster.change(version="1.0.0")
    cluster.settle()

    assert names(cluster) == ["init", "row_level_security"]
    assert cluster.condition("Ready") == ("True", "Ready")


def test_on_failure_rollback_is_a_run_of_its_own_that_undoes_exactly_what_the_failed_one_applied() -> None:
    cluster = failed_at("projects_rls", **ROLLBACK)

    assert names(cluster) == ["init", "row_level_security"]
    assert shown(cluster)[:2] == [("Preflight", "", "Succeeded"), ("Backup", "", "Succeeded")]
    assert cluster.condition("Stalled") == ("True", "RolledBack")
    assert [one["state"] for one in cluster.status["runs"][:2]] == ["Succeeded", "Failed"]
    assert "42601" in cluster.status["message"], "why it failed is still said"


def test_a_run_that_a_person_asked_for_is_rolled_back_too() -> None:
    cluster = failed_at("projects_rls", **ROLLBACK)
    cluster.ask_again()

    cluster.settle()

    assert [one["trigger"] for one in cluster.status["runs"][:2]] == ["OnFailureRollback", "Retry"]
    assert names(cluster) == ["init", "row_level_security"]
    assert cluster.condition("Stalled") == ("True", "RolledBack")


def test_peers_14_what_to_undo_is_recorded_before_anything_is_undone() -> None:
    cluster = failing_in_sql()
    failed = cluster.run["id"]
    cluster.finish(cluster.job)

    cluster.reconcile()

    assert (cluster.run["trigger"], cluster.run["undoRun"]) == ("OnFailureRollback", failed)
    assert cluster.job.request.undo_run == failed


def test_a_failed_verify_is_rolled_back_too() -> None:
    cluster = Cluster(spec=default_spec("1.0.0", policy=ROLLBACK))
    cluster.settle()
    cluster.database.false = {"1.1.0"}

    cluster.change(version="1.1.0")
    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "RolledBack")
    assert names(cluster) == ["init", "row_level_security"]


NOT_UNDONE: dict[str, dict[str, str]] = {
    "rollback must be asked for": {**ROLLBACK, "rollback": "RequireApproval"},
    "rollback is denied": {**ROLLBACK, "rollback": "Deny"},
}


@pytest.mark.parametrize("policy", NOT_UNDONE.values(), ids=NOT_UNDONE.keys())
def test_a_failed_run_is_held_where_going_down_is_not_automatic(policy: dict[str, str]) -> None:
    cluster = failed_at("projects_rls", **policy)

    assert cluster.condition("Stalled") == ("True", "MigrationFailed")
    assert len(names(cluster)) == 4


def test_a_failed_run_is_held_where_every_plan_needs_an_approval() -> None:
    cluster = Cluster(spec=default_spec("1.0.0", policy={**ROLLBACK, "approval": "Always"}))
    cluster.settle()
    cluster.database.broken = {"row_level_security"}

    cluster.change(approvedPlan=cluster.status["plan"]["hash"])
    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "MigrationFailed")


def test_a_failed_rollback_is_not_rolled_back_again() -> None:
    cluster = failing_in_sql()
    cluster.database.broken = {"projects_rls", "add_projects"}

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "MigrationFailed")
    assert "rolling back failed" in cluster.status["message"]
    assert cluster.run["trigger"] == "OnFailureRollback"


def test_a_rollback_that_is_refused_is_held_with_the_reason_of_the_failure() -> None:
    cluster = in_its_rollback()
    refused = cluster.database.answer(
        cluster.job.request, Outcome.REFUSED, reason=Refusal.AWAITING_APPROVAL, message="rows would be lost"
    )
    cluster.finish(cluster.job, refused)

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "MigrationFailed")
    assert "the rollback is held: AwaitingApproval: rows would be lost" in cluster.status["message"]


def test_a_failed_down_is_never_rolled_back() -> None:
    cluster = Cluster(spec=default_spec("1.1.0", policy=ROLLBACK))
    cluster.settle()
    cluster.database.broken = {"add_projects"}

    cluster.change(version="1.0.0")
    cluster.settle()

    assert cluster.run["trigger"] == "Spec"
    assert cluster.condition("Stalled") == ("True", "MigrationFailed")


def test_a_failed_backup_undoes_nothing_for_nothing_was_changed() -> None:
    cluster = Cluster(spec=default_spec("1.0.0", policy=ROLLBACK))
    in_step(cluster, "backup")
    said = cluster.database.answer(cluster.job.request, Outcome.FAILED, reason=Failure.BACKUP_FAILED, message="full")
    cluster.database.broken = {"init"}
    cluster.finish(cluster.job, said)

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "BackupFailed")
    assert names(cluster) == []


def test_a_backup_that_took_too_long_undoes_nothing_either() -> None:
    cluster = Cluster(spec=default_spec("1.0.0", policy=ROLLBACK))
    in_step(cluster, "backup")
    cluster.overrun(cluster.job)

    cluster.settle()

    assert cluster.run["trigger"] == "Spec"
    assert cluster.condition("Stalled") == ("True", "StepTimedOut")


def test_a_rollback_is_never_rolled_back_even_where_its_runner_calls_it_an_up() -> None:
    cluster = in_its_rollback()
    in_step(cluster, "schema")
    assert cluster.run["trigger"] == "OnFailureRollback"
    cluster.status["plan"]["direction"] = "Up"
    cluster.database.broken |= {"add_members"}

    cluster.settle()

    assert cluster.run["trigger"] == "OnFailureRollback"
    assert cluster.condition("Stalled") == ("True", "MigrationFailed")
