"""Starting an attempt: recorded first, then the Job. Nothing starts beside something that still runs."""

from dbmigrations.api.resource import FINALIZER
from dbmigrations.api.spec import DatabaseMigrationSpec
from dbmigrations.api.step import StepRef
from dbmigrations.controller.actions import AddFinalizer, CreateJob, Decision
from dbmigrations.controller.conditions import Outlook, Progressing
from dbmigrations.controller.jobs import Blueprint, create_step_job
from dbmigrations.controller.naming import Attempt
from dbmigrations.controller.plan.deciding import AT_ONCE, SOON, Finding, decide, stopping
from dbmigrations.controller.plan.outlooks import under_way
from dbmigrations.controller.plan.scene import Scene
from dbmigrations.controller.status import RunOf, begin_attempt, begin_step


def start_step(scene: Scene, rule: str, it: RunOf, spec: DatabaseMigrationSpec, step: StepRef) -> Decision:
    """The first attempt of the run's next step."""
    job = _job_name(scene, it, step, 1)
    return start_recorded(scene.having(begin_step(it, step, job, scene.now).status), rule, spec)


def start_again(scene: Scene, rule: str, it: RunOf, spec: DatabaseMigrationSpec) -> Decision:
    """The next attempt of the current step."""
    job = _job_name(scene, it, it.step.ref, it.step.attempts + 1)
    return start_recorded(scene.having(begin_attempt(it, job).status), rule, spec)


def start_recorded(scene: Scene, rule: str, spec: DatabaseMigrationSpec) -> Decision:
    """The Job of the attempt that the scene's status has recorded; our finalizer comes before the first one."""
    it = scene.awaited
    if it is None:
        return decide(scene, Finding(rule, under_way(scene), SOON))
    if not scene.has_finalizer:
        return decide(scene, Finding(rule, under_way(scene), AT_ONCE, AddFinalizer(FINALIZER)))
    return decide(scene, Finding(rule, under_way(scene), SOON, _create(scene, it, spec)))


def wait_for_others(scene: Scene, outlook: Outlook | None = None) -> Decision | None:
    """What runs without being awaited ends first: an earlier attempt, an earlier run, a run of a lost status.

    It is not stopped, for it may be in the middle of a migration; only where its Pod never starts it is.
    """
    for job in scene.unawaited_jobs:
        shown = outlook or Progressing(f"waiting for Job {job.name} to end")
        if not job.deleting and scene.start_is_overdue(job):
            return decide(scene, Finding("stop what never started", shown, SOON, stopping(scene, job)))
        return decide(scene, Finding("wait for another Job", shown, min(SOON, scene.start_timeout)))
    for pod in scene.unawaited_pods:
        shown = outlook or Progressing(f"waiting for Pod {pod.name} to end")
        return decide(scene, Finding("wait for another Pod", shown, SOON))
    return None


def _create(scene: Scene, it: RunOf, spec: DatabaseMigrationSpec) -> CreateJob:
    blueprint = Blueprint(scene.resource, spec, it.run, it.step.ref, scene.snapshot.operator)
    return create_step_job(blueprint, it.step.attempts)


def _job_name(scene: Scene, it: RunOf, step: StepRef, number: int) -> str:
    resource = scene.snapshot.resource
    attempt = Attempt(uid=resource.uid, run=it.run.id, trigger=it.run.trigger, step=step, number=number)
    return attempt.job_name(resource.name)
