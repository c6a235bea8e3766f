"""The heart: `plan(snapshot, now)` decides what happens next. Pure: no I/O, no clock, no client.

First the facts are learned (how the awaited attempt stands), then the first rule that has something to say decides.
Every decision is a status to write before at most one effect, so that whatever happens in between, the next pass finds
what was meant. Going up and rolling back differ in what the runner names as the next step, not in anything here.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from dbmigrations.api.status import RunState
from dbmigrations.controller.actions import Decision
from dbmigrations.controller.plan.awaiting import await_the_running_step, create_the_recorded_job
from dbmigrations.controller.plan.boundary import (
    begin_a_run_when_asked,
    hold_while_suspended,
    refuse_an_invalid_spec,
    settle,
    start_the_next_step,
    try_the_step_again,
    undo_a_failed_run,
    undo_as_approved,
    wait_before_the_next_attempt,
)
from dbmigrations.controller.plan.learning import learn
from dbmigrations.controller.plan.scene import Scene
from dbmigrations.controller.plan.stopping import (
    let_a_deleted_resource_go,
    stop_a_cancelled_run,
    stop_attempts_no_longer_awaited,
)
from dbmigrations.controller.snapshot import JobState, Snapshot

__all__ = ["needs_pods", "plan"]

_RULES: tuple[Callable[[Scene], Decision | None], ...] = (
    let_a_deleted_resource_go,
    stop_a_cancelled_run,
    stop_attempts_no_longer_awaited,
    await_the_running_step,
    create_the_recorded_job,
    # from here on nothing is awaited
    hold_while_suspended,
    refuse_an_invalid_spec,
    undo_as_approved,
    begin_a_run_when_asked,
    start_the_next_step,
    wait_before_the_next_attempt,
    try_the_step_again,
    undo_a_failed_run,
)


def plan(snapshot: Snapshot, now: datetime) -> Decision:
    """What to do about the resource of `snapshot` at `now` (aware, UTC). Never raises, whatever the facts."""
    seconds = now.astimezone(UTC).replace(microsecond=0)  # as Kubernetes writes times
    scene = learn(Scene.of(snapshot, seconds))
    for rule in _RULES:
        decision = rule(scene)
        if decision is not None:
            return decision
    return settle(scene)


def needs_pods(snapshot: Snapshot) -> bool:
    """Whether the plan needs Pods and events beside the resource and its Jobs: not where all is done."""
    scene = Scene.of(snapshot, datetime.min.replace(tzinfo=UTC))
    if snapshot.resource.deletion_timestamp is not None or scene.spec is None or scene.run is None:
        return True
    if scene.run.state is not RunState.SUCCEEDED or any(job.state is JobState.ACTIVE for job in scene.jobs):
        return True
    return scene.inputs_changed or scene.requested or scene.cancel_wanted
