"""Between two steps: nothing is awaited, and the spec decides what comes next."""

from datetime import timedelta

from dbmigrations.api.reasons import Failure
from dbmigrations.api.spec import ApprovalMode, DatabaseMigrationSpec, OnFailure, RollbackPolicy
from dbmigrations.api.status import DatabaseMigrationStatus, RunState, RunStatus, StepState
from dbmigrations.api.step import PlanDirection, StepName, Trigger
from dbmigrations.controller.actions import Decision
from dbmigrations.controller.conditions import Stalled
from dbmigrations.controller.images import chosen_images
from dbmigrations.controller.plan.deciding import LATER, SOON, Finding, decide, pruning
from dbmigrations.controller.plan.outlooks import settled, suspended, under_way
from dbmigrations.controller.plan.scene import Scene
from dbmigrations.controller.plan.starting import start_again, start_step, wait_for_others
from dbmigrations.controller.status import FIRST_STEP, HELD, begin_run
from dbmigrations.controller.texts import STEP_MESSAGE, clip

_APPLYING = frozenset({StepName.SCHEMA, StepName.SQL, StepName.DATA})
_UNDONE_AFTER = frozenset({Failure.MIGRATION_FAILED, Failure.VERIFY_FAILED, Failure.STEP_TIMED_OUT})
"""Failures of the migrations themselves. Where it is unknown what happened, nothing is undone unasked."""


def hold_while_suspended(scene: Scene) -> Decision | None:
    """Suspended: nothing more is started."""
    if not scene.suspended:
        return None
    return decide(scene, Finding("hold while suspended", suspended(scene), LATER, pruning(scene)))


def refuse_an_invalid_spec(scene: Scene) -> Decision | None:
    """The spec contradicts itself: a person mends it."""
    if scene.invalid is None:
        return None
    outlook = Stalled(Failure.INVALID_SPEC, f"{scene.invalid.field}: {scene.invalid.message}")
    return decide(scene, Finding("refuse an invalid spec", outlook, LATER))


def begin_a_run_when_asked(scene: Scene) -> Decision | None:
    """A first look, a changed spec, or a person's request leads to a fresh preflight; preflight decides."""
    trigger = _asked(scene)
    if trigger is None or scene.spec is None:
        return None
    fresh = _run(scene, scene.spec, trigger)
    status = begin_run(scene.status, fresh, scene.now).model_copy(update={"handled_requested_at": scene.request})
    return _start_run(scene, status, "begin a run")


def undo_as_approved(scene: Scene) -> Decision | None:
    """A rollback was held until a person approves its plan, and exactly this plan was: that is what goes on.

    Where the spec wants another version by now, it is a run of the spec's, for which the approval counts as well.
    """
    run, spec = scene.run, scene.spec
    if run is None or spec is None or not scene.inputs_changed or scene.awaited is not None:
        return None
    held = run.trigger is Trigger.ON_FAILURE_ROLLBACK and run.state is RunState.REFUSED
    failed = next((one for one in scene.status.runs if one.id == run.undo_run), None)
    if not held or failed is None or failed.target_version != spec.version or spec.approved_plan != run.plan_hash:
        return None
    why = run.message.partition(HELD)[0]
    undoing = _undoing(scene, spec, run.undo_run, run.reason, why)
    return _start_run(scene, begin_run(scene.status, undoing, scene.now), "undo as approved")


def wait_before_the_next_attempt(scene: Scene) -> Decision | None:
    """The step waits for something; how long is decided by how often it has."""
    it = scene.running
    if it is None or it.run.next is not None or scene.step is None or scene.step.state is not StepState.WAITING:
        return None
    left = scene.step.retry_at - scene.now if scene.step.retry_at is not None else timedelta(0)
    if left <= timedelta(0):
        return None
    return decide(scene, Finding("wait before the next attempt", under_way(scene), left, pruning(scene)))


