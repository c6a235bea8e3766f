"""What the facts say about the awaited attempt. Learning comes before deciding: a result is never lost to a rule."""

from datetime import datetime, timedelta
from typing import assert_never

from dbmigrations.api.reasons import Failure, Waiting
from dbmigrations.api.status import RunState, StepState
from dbmigrations.api.step import Outcome, StepResult, Trigger
from dbmigrations.controller.durations import limit_field
from dbmigrations.controller.images import pinned_images
from dbmigrations.controller.phases import title
from dbmigrations.controller.plan.scene import Scene
from dbmigrations.controller.results import Lost, NeverStarted, Reported, TimedOut, Unreadable, ending_of
from dbmigrations.controller.snapshot import JobFacts, JobState
from dbmigrations.controller.startup import Hindrance, hindrance, is_replaced, running_since
from dbmigrations.controller.status import RunOf, fail, lose, report, succeed, wait
from dbmigrations.controller.texts import STEP_MESSAGE, clip

STARTUP = frozenset({Waiting.IMAGE, Waiting.SOURCE, Waiting.POD, Waiting.CREDENTIALS})
"""Reasons that end when the Pod runs."""

_UNTIL_IT_RUNS = frozenset({Waiting.IMAGE, Waiting.POD})
"""Reasons that only a Pod waits for: none of them is left when it runs."""

_A_WHILE = timedelta(minutes=1)


def learn(scene: Scene) -> Scene:
    """The scene with a status that knows how the awaited attempt stands."""
    it, job = scene.awaited, scene.job
    if it is None:
        return scene
    if job is None:
        return scene.having(_without_job(scene, it).status)
    it = it.with_run(images=pinned_images(it.run.images, scene.pods_of(job)))
    if job.state is JobState.ACTIVE:
        return scene.having(_active(scene, it, job).status)
    return scene.having(_ended(scene, it, job).status)


def _without_job(scene: Scene, it: RunOf) -> RunOf:
    refused = scene.snapshot.refused
    if it.step.state is StepState.RUNNING:
        return lose(it, f"Job {it.step.job} is gone", scene.now)
    if refused is not None and refused.job == it.step.job:
        return wait(it, Waiting.POD, f"the Job was refused: {refused.message}", scene.now)
    return it


def _active(scene: Scene, it: RunOf, job: JobFacts) -> RunOf:
    pods = scene.pods_of(job)
    it = it.with_step(state=StepState.RUNNING, running_since=it.step.running_since or running_since(pods))
    if it.step.running_since is not None and not is_replaced(pods):
        return it.with_step(reason="", message="") if _is_past_it(it, scene.now) else it
    known = hindrance(job, pods, scene.snapshot.events)
    if known is None or _says_less(known, it):
        return it
    if it.run.trigger is Trigger.CANCEL_REPORT:
        return wait(it, known.reason, known.message, scene.now)
    return it.with_step(reason=known.reason, message=clip(known.message, STEP_MESSAGE))


def _is_past_it(it: RunOf, now: datetime) -> bool:
    """Whether the runner is past what this step waited for: else Ready would flicker with every attempt.

    What only a Pod waits for is over when it runs; what the runner itself may report again, when it has run a while.
    """
    since = it.step.running_since
    only_a_pod_waits = it.step.reason in _UNTIL_IT_RUNS or it.step.attempts == 1
    return only_a_pod_waits or (since is not None and now - since >= _A_WHILE)


def _says_less(known: Hindrance, it: RunOf) -> bool:
    """A node alternates between the error of a pull and the pause before the next one: the error stays."""
    return known.reason is Waiting.IMAGE and it.step.reason == Waiting.IMAGE and "ImagePullBackOff" in known.message


def _ended(scene: Scene, it: RunOf, job: JobFacts) -> RunOf:
    pods, now = scene.pods_of(job), scene.now
    has_run = it.step.running_since is not None and it.step.reason not in _UNTIL_IT_RUNS
    ending = ending_of(job, pods, it.step.ref, it.run.id, has_run=has_run)
    it = it.with_step(running_since=it.step.running_since or running_since(pods))
    match ending:
        case Reported(result=result):
            return _reported(scene, report(it, result, now), result)
        case Lost(why=why):
            return lose(it, why, now)
        case Unreadable(why=why):
            return fail(it, RunState.FAILED, Failure.RESULT_INVALID, f"{title(it.step.ref)}: {why}", now)
        case TimedOut():
            why = f"{title(it.step.ref)} took longer than its limit of {job.limit} s ({limit_field(it.step.name)})"
            return fail(it, RunState.FAILED, Failure.STEP_TIMED_OUT, why, now)
        case NeverStarted(hindrance=found):
            known = found or _last_known(it, job)
            return wait(it, known.reason, known.message, now)
    assert_never(ending)


def _last_known(it: RunOf, job: JobFacts) -> Hindrance:
    """What was said about the Pod while it was there."""
    reason = next((one for one in STARTUP if one == it.step.reason), Waiting.POD)
    return Hindrance(reason, it.step.message or f"Job {job.name} reached its deadline before its Pod ran")


def _reported(scene: Scene, it: RunOf, result: StepResult) -> RunOf:
    message = result.message or f"{title(it.step.ref)} gave no message"
    match result.outcome:
        case Outcome.SUCCEEDED:
            return succeed(it, result, scene.now)
        case Outcome.WAITING if result.reason is Waiting.STEP_LOST:
            return lose(it, message, scene.now)
        case Outcome.WAITING:
            reason = result.reason if isinstance(result.reason, Waiting) else Waiting.DATABASE
            return wait(it, reason, message, scene.now)
        case Outcome.REFUSED:
            return fail(it, RunState.REFUSED, result.reason or Failure.INTERNAL, message, scene.now)
        case Outcome.FAILED:
            return fail(it, RunState.FAILED, result.reason or Failure.INTERNAL, message, scene.now)
    assert_never(result.outcome)
