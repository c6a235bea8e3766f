"""While an attempt is awaited: its Job exists, or is recorded and to be created."""

from datetime import timedelta

from dbmigrations.api.reasons import Waiting
from dbmigrations.api.status import StepState
from dbmigrations.controller.actions import Decision
from dbmigrations.controller.plan.deciding import SOON, Finding, decide, pruning, stopping
from dbmigrations.controller.plan.learning import STARTUP
from dbmigrations.controller.plan.outlooks import stopping_job, under_way
from dbmigrations.controller.plan.scene import Scene
from dbmigrations.controller.plan.starting import start_recorded, wait_for_others
from dbmigrations.controller.snapshot import JobFacts
from dbmigrations.controller.status import RunOf, stop, wait

_FIRST_LOOK = timedelta(seconds=5)


def await_the_running_step(scene: Scene) -> Decision | None:
    """The Job runs: wait for it, unless its Pod cannot start."""
    it, job = scene.awaited, scene.job
    if it is None or job is None:
        return None
    if job.deleting:
        return decide(scene, Finding("wait until a deleted Job is gone", under_way(scene), SOON))
    stopped = _superseded_before_it_ran(scene, it) or _overdue(scene, it)
    if stopped is not None:
        return decide(scene.having(stopped.status), _giving_up(scene, stopped, job))
    look_again = _soon_while_it_starts(scene, job) if it.step.running_since is None else SOON
    return decide(scene, Finding("await the running step", under_way(scene), look_again, pruning(scene)))


def create_the_recorded_job(scene: Scene) -> Decision | None:
    """The attempt is in the status, but its Job is not there: the operator stopped in between. A boundary, too."""
    it = scene.awaited
    if it is None or scene.spec is None or scene.suspended or scene.inputs_changed or scene.requested:
        return None
    return wait_for_others(scene) or start_recorded(scene, "create the recorded Job", scene.spec)


def _soon_while_it_starts(scene: Scene, job: JobFacts) -> timedelta:
    """No event tells that a Pod cannot start: the younger the Job, the sooner it is looked at."""
    age = scene.now - job.created_at if job.created_at is not None else SOON
    return min(max(age, _FIRST_LOOK), SOON, max(scene.start_timeout, _FIRST_LOOK))


def _superseded_before_it_ran(scene: Scene, it: RunOf) -> RunOf | None:
    """Whoever mends a wrong image reference does not wait for the Job that cannot pull it."""
    hindered = it.step.running_since is None and it.step.reason in STARTUP
    if not hindered or it.step.state is not StepState.RUNNING or scene.suspended:
        return None
    if not (scene.inputs_changed or scene.requested):
        return None
    return stop(it, f"given up for a newer spec: {it.step.message}", scene.now)


def _overdue(scene: Scene, it: RunOf) -> RunOf | None:
    job = scene.job
    if job is None or it.step.running_since is not None or not scene.start_is_overdue(job):
        return None
    reason = next((one for one in STARTUP if one == it.step.reason), Waiting.POD)
    seconds = scene.start_timeout.total_seconds()
    why = it.step.message or f"the Pod of Job {job.name} did not start"
    text = why if why.startswith("not started within") else f"not started within {seconds:g} s: {why}"
    return wait(it, reason, text, scene.now)


def _giving_up(scene: Scene, stopped: RunOf, job: JobFacts) -> Finding:
    outlook = stopping_job(scene.having(stopped.status), job)
    return Finding("give up an attempt that does not start", outlook, SOON, stopping(scene, job))
