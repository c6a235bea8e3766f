"""From a rule's finding to a decision: conditions, phase and texts are added; what did not change is not written."""

from dataclasses import dataclass
from datetime import timedelta

from dbmigrations.controller.actions import Decision, DeleteJob, Effect, Propagation, WriteStatus
from dbmigrations.controller.conditions import Outlook, conditions_of
from dbmigrations.controller.phases import phase_of, step_under_way
from dbmigrations.controller.plan.scene import Scene
from dbmigrations.controller.snapshot import JobFacts, JobState
from dbmigrations.controller.texts import CONDITION_MESSAGE, clip
from dbmigrations.controller.transitions import events_of, transitions_between

AT_ONCE = timedelta(0)
SOON = timedelta(seconds=30)
"""While something is under way: the defence against a lost wake-up."""
LATER = timedelta(minutes=10)
"""While nothing is."""


@dataclass(frozen=True)
class Finding:
    """What a rule found: how things stand, what to do, and when to look again at the latest."""

    rule: str
    outlook: Outlook
    look_again: timedelta
    effect: Effect | None = None


def decide(scene: Scene, finding: Finding) -> Decision:
    """The decision; `scene.status` is what the rule made of the status."""
    before = scene.snapshot.resource.status
    after = scene.status.model_copy(
        update={
            "observed_generation": scene.snapshot.resource.generation,
            "phase": phase_of(finding.outlook, scene.status),
            "step": step_under_way(scene.status),
            "message": clip(finding.outlook.message, CONDITION_MESSAGE),
            "conditions": conditions_of(
                finding.outlook, before.conditions, scene.snapshot.resource.generation, scene.now
            ),
        }
    )
    transitions = transitions_between(before, after, scene.now)
    return Decision(
        rule=finding.rule,
        status=WriteStatus(after, scene.snapshot.resource.resource_version) if after != before else None,
        effect=finding.effect,
        requeue_after=finding.look_again.total_seconds(),
        events=events_of(transitions),
        transitions=transitions,
    )


def stopping(scene: Scene, job: JobFacts) -> DeleteJob:
    """Stop the Job: it stays until its Pods have ended, each by its own grace period."""
    return DeleteJob(job.name, scene.snapshot.resource.namespace, job.uid, Propagation.FOREGROUND)


def pruning(scene: Scene) -> DeleteJob | None:
    """Remove one finished Job that nobody needs: of an earlier run, or an earlier attempt of a step of this one.

    The last attempt of each step of the last run stays as evidence. Without a run in the status nothing is removed:
    what the Jobs know may not have been read.
    """
    if scene.run is None:
        return None
    kept = {one.job for one in scene.run.steps}
    for job in scene.jobs:
        if job.state is not JobState.ACTIVE and not job.deleting and job.name not in kept:
            return DeleteJob(job.name, scene.snapshot.resource.namespace, job.uid, Propagation.BACKGROUND)
    return None
