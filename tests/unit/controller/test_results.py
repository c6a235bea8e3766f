"""What the end of a Job says about its step: a table over Job, Pod and termination message."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dbmigrations.api.reasons import Failure, Waiting
from dbmigrations.api.step import Outcome, StepName, StepRef, StepResult
from dbmigrations.controller.naming import MAIN_CONTAINER, SOURCE_CONTAINER, TOOLS_CONTAINER
from dbmigrations.controller.results import (
    Ending,
    Lost,
    NeverStarted,
    Reported,
    TimedOut,
    Unreadable,
    ending_of,
)
from dbmigrations.controller.snapshot import ContainerFacts, JobFacts, JobState, PodFacts, PodPhase
from dbmigrations.controller.startup import running_since

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STEP = StepRef(name=StepName.SQL, release="1.1.0", ordinal=3)
RUN = "3c1d"

COMPLETE = JobFacts(name="shop-sql", uid="j", labels={}, owner_uid="u", state=JobState.COMPLETE, created_at=NOON)
FAILED = replace(COMPLETE, state=JobState.FAILED, reason="BackoffLimitExceeded")
OVERDUE = replace(FAILED, reason="DeadlineExceeded")


def said(outcome: Outcome = Outcome.SUCCEEDED, run: str = RUN, step: StepRef = STEP) -> str:
    reason = {Outcome.WAITING: Waiting.DATABASE, Outcome.FAILED: Failure.MIGRATION_FAILED}.get(outcome)
    return StepResult(step=step, run=run, outcome=outcome, reason=reason).encode().decode()


def pod(
    message: str = "", code: int | None = 0, reason: str = "", *, name: str = "p1", age: int = 0, begun: bool = True
) -> PodFacts:
    main = ContainerFacts(
        name=MAIN_CONTAINER,
        started_at=NOON if begun else None,
        exit_code=code,
        exit_reason=reason or ("Completed" if code == 0 else "Error"),
        exit_message=message,
    )
    phase = PodPhase.SUCCEEDED if code == 0 else PodPhase.FAILED
    created = NOON - timedelta(minutes=age)
    return PodFacts(name=name, uid=name, job="shop-sql", phase=phase, containers=(main,), created_at=created)


def with_init(found: PodFacts, name: str, code: int, message: str) -> PodFacts:
    init = ContainerFacts(name=name, init=True, exit_code=code, exit_reason="Error", exit_message=message)
    return replace(found, containers=(init, *found.containers))


def ending(job: JobFacts, *pods: PodFacts, has_run: bool = False) -> Ending:
    return ending_of(job, pods, STEP, RUN, has_run=has_run)


def test_a_complete_job_with_a_valid_result_has_succeeded() -> None:
    found = ending(COMPLETE, pod(said()))

    assert isinstance(found, Reported)
    assert found.result.outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.REFUSED, Outcome.WAITING])
def test_a_failed_job_ends_as_its_runner_said(outcome: Outcome) -> None:
    found = ending(FAILED, pod(said(outcome), code=20))

    assert isinstance(found, Reported)
    assert found.result.outcome is outcome


def test_peers_1_a_failed_job_is_never_a_success_whatever_its_runner_said() -> None:
    found = ending(FAILED, pod(said(), code=1))

    assert isinstance(found, Lost)
    assert "failed" in found.why


def test_a_complete_job_whose_runner_says_it_failed_has_failed() -> None:
    found = ending(COMPLETE, pod(said(Outcome.FAILED)))

    assert isinstance(found, Reported)
    assert found.result.outcome is Outcome.FAILED


UNREADABLE = {
    "no JSON": "{",
    "another format": '{"format": 2}',
    "another shape": '{"format": 1}',
    "too long": "x" * 4097,
    "of another run": said(run="other"),
    "of another step": said(step=StepRef(name=StepName.SQL, release="1.1.0", ordinal=4)),
}


@pytest.mark.parametrize("message", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_result_that_is_none_of_this_step_is_unreadable_and_no_crash(message: str) -> None:
    assert isinstance(ending(COMPLETE, pod(message)), Unreadable)


CUT_OFF = StepResult(step=STEP, run=RUN, outcome=Outcome.SUCCEEDED, message="é" * 700).encode().decode()[:600]

LOST = {
    "a result that the node cut off": (COMPLETE, (pod(CUT_OFF),)),
    "no Pod": (COMPLETE, ()),
    "an empty message": (COMPLETE, (pod(""),)),
    "a killed Pod": (FAILED, (pod("", code=137, reason="OOMKilled"),)),
    "an evicted Pod": (FAILED, (replace(pod("", code=None), reason="Evicted", message="disk pressure"),)),
    "a Pod of which its node knows nothing": (
        FAILED,
        (pod("The container could not be located", 137, "ContainerStatusUnknown", begun=False),),
    ),
    "a Pod whose node is gone": (FAILED, (pod("The container could not be located", 137, "ContainerStatusUnknown"),)),
}


@pytest.mark.parametrize(("job", "pods"), LOST.values(), ids=LOST.keys())
def test_a_job_that_says_nothing_is_lost_and_will_run_again(job: JobFacts, pods: tuple[PodFacts, ...]) -> None:
    assert isinstance(ending(job, *pods), Lost)


def test_a_pod_killed_for_memory_says_what_to_raise() -> None:
    found = ending(FAILED, pod("", code=137, reason="OOMKilled"))

    assert isinstance(found, Lost)
    assert "spec.jobTemplate.resources" in found.why
    crashed = ending(FAILED, pod("", code=1))
    assert isinstance(crashed, Lost)
    assert "spec.jobTemplate" not in crashed.why


def test_of_two_pods_of_a_complete_job_the_one_that_succeeded_speaks() -> None:
    disrupted = pod(said(Outcome.WAITING), code=30, name="p1", age=1)
    replaced = pod(said(), name="p2")

    found = ending(COMPLETE, disrupted, replaced)

    assert isinstance(found, Reported)
    assert found.result.outcome is Outcome.SUCCEEDED


def test_a_step_past_its_deadline_has_timed_out() -> None:
    assert isinstance(ending(OVERDUE, pod("", code=143)), TimedOut)
    assert isinstance(ending(OVERDUE, has_run=True), TimedOut)


def test_a_deadline_that_passed_before_the_pod_ran_is_waiting() -> None:
    assert ending(OVERDUE) == NeverStarted(None)


def test_a_final_answer_stands_although_the_deadline_passed() -> None:
    found = ending(OVERDUE, pod(said(Outcome.FAILED), code=20))

    assert isinstance(found, Reported)


def test_a_source_image_without_the_path_is_waited_for_in_the_copiers_own_words() -> None:
    found = ending(FAILED, with_init(pod("", code=None, begun=False), SOURCE_CONTAINER, 1, "no /database in the image"))

    assert isinstance(found, NeverStarted)
    assert found.hindrance is not None
    assert found.hindrance.reason is Waiting.SOURCE
    assert "no /database in the image" in found.hindrance.message


def test_our_own_init_container_that_fails_is_a_pod_that_does_not_start() -> None:
    found = ending(FAILED, with_init(pod("", code=None, begun=False), TOOLS_CONTAINER, 126, ""))

    assert isinstance(found, NeverStarted)
    assert found.hindrance is not None
    assert found.hindrance.reason is Waiting.POD
    assert "exit code 126" in found.hindrance.message


NEVER_RAN = {
    "turned away by its node": ("OutOfmemory", "Pod was rejected: Node didn't have enough resource: memory"),
    "evicted while its images were pulled": ("Evicted", "The node was low on resource: ephemeral-storage."),
    "on a node that is gone": ("", ""),
}


@pytest.mark.parametrize(("reason", "message"), NEVER_RAN.values(), ids=NEVER_RAN.keys())
def test_a_pod_that_failed_before_its_runner_began_is_waited_for_and_no_lost_step(reason: str, message: str) -> None:
    """Steps may be lost only so often before a person is asked; a cluster without room is no such thing."""
    found = ending(FAILED, replace(pod("", code=None, begun=False), reason=reason, message=message))

    assert isinstance(found, NeverStarted)
    assert found.hindrance is not None
    assert found.hindrance.reason is Waiting.POD
    assert reason in found.hindrance.message
    assert message in found.hindrance.message


def test_a_runner_that_was_seen_before_is_lost_whatever_became_of_its_last_pod() -> None:
    unstarted = replace(pod("", code=None, begun=False), reason="Evicted")

    assert isinstance(ending(FAILED, unstarted, has_run=True), Lost)
    assert isinstance(ending(FAILED, replace(unstarted, name="p2"), pod("", code=137, age=1)), Lost)


def test_what_the_node_says_about_a_container_it_could_not_start_is_no_result() -> None:
    """The kubelet writes it where a result would be, with a start time of 1970."""
    found = ending(FAILED, pod('exec: "dbmigrate": not found', code=128, reason="StartError"))

    assert isinstance(found, NeverStarted)
    assert found.hindrance is not None
    assert "not found" in found.hindrance.message


def test_a_container_that_could_not_be_started_has_not_run_although_it_has_a_time() -> None:
    assert running_since([pod("exec: not found", code=128, reason="StartError")]) is None
    assert running_since([pod(said())]) == NOON
    assert ending(OVERDUE, pod("exec: not found", code=128, reason="StartError")) == NeverStarted(None)
