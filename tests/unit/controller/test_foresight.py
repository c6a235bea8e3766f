"""What an active Job is bound to become."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dbmigrations.controller.foresight import MARGIN, foreseen
from dbmigrations.controller.snapshot import JobFacts, JobState, PodFacts, PodPhase

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = 3600

JOB = JobFacts(name="shop-sql", uid="j", labels={}, owner_uid="u", state=JobState.ACTIVE, created_at=NOON, limit=HOUR)
POD = PodFacts(name="p", uid="p", job=JOB.name, phase=PodPhase.SUCCEEDED, owner_uid=JOB.uid)
NOW = NOON + timedelta(minutes=5)


def test_a_job_whose_only_pod_has_succeeded_is_complete() -> None:
    assert foreseen(JOB, [POD], NOW) == replace(JOB, state=JobState.COMPLETE)


def test_pods_of_other_jobs_say_nothing() -> None:
    other = replace(POD, name="q", job="shop-data", phase=PodPhase.RUNNING)

    assert foreseen(JOB, [POD, other], NOW).state is JobState.COMPLETE
    assert foreseen(JOB, [other], NOW) == JOB


@pytest.mark.parametrize("phase", [phase for phase in PodPhase if phase is not PodPhase.SUCCEEDED])
def test_a_pod_that_has_not_succeeded_decides_nothing(phase: PodPhase) -> None:
    assert foreseen(JOB, [replace(POD, phase=phase)], NOW) == JOB


@pytest.mark.parametrize("phase", PodPhase)
def test_a_job_that_started_a_second_pod_is_awaited(phase: PodPhase) -> None:
    assert foreseen(JOB, [POD, replace(POD, name="q", uid="q", phase=phase)], NOW) == JOB


def test_a_pod_that_only_bears_the_jobs_label_is_not_its_pod() -> None:
    assert foreseen(JOB, [replace(POD, owner_uid="somebody")], NOW) == JOB


def test_a_job_that_is_being_deleted_is_awaited() -> None:
    deleting = replace(JOB, deleting=True)

    assert foreseen(deleting, [POD], NOW) == deleting


def test_near_its_deadline_the_jobs_own_word_is_awaited() -> None:
    deadline = NOON + timedelta(seconds=HOUR)

    assert foreseen(JOB, [POD], deadline - timedelta(seconds=MARGIN + 1)).state is JobState.COMPLETE
    assert foreseen(JOB, [POD], deadline - timedelta(seconds=MARGIN)) == JOB


def test_no_deadline_is_too_far_away() -> None:
    assert foreseen(replace(JOB, limit=10**18), [POD], NOW).state is JobState.COMPLETE


def test_the_deadline_counts_from_the_start_of_the_job() -> None:
    started = replace(JOB, started_at=NOON + timedelta(minutes=30))

    assert foreseen(started, [POD], NOON + timedelta(minutes=75)).state is JobState.COMPLETE


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.COMPLETE])
def test_what_a_job_says_itself_stands(state: JobState) -> None:
    ended = replace(JOB, state=state)

    assert foreseen(ended, [POD], NOW) == ended
