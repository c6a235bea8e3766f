"""What the end of a Job says about its step.

A step has succeeded only when its Job is Complete (or bound to be: `foresight`) and its runner left a valid result that
names this run and this step and says Succeeded. A failed Job is never a success; a Job without a result is run again; a
result that cannot be read is an error to report, never a crash.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from dbmigrations.api.step import Outcome, ResultCutOffError, ResultInvalidError, StepRef, StepResult
from dbmigrations.controller.snapshot import ContainerFacts, JobFacts, JobState, PodFacts, PodPhase
from dbmigrations.controller.startup import (
    RUNTIME_REASONS,
    Hindrance,
    ended_unstarted,
    failed_init,
    failed_start,
    main_container,
    running_since,
)

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Reported:
    """The runner said how it went."""

    result: StepResult


@dataclass(frozen=True)
class Lost:
    """The Job ended, or is gone, without telling: the step is run again."""

    why: str


@dataclass(frozen=True)
class Unreadable:
    """The runner said something that is no result of this step."""

    why: str


@dataclass(frozen=True)
class TimedOut:
    """The step ran longer than it may."""


@dataclass(frozen=True)
class NeverStarted:
    """The runner never ran: this is waiting, whatever became of the Job."""

    hindrance: Hindrance | None


Ending = Reported | Lost | Unreadable | TimedOut | NeverStarted


def ending_of(job: JobFacts, pods: Iterable[PodFacts], step: StepRef, run: str, *, has_run: bool) -> Ending:
    """How the finished Job of this step of this run ended. `has_run`: its runner was seen running before."""
    newest_first = sorted(pods, key=lambda pod: (pod.created_at or _LONG_AGO, pod.name), reverse=True)
    said = _read(job, newest_first, step, run)
    if job.state is JobState.FAILED and job.reason == "DeadlineExceeded":
        return _past_the_deadline(said, newest_first, has_run=has_run)
    if isinstance(said, Reported) and said.result.outcome is Outcome.SUCCEEDED and job.state is not JobState.COMPLETE:
        return Lost(f"its runner reported success, but Job {job.name} failed: {job.reason} {job.message}".strip())
    if isinstance(said, Lost):
        for pod in newest_first[:1]:
            unstarted = None if has_run or running_since(newest_first) is not None else ended_unstarted(pod)
            hindrance = failed_init(pod) or failed_start(pod) or unstarted
            if hindrance is not None:
                return NeverStarted(hindrance)
    return said


def _past_the_deadline(said: Reported | Lost | Unreadable, pods: list[PodFacts], *, has_run: bool) -> Ending:
    """A final answer given in time stands; a step that ran is timed out; one that did not run then was waiting."""
    if isinstance(said, Reported) and said.result.outcome in {Outcome.REFUSED, Outcome.FAILED}:
        return said
    if has_run or running_since(pods[:1]) is not None:
        return TimedOut()
    return NeverStarted(None)


def _read(job: JobFacts, newest_first: list[PodFacts], step: StepRef, run: str) -> Reported | Lost | Unreadable:
    # A disrupted Pod is replaced by the Job: of several Pods the one that decided the Job speaks.
    if job.state is JobState.COMPLETE:
        deciding = [pod for pod in newest_first if pod.phase is PodPhase.SUCCEEDED]
    else:
        deciding = newest_first
    if not deciding:
        return Lost(f"Job {job.name} ended ({job.reason or job.state.value}) and its Pod is gone")
    ended = [(pod, main) for pod in deciding if (main := main_container(pod)) is not None and _spoke(main)]
    if not ended:
        return Lost(_silence(deciding[0]))
    return _decode(*ended[0], step, run)


def _spoke(main: ContainerFacts) -> bool:
    return main.exit_code is not None and main.exit_reason not in RUNTIME_REASONS and bool(main.exit_message.strip())


def _silence(pod: PodFacts) -> str:
    main = main_container(pod)
    if main is not None and main.exit_code is not None:
        hint = "; raise spec.jobTemplate.resources" if main.exit_reason == "OOMKilled" else ""
        return f"Pod {pod.name} ended without a result: {main.exit_reason}, exit code {main.exit_code}{hint}"
    return f"Pod {pod.name} ended without a result: {pod.reason or pod.phase.value} {pod.message}".strip()


def _decode(pod: PodFacts, main: ContainerFacts, step: StepRef, run: str) -> Reported | Lost | Unreadable:
    try:
        result = StepResult.decode(main.exit_message)
    except ResultCutOffError as error:
        return Lost(f"{error}: the containers that were added to Pod {pod.name} leave it no more room")
    except ResultInvalidError as error:
        return Unreadable(str(error))
    if result.run != run or result.step != step:
        return Unreadable("the result is about another step or another run")
    return Reported(result)
