"""How things stand, in words: each message names the step, what happened, and what a person can do."""

from dbmigrations.api.reasons import Failure
from dbmigrations.api.reasons import Waiting as Wait
from dbmigrations.api.resource import REQUESTED_AT
from dbmigrations.api.status import RunState, RunStatus, StepState
from dbmigrations.api.step import Trigger
from dbmigrations.controller.conditions import (
    AwaitingApproval,
    Outlook,
    Progressing,
    Ready,
    Retrying,
    Stalled,
    Suspended,
    Waiting,
)
from dbmigrations.controller.phases import title
from dbmigrations.controller.plan.scene import Scene
from dbmigrations.controller.snapshot import JobFacts

TRY_AGAIN = f"after mending it, change the spec or set the annotation {REQUESTED_AT} to the time"
TRY_NOT_THE_SPEC = f"after mending it, set the annotation {REQUESTED_AT} to the time"
TRY_WITH_MORE = f"after raising it, set the annotation {REQUESTED_AT} to the time"
TRY_NOW = f"it is tried again by itself; the annotation {REQUESTED_AT} tries it now"


def under_way(scene: Scene) -> Outlook:
    """The run's current step, whether an attempt of it runs or the next one is waited for."""
    step = scene.step
    if step is None:
        return Progressing("the run begins with a preflight")
    name = title(step.ref)
    later = "; the changed spec takes effect after this step" if scene.inputs_changed else ""
    if not step.reason:
        doing = "is running" if step.running_since is not None else "is starting"
        return Progressing(f"{name} {doing}{later}")
    attempts = "1 attempt" if step.attempts == 1 else f"{step.attempts} attempts"
    attempt = f"attempt {step.attempts}" if step.state is not StepState.WAITING else f"{attempts} so far"
    message = f"{name}: {step.message}; {attempt}; {TRY_NOW}"
    if step.reason == Wait.STEP_LOST:
        return Retrying(f"{message}{later}")
    return Waiting(step.reason, f"{message}{later}")


def stopping_job(scene: Scene, job: JobFacts) -> Outlook:
    """The run, while a Job that it does not await is stopped; the run may be over."""
    return under_way(scene) if scene.running is not None else Progressing(f"stopping Job {job.name}")


def suspended(scene: Scene) -> Outlook:
    """Suspended: Ready stays as it is at the right version."""
    run = scene.run
    if run is not None and is_done(run) and not scene.inputs_changed:
        return Ready(f"the database is at {scene.status.current_version}; suspended")
    at = f"the database is at {scene.status.current_version}" if scene.status.current_version else "not looked at yet"
    before = f"; before it, {run.reason}: {run.message}" if run is not None and run.reason else ""
    return Suspended(f"suspended, {at}; set spec.suspend to false to go on{before}")


def settled(scene: Scene, run: RunStatus) -> Outlook:
    """The run is over."""
    if is_done(run):
        return Ready(f"the database is at {scene.status.current_version}")
    if scene.awaiting_approval and run.trigger is not Trigger.ON_FAILURE_ROLLBACK:
        told = run.plan_hash in run.message  # a long list of reasons may have been cut
        return AwaitingApproval(run.message if told else f"{run.message}; set spec.approvedPlan: {run.plan_hash}")
    reason = run.reason or Failure.INTERNAL
    # Limits and resources are no inputs of a run: changing them alone starts nothing.
    remedy = (
        TRY_WITH_MORE
        if reason == Failure.STEP_TIMED_OUT
        else TRY_NOT_THE_SPEC
        if reason == Failure.STEP_LOST
        else TRY_AGAIN
    )
    return Stalled(reason, f"{run.message}; {remedy}")


def is_done(run: RunStatus) -> bool:
    """Whether the run led where the spec wanted it: undoing a failed run does not."""
    return run.state is RunState.SUCCEEDED and run.trigger in {Trigger.SPEC, Trigger.RETRY}
