"""Deletion and cancel: what runs is stopped by deleting its Job, and nothing else happens until its Pods are gone."""

from dbmigrations.api.reasons import Failure
from dbmigrations.api.resource import CANCEL, FINALIZER
from dbmigrations.api.status import RunState, StepState
from dbmigrations.api.step import Trigger
from dbmigrations.controller.actions import Decision, RemoveFinalizer
from dbmigrations.controller.conditions import Deleting, Progressing
from dbmigrations.controller.plan.deciding import AT_ONCE, SOON, Finding, decide, stopping
from dbmigrations.controller.plan.outlooks import stopping_job
from dbmigrations.controller.plan.scene import Scene
from dbmigrations.controller.snapshot import JobState
from dbmigrations.controller.status import FIRST_STEP, RunOf, stop


def let_a_deleted_resource_go(scene: Scene) -> Decision | None:
    """Stop what runs, wait until it has ended, then release the finalizer."""
    if scene.snapshot.resource.deletion_timestamp is None:
        return None
    if not scene.has_finalizer:
        return Decision(rule="gone")
    if scene.awaited is not None:
        scene = scene.having(stop(scene.awaited, "the resource is being deleted", scene.now).status)
    for job in scene.jobs:
        if job.state is JobState.ACTIVE:
            outlook = Deleting(f"stopping Job {job.name}")
            effect = None if job.deleting else stopping(scene, job)
            return decide(scene, Finding("stop what runs for a deleted resource", outlook, SOON, effect))
    for pod in scene.living_pods:
        outlook = Deleting(f"waiting for Pod {pod.name} to end")
        return decide(scene, Finding("wait until a deleted resource's Pods have ended", outlook, SOON))
    return Decision(rule="release a deleted resource", effect=RemoveFinalizer(FINALIZER))


def stop_a_cancelled_run(scene: Scene) -> Decision | None:
    """Stop the attempt; a reporting preflight follows, which asks the database how far the run had come."""
    run = scene.run
    if run is None or not scene.cancel_wanted or run.trigger is Trigger.CANCEL_REPORT:
        return None
    if scene.running is None and not scene.awaiting_approval:
        return None
    it = RunOf(scene.status, run)
    job = scene.job
    if scene.step is not None and scene.step.state in {StepState.STARTING, StepState.RUNNING, StepState.WAITING}:
        it = stop(it, "cancelled", scene.now)
    it = it.with_run(
        trigger=Trigger.CANCEL_REPORT,
        state=RunState.RUNNING,
        reason=Failure.CANCELLED,
        message=f"cancelled by the annotation {CANCEL}",
        next=FIRST_STEP,
        finished_at=None,
    )
    # What was asked for before the cancel is over with it: a cancelled run does not start again by itself.
    scene = scene.having(it.status.model_copy(update={"handled_requested_at": scene.request}))
    effect = stopping(scene, job) if job is not None and job.state is JobState.ACTIVE and not job.deleting else None
    return decide(scene, Finding("stop a cancelled run", Progressing("cancelled: stopping the run"), AT_ONCE, effect))


def stop_attempts_no_longer_awaited(scene: Scene) -> Decision | None:
    """An attempt of this run that was given up (cancelled, overdue, superseded) is stopped, however often it takes."""
    for job in scene.unawaited_jobs:
        if scene.is_of_this_run(job) and not job.deleting:
            outlook = stopping_job(scene, job)
            return decide(scene, Finding("stop an attempt no longer awaited", outlook, SOON, stopping(scene, job)))
    return None
