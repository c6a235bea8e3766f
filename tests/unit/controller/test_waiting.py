"""Waiting is not failing: what is not there yet, and lost attempts."""

from dbmigrations.api.reasons import Waiting
from dbmigrations.api.step import Outcome
from tests.unit.controller.waiting import one_more_attempt, pause, with_preflight_created


def test_an_unreachable_database_is_waited_for() -> None:
    cluster = with_preflight_created()
    cluster.database.up = False
    cluster.finish(cluster.job)

    decision = cluster.reconcile()

    assert cluster.condition("Ready") == ("Unknown", "WaitingForDatabase")
    assert cluster.condition("Reconciling") == ("True", "WaitingForDatabase")
    assert cluster.condition("Stalled") == ("", "")
    assert decision is not None
    assert decision.requeue_after == pause(cluster)
    assert not cluster.active


def test_nothing_starts_before_the_pause_is_over() -> None:
    cluster = with_preflight_created()
    cluster.database.up = False
    cluster.finish(cluster.job)
    cluster.reconcile()

    again = cluster.reconcile()

    assert again is not None
    assert (again.status, again.effect) == (None, None)
    one_more_attempt(cluster)
    assert len(cluster.created) == 2


def test_pauses_grow_to_five_minutes_and_never_end_in_stalled() -> None:
    cluster = with_preflight_created()
    cluster.database.up = False
    pauses = []
    for _ in range(30):
        cluster.finish(cluster.job)
        cluster.reconcile()
        pauses.append(pause(cluster))
        one_more_attempt(cluster)

    assert pauses[0] < 5
    assert max(pauses) <= 300
    assert max(pauses[10:]) > 100
    assert cluster.condition("Stalled") == ("", "")


def test_the_reason_stays_while_the_next_attempt_runs_so_that_ready_does_not_flicker() -> None:
    cluster = with_preflight_created()
    cluster.database.up = False
    cluster.finish(cluster.job)
    cluster.reconcile()
    since = cluster.status["conditions"][0]["lastTransitionTime"]

    one_more_attempt(cluster)
    cluster.start(cluster.job)
    cluster.reconcile()

    assert cluster.condition("Ready") == ("Unknown", "WaitingForDatabase")
    assert cluster.status["conditions"][0]["lastTransitionTime"] == since


def test_an_attempt_that_has_run_a_while_is_past_what_was_waited_for() -> None:
    cluster = with_preflight_created()
    cluster.database.up = False
    cluster.finish(cluster.job)
    cluster.reconcile()
    one_more_attempt(cluster)
    cluster.start(cluster.job)
    cluster.reconcile()

    cluster.pass_time(61)
    cluster.reconcile()

    assert cluster.condition("Ready") == ("Unknown", "Progressing")


def test_missing_credentials_do_not_flicker_either() -> None:
    cluster = with_preflight_created()
    said = cluster.database.answer(
        cluster.job.request, Outcome.WAITING, reason=Waiting.CREDENTIALS, message="Secret shop-db has no key uri"
    )
    cluster.database.up = False
    cluster.finish(cluster.job, said)
    cluster.reconcile()

    one_more_attempt(cluster)
    cluster.start(cluster.job)
    cluster.reconcile()

    assert cluster.condition("Ready") == ("Unknown", "WaitingForCredentials")


def test_a_database_that_comes_back_is_migrated_by_itself() -> None:
    cluster = with_preflight_created()
    cluster.database.up = False
    cluster.finish(cluster.job)
    cluster.reconcile()

    cluster.database.up = True
    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Ready")


def test_earlier_attempts_of_a_step_are_removed_so_that_a_long_wait_leaves_no_heap_of_jobs() -> None:
    cluster = with_preflight_created()
    cluster.database.up = False
    for _ in range(8):
        cluster.finish(cluster.job)
        cluster.reconcile()
        one_more_attempt(cluster)
        cluster.reconcile()

    assert len(cluster.jobs) <= 3


def test_a_job_that_vanished_is_run_again() -> None:
    cluster = with_preflight_created()
    cluster.reconcile()
    cluster.vanish(cluster.job)

    cluster.reconcile()

    assert cluster.condition("Ready") == ("False", "ProgressingWithRetry")
    assert cluster.condition("Reconciling") == ("True", "ProgressingWithRetry")
    assert cluster.steps[0]["reason"] == Waiting.STEP_LOST
    cluster.settle()
    assert cluster.condition("Ready") == ("True", "Ready")


def test_a_step_that_says_it_was_interrupted_counts_as_lost() -> None:
    cluster = with_preflight_created()
    request = cluster.job.request
    result = cluster.database.answer(request, Outcome.WAITING, reason=Waiting.STEP_LOST, message="terminated")
    cluster.finish(cluster.job, result)

    cluster.reconcile()

    assert cluster.steps[0]["lost"] == 1


def test_peers_4_attempts_that_say_nothing_are_not_repeated_endlessly() -> None:
    cluster = with_preflight_created()
    for _ in range(5):
        cluster.kill(cluster.job)
        cluster.reconcile()
        one_more_attempt(cluster)
    cluster.kill(cluster.job)

    cluster.reconcile()

    assert cluster.condition("Stalled") == ("True", "StepLost")
    assert len(cluster.created) == 6
    assert "requestedAt" in cluster.status["message"]


def test_a_wait_in_between_starts_the_count_of_lost_attempts_anew() -> None:
    cluster = with_preflight_created()
    cluster.kill(cluster.job)
    cluster.reconcile()
    one_more_attempt(cluster)
    assert cluster.steps[0]["lost"] == 1

    cluster.database.up = False
    cluster.finish(cluster.job)
    cluster.reconcile()

    assert cluster.steps[0]["lost"] == 0
