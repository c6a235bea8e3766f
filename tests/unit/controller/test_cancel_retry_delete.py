"""What people ask by annotation, and what happens when the resource is deleted."""

from dbmigrations.api.resource import CANCEL, FINALIZER, REQUESTED_AT
from dbmigrations.controller.actions import DeleteJob, Propagation, RemoveFinalizer
from tests.unit.controller.cluster_model import Cluster, Crash, default_spec
from tests.unit.controller.test_approval_and_failure import failed_at, names
from tests.unit.controller.test_runs import at, shown
from tests.unit.controller.test_spec_changes import in_step


def cancelled_in(step: str) -> Cluster:
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    in_step(cluster, step)
    cluster.cancel()
    return cluster


def test_a_cancel_stops_the_job_and_its_result_is_not_awaited() -> None:
    cluster = cancelled_in("schema")

    decision = cluster.reconcile()

    assert decision is not None
    assert isinstance(decision.effect, DeleteJob)
    assert decision.effect.propagation is Propagation.FOREGROUND
    assert shown(cluster)[-1] == ("Schema", "1.1.0", "Stopped")


def test_the_report_after_a_cancel_waits_until_the_pod_has_ended() -> None:
    cluster = cancelled_in("schema")
    cluster.reconcile()

    waiting = cluster.reconcile()
    cluster.end_pods_of_deleted_jobs()
    cluster.reconcile()

    assert waiting is not None
    assert waiting.effect is None
    assert cluster.job.request.trigger == "CancelReport"


def test_a_cancelled_run_ends_stalled_with_the_version_that_the_database_tells() -> None:
    cluster = cancelled_in("schema")
    run = cluster.run["id"]
    cluster.reconcile()
    cluster.kill(cluster.job, units=1)

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "Cancelled")
    assert cluster.status["currentVersion"] == "1.0.0*"
    assert cluster.run["id"] == run
    assert cluster.database.row(run) is not None
    assert [row.outcome for row in cluster.database.rows if row.run == run] == ["Cancelled"]


def test_a_cancelled_run_does_not_start_again_by_itself() -> None:
    cluster = cancelled_in("schema")
    cluster.ask_again()
    cluster.reconcile()
    cluster.end_pods_of_deleted_jobs()
    cluster.settle()
    jobs = len(cluster.created)

    cluster.pass_time(100_000)
    cluster.settle()

    assert len(cluster.created) == jobs
    assert cluster.condition("Stalled") == ("True", "Cancelled")


def test_a_cancelled_run_goes_on_when_a_person_asks() -> None:
    cluster = cancelled_in("schema")
    cluster.reconcile()
    cluster.end_pods_of_deleted_jobs()
    cluster.settle()

    cluster.ask_again()
    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Ready")
    assert cluster.database.violations == []


def test_a_cancel_that_names_another_run_is_ignored() -> None:
    cluster = at("1.0.0")
    cluster.annotate(CANCEL, cluster.run["id"])
    cluster.change(version="1.1.0")

    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Ready")


def test_a_cancel_comes_too_late_for_a_run_that_is_over() -> None:
    cluster = at("1.0.0")
    cluster.cancel()

    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Ready")


def test_a_result_that_came_before_the_cancel_is_kept() -> None:
    cluster = cancelled_in("backup")
    cluster.finish(cluster.job)

    cluster.reconcile()

    assert shown(cluster)[-1] == ("Backup", "", "Succeeded")
    assert cluster.status["backup"]


def test_a_cancel_while_a_step_backs_off_needs_no_job_to_stop() -> None:
    cluster = Cluster()
    cluster.database.up = False
    cluster.settle_once()
    cluster.cancel()

    cluster.reconcile()
    cluster.database.up = True
    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "Cancelled")


def test_a_run_that_awaits_approval_can_be_cancelled() -> None:
    cluster = Cluster(spec=default_spec("1.0.0", policy={"approval": "Always"}))
    cluster.settle()
    cluster.cancel()

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "Cancelled")
    assert [one["state"] for one in cluster.status["runs"]] == ["Cancelled"]


def test_a_cancelled_run_is_never_rolled_back() -> None:
    cluster = Cluster(spec=default_spec("1.1.0", policy={"onFailure": "Rollback"}))
    in_step(cluster, "sql")
    cluster.cancel()
    cluster.reconcile()
    cluster.end_pods_of_deleted_jobs()

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "Cancelled")
    assert "init" in names(cluster)


def test_a_killed_operator_stops_the_job_of_a_cancelled_run_when_it_is_back() -> None:
    cluster = cancelled_in("schema")
    cluster.reconcile(Crash.AFTER_STATUS)
    assert not cluster.job.deleting

    decision = cluster.reconcile()

    assert decision is not None
    assert decision.rule == "stop an attempt no longer awaited"
    assert cluster.job.deleting


def test_a_request_retries_a_stalled_run_once() -> None:
    cluster = failed_at("projects_rls")
    cluster.database.broken = set()

    cluster.ask_again()
    cluster.settle()
    jobs = len(cluster.created)
    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Ready")
    assert cluster.run["trigger"] == "Retry"
    assert cluster.status["handledRequestedAt"] == cluster.annotations[REQUESTED_AT]
    assert len(cluster.created) == jobs