def try_the_step_again(scene: Scene) -> Decision | None:
    """The next attempt of the current step is due."""
    it, step = scene.running, scene.step
    if it is None or it.run.next is not None or step is None or scene.spec is None:
        return None
    if step.state not in {StepState.WAITING, StepState.STOPPED}:
        return None
    return wait_for_others(scene, under_way(scene)) or start_again(scene, "try the step again", it, scene.spec)


def start_the_next_step(scene: Scene) -> Decision | None:
    """The step before succeeded and named the next one."""
    it = scene.running
    if it is None or it.run.next is None or scene.spec is None:
        return None
    return wait_for_others(scene) or start_step(scene, "start the next step", it, scene.spec, it.run.next)


def undo_a_failed_run(scene: Scene) -> Decision | None:
    """onFailure: Rollback. A run of its own undoes exactly what the failed up had applied."""
    run, spec = scene.run, scene.spec
    if run is None or spec is None or not _is_to_be_undone(scene, run, spec):
        return None
    undoing = _undoing(scene, spec, run.id, run.reason, f"run {run.id} failed: {run.reason}: {run.message}")
    return _start_run(scene, begin_run(scene.status, undoing, scene.now), "undo a failed run")


def settle(scene: Scene) -> Decision:
    """Nothing is to be done until something changes."""
    if scene.run is None:
        return decide(scene, Finding("settle", under_way(scene), SOON))
    return decide(scene, Finding("settle", settled(scene, scene.run), LATER, pruning(scene)))


def _asked(scene: Scene) -> Trigger | None:
    run, step = scene.run, scene.step
    if run is None:
        return Trigger.RETRY if scene.requested_before_the_status_was_lost else Trigger.SPEC
    in_motion = scene.running is not None and (run.next is not None or (step is None))
    if scene.requested and not in_motion:
        return Trigger.RETRY
    if scene.inputs_changed:
        return Trigger.SPEC
    leads_nowhere = scene.running is not None and run.next is None and _is_over(step.state if step else None)
    return Trigger.SPEC if leads_nowhere else None


def _is_over(state: StepState | None) -> bool:
    """A run under way whose last step leads nowhere: a person's edit of the status, or a defect of ours."""
    return state in {None, StepState.SUCCEEDED, StepState.FAILED, StepState.SKIPPED}


def _is_to_be_undone(scene: Scene, run: RunStatus, spec: DatabaseMigrationSpec) -> bool:
    allowed = (
        spec.policy.on_failure is OnFailure.ROLLBACK
        and spec.policy.rollback is RollbackPolicy.AUTOMATIC
        and spec.policy.approval is not ApprovalMode.ALWAYS
    )
    failed = (
        run.state is RunState.FAILED and run.trigger in {Trigger.SPEC, Trigger.RETRY} and run.reason in _UNDONE_AFTER
    )
    was_up = scene.status.plan is not None and scene.status.plan.direction is PlanDirection.UP
    began = any(one.name in _APPLYING and one.state is not StepState.SKIPPED for one in run.steps)
    return allowed and failed and was_up and began


def _start_run(scene: Scene, status: DatabaseMigrationStatus, rule: str) -> Decision | None:
    """The run and its first attempt are recorded together, once nothing else runs."""
    others = wait_for_others(scene)
    if others is not None:
        return others
    begun = scene.having(status)
    it, spec = begun.running, begun.spec
    return start_step(begun, rule, it, spec, FIRST_STEP) if it is not None and spec is not None else None


def _undoing(scene: Scene, spec: DatabaseMigrationSpec, failed: str, reason: str, why: str) -> RunStatus:
    told = {"undo_run": failed, "target_version": "", "reason": reason, "message": clip(why, STEP_MESSAGE)}
    return _run(scene, spec, Trigger.ON_FAILURE_ROLLBACK).model_copy(update=told)


def _run(scene: Scene, spec: DatabaseMigrationSpec, trigger: Trigger) -> RunStatus:
    return RunStatus(
        id=scene.snapshot.fresh_run_id,
        generation=scene.snapshot.resource.generation,
        inputs=scene.inputs,
        trigger=trigger,
        target_version=spec.version,
        images=chosen_images(spec, scene.snapshot.operator.runner_image),
    )
