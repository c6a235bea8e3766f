"""onFailure: Rollback, where the rollback's plan needs an approval: approved, it goes on; nothing else does."""

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.step import Outcome
from tests.unit.controller.cluster_model import Cluster
from tests.unit.controller.test_approval_and_failure import ROLLBACK, failed_at, in_its_rollback, names


def held() -> tuple[Cluster, str]:
    """A failed run at 1.0.0, its rollback refused for want of an approval; and the hash to approve."""
    cluster = in_its_rollback()
    assert cluster.run["trigger"] == "OnFailureRollback"
    plan = cluster.database.summary(cluster.job.request)
    message = f"the plan waits for approval: it loses 2 rows: set `spec.approvedPlan: {plan.hash}`"
    refused = cluster.database.answer(
        cluster.job.request, Outcome.REFUSED, reason=Refusal.AWAITING_APPROVAL, message=message, plan=plan
    )
    cluster.finish(cluster.job, refused)
    cluster.settle()
    assert cluster.condition("Stalled") == ("True", "MigrationFailed")
    return cluster, plan.hash


def test_an_approved_rollback_is_what_goes_on() -> None:
    cluster, plan = held()

    cluster.change(approvedPlan=plan)
    cluster.settle()

    assert [run["trigger"] for run in cluster.status["runs"][:2]] == ["OnFailureRollback", "OnFailureRollback"]
    assert cluster.condition("Stalled") == ("True", "RolledBack")
    assert cluster.status["message"].count("the rollback is held") == 0
    assert "add_projects" not in names(cluster)
    assert cluster.status["currentVersion"] == "1.0.0"


def test_the_approval_of_another_plan_starts_a_run_of_the_spec() -> None:
    cluster, _ = held()

    cluster.change(approvedPlan=f"sha256:{'b' * 64}")
    cluster.reconcile()

    assert cluster.run["trigger"] == "Spec"


def test_where_the_spec_wants_another_version_by_now_it_is_obeyed() -> None:
    cluster, plan = held()

    cluster.change(version="1.0.0", approvedPlan=plan)
    cluster.settle()

    assert cluster.run["trigger"] == "Spec"
    assert cluster.condition("Ready")[0] == "True"
    assert cluster.status["currentVersion"] == "1.0.0"


def test_an_approved_rollback_that_is_refused_again_is_not_begun_for_ever() -> None:
    cluster, plan = held()
    cluster.change(approvedPlan=plan)
    cluster.reconcile()
    cluster.reconcile()
    refused = cluster.database.answer(
        cluster.job.request, Outcome.REFUSED, reason=Refusal.DOWN_MISSING, message="no way back"
    )
    cluster.finish(cluster.job, refused)
    cluster.settle()
    jobs = len(cluster.created)

    cluster.pass_time(10_000)
    cluster.settle()

    assert len(cluster.created) == jobs
    assert "the rollback is held: DownMissing" in cluster.status["message"]


def test_a_rollback_that_found_nothing_to_undo_says_so() -> None:
    cluster = failed_at("add_projects", **ROLLBACK)

    assert cluster.condition("Stalled") == ("True", "RolledBack")
    assert "it had applied nothing, so nothing was undone" in cluster.status["message"]
    assert cluster.status["currentVersion"] == "1.0.0"