def test_peers_7_a_failed_job_of_an_earlier_run_does_not_freeze_the_status() -> None:
    cluster = failed_at("projects_rls")
    cluster.database.broken = set()
    cluster.ask_again()

    cluster.reconcile()

    assert cluster.condition("Ready") == ("Unknown", "Progressing")
    assert shown(cluster) == [("Preflight", "", "Starting")]


def test_a_request_at_a_ready_resource_looks_again() -> None:
    cluster = at("1.0.0")
    checked = cluster.status["checkedAt"]
    cluster.pass_time(3600)

    cluster.ask_again()
    cluster.settle()

    assert cluster.status["checkedAt"] != checked
    assert cluster.condition("Ready") == ("True", "Ready")


def test_a_request_tries_a_waiting_step_at_once() -> None:
    cluster = Cluster()
    cluster.database.up = False
    cluster.settle_once()

    cluster.ask_again()
    cluster.reconcile()

    assert len(cluster.active) == 1
    assert cluster.steps[-1]["attempts"] == 1


def test_a_request_during_a_healthy_run_waits_for_its_end() -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    in_step(cluster, "backup")
    run = cluster.run["id"]

    cluster.ask_again()
    cluster.finish(cluster.job)
    cluster.reconcile()

    assert cluster.run["id"] == run
    cluster.settle()
    assert cluster.run["trigger"] == "Retry"


def test_a_request_that_was_there_from_the_beginning_is_no_retry() -> None:
    cluster = Cluster()
    cluster.ask_again()

    cluster.settle()

    assert cluster.run["trigger"] == "Spec"
    assert len(cluster.status["runs"]) == 1


def test_a_request_that_came_before_the_status_was_lost_is_still_heard() -> None:
    cluster = failed_at("projects_rls")
    cluster.database.broken = set()
    cluster.ask_again()
    cluster.lose_status()

    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Ready")
    assert cluster.run["trigger"] == "Retry"


def test_a_request_that_was_handled_before_the_status_was_lost_is_not_handled_twice() -> None:
    cluster = failed_at("projects_rls")
    cluster.ask_again()
    cluster.settle()
    cluster.database.broken = set()
    cluster.lose_status()

    cluster.settle()

    assert cluster.run["trigger"] == "Spec"
    assert cluster.condition("Stalled") == ("True", "MigrationFailed")
    assert cluster.status["handledRequestedAt"] == cluster.annotations[REQUESTED_AT]


def test_a_request_that_was_taken_away_before_the_status_was_lost_is_none() -> None:
    cluster = failed_at("projects_rls")
    cluster.ask_again()
    cluster.settle()
    cluster.annotations.clear()
    cluster.lose_status()

    cluster.settle()

    assert cluster.run["trigger"] == "Spec"
    assert cluster.condition("Stalled") == ("True", "MigrationFailed")


def test_a_request_of_which_no_job_is_left_to_tell_counts_as_handled() -> None:
    """Rather once too rarely: a failed migration is not repeated unasked, and a person can ask again."""
    cluster = failed_at("projects_rls")
    cluster.ask_again()
    cluster.lose_status()
    cluster.jobs.clear()

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "MigrationFailed")


def test_a_deleted_resource_stops_its_job_and_is_released_when_the_pod_has_ended() -> None:
    cluster = at("1.0.0")
    cluster.change(version="1.1.0")
    in_step(cluster, "schema")
    cluster.delete()

    stop = cluster.reconcile()
    still_there = cluster.reconcile()
    cluster.end_pods_of_deleted_jobs()
    release = cluster.reconcile()

    assert stop is not None
    assert isinstance(stop.effect, DeleteJob)
    assert still_there is not None
    assert still_there.effect is None
    assert release is not None
    assert isinstance(release.effect, RemoveFinalizer)
    assert cluster.finalizers == {"someone.else/theirs"}


def test_a_deleted_resource_that_does_nothing_is_released_at_once() -> None:
    cluster = at("1.0.0")
    cluster.delete()

    decision = cluster.reconcile()

    assert decision is not None
    assert decision.effect == RemoveFinalizer(FINALIZER)
    assert cluster.gone


def test_a_released_resource_is_left_alone() -> None:
    cluster = at("1.0.0")
    cluster.delete()
    cluster.reconcile()
    cluster.gone = False

    decision = cluster.reconcile()

    assert decision is not None
    assert (decision.status, decision.effect, decision.requeue_after) == (None, None, None)


def test_a_deleted_resource_is_released_whatever_its_spec_says() -> None:
    cluster = at("1.0.0")
    cluster.change(steps={"backup": {"when": "Always"}}, suspend=True)
    cluster.delete()

    cluster.settle()

    assert cluster.gone


def test_deleting_and_nothing_else_stops_a_run_that_is_also_cancelled() -> None:
    cluster = cancelled_in("schema")
    cluster.delete()

    cluster.reconcile()
    cluster.end_pods_of_deleted_jobs()
    cluster.settle()

    assert cluster.gone
    assert not any(job.request.trigger == "CancelReport" for job in cluster.jobs.values())
