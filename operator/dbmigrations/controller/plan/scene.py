"""The facts of one pass as the rules ask for them, with what has been learned from them so far."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.resource import CANCEL, FINALIZER, JOB_LABELS, REQUESTED_AT
from dbmigrations.api.spec import DatabaseMigrationSpec, Timeouts
from dbmigrations.api.status import DatabaseMigrationStatus, RunState, RunStatus, StepState, StepStatus
from dbmigrations.controller.durations import seconds
from dbmigrations.controller.foresight import foreseen
from dbmigrations.controller.inputs import inputs_digest
from dbmigrations.controller.snapshot import InvalidSpec, JobFacts, JobState, PodFacts, PodPhase, Resource, Snapshot
from dbmigrations.controller.startup import running_since
from dbmigrations.controller.status import RunOf

_HANDLED_LIMIT = 64
_AWAITED = frozenset({StepState.STARTING, StepState.RUNNING})
_ALIVE = frozenset({PodPhase.PENDING, PodPhase.RUNNING, PodPhase.UNKNOWN})


@dataclass(frozen=True)
class Scene:
    """`status` is the resource's own at first, and then what it would be if it were written now."""

    snapshot: Snapshot
    now: datetime
    status: DatabaseMigrationStatus
    inputs: str
    """Digest of the spec's inputs; empty where the spec cannot be obeyed."""

    @classmethod
    def of(cls, snapshot: Snapshot, now: datetime) -> "Scene":
        """The scene before anything was learned."""
        spec = snapshot.resource.spec
        return cls(
            snapshot, now, snapshot.resource.status, "" if isinstance(spec, InvalidSpec) else inputs_digest(spec)
        )

    def having(self, status: DatabaseMigrationStatus) -> "Scene":
        """The same scene with another status."""
        return replace(self, status=status)

    @property
    def resource(self) -> Resource:
        """The resource, with the status as it is by now."""
        return replace(self.snapshot.resource, status=self.status)

    # the spec

    @property
    def spec(self) -> DatabaseMigrationSpec | None:
        """The spec, where it can be obeyed."""
        spec = self.snapshot.resource.spec
        return None if isinstance(spec, InvalidSpec) else spec

    @property
    def invalid(self) -> InvalidSpec | None:
        """Why the spec cannot be obeyed."""
        spec = self.snapshot.resource.spec
        return spec if isinstance(spec, InvalidSpec) else None

    @property
    def suspended(self) -> bool:
        """Whether nothing more is to be started."""
        return self.spec is not None and self.spec.suspend

    @property
    def start_timeout(self) -> timedelta:
        """How long a Pod may take to start."""
        timeouts = self.spec.timeouts if self.spec is not None else Timeouts()
        return timedelta(seconds=seconds(timeouts.start))

    @property
    def inputs_changed(self) -> bool:
        """Whether the spec asks for something else than the run was begun with."""
        return bool(self.inputs) and self.run is not None and self.inputs != self.run.inputs

    # the annotations

    @property
    def request(self) -> str:
        """What the requestedAt annotation says, as far as the status can remember it."""
        return self.snapshot.resource.annotations.get(REQUESTED_AT, "")[:_HANDLED_LIMIT]

    @property
    def requested(self) -> bool:
        """Whether a person asked to look again and was not heard yet."""
        return bool(self.request) and self.request != self.status.handled_requested_at

    @property
    def requested_before_the_status_was_lost(self) -> bool:
        """Whether the Jobs of before tell that the request came when their run had begun; without Jobs nobody knows."""
        return bool(self.request and self.jobs) and all(one.requested_at != self.request for one in self.jobs)

    @property
    def cancel_wanted(self) -> bool:
        """Whether the cancel annotation names this very run."""
        return self.run is not None and self.snapshot.resource.annotations.get(CANCEL) == self.run.id

    @property
    def has_finalizer(self) -> bool:
        """Whether ours is there."""
        return FINALIZER in self.snapshot.resource.finalizers

    # the run and its current step

    @property
    def run(self) -> RunStatus | None:
        """The run under way, or the last one."""
        return self.status.run

    @property
    def running(self) -> RunOf | None:
        """The run, while it is under way."""
        run = self.run
        return RunOf(self.status, run) if run is not None and run.state is RunState.RUNNING else None

    @property
    def step(self) -> StepStatus | None:
        """The run's current step."""
        return self.run.steps[-1] if self.run is not None and self.run.steps else None

    @property
    def awaited(self) -> RunOf | None:
        """The run, while an attempt of its current step is awaited: its Job exists or is to be created."""
        running, step = self.running, self.step
        return running if running is not None and step is not None and step.state in _AWAITED else None

    @property
    def awaiting_approval(self) -> bool:
        """Whether the run ended because a person has to approve its plan."""
        run = self.run
        return run is not None and run.state is RunState.REFUSED and run.reason == Refusal.AWAITING_APPROVAL

    # Jobs and Pods

    @property
    def jobs(self) -> tuple[JobFacts, ...]:
        """The Jobs that this very resource controls, by name; one whose Pod has succeeded counts as Complete."""
        uid, pods = self.snapshot.resource.uid, self.snapshot.pods
        ours = (foreseen(one, pods, self.now) for one in self.snapshot.jobs if one.owner_uid == uid)
        return tuple(sorted(ours, key=lambda one: one.name))

    @property
    def job(self) -> JobFacts | None:
        """The Job of the awaited attempt."""
        if self.awaited is None:
            return None
        name = self.awaited.step.job
        return next((one for one in self.jobs if one.name == name), None)

    @property
    def unawaited_jobs(self) -> tuple[JobFacts, ...]:
        """Active Jobs that are not the awaited attempt: of an earlier attempt, of an earlier run, of a lost status."""
        name = self.awaited.step.job if self.awaited is not None else ""
        return tuple(one for one in self.jobs if one.state is JobState.ACTIVE and one.name != name)

    @property
    def unawaited_pods(self) -> tuple[PodFacts, ...]:
        """Living Pods of other attempts than the one that is awaited and has a Job."""
        job = self.job
        return tuple(one for one in self.living_pods if job is None or one.job != job.name)

    @property
    def living_pods(self) -> tuple[PodFacts, ...]:
        """Pods in which something may still run."""
        return tuple(one for one in self.snapshot.pods if one.phase in _ALIVE)

    def pods_of(self, job: JobFacts) -> tuple[PodFacts, ...]:
        """The Pods of this Job."""
        return tuple(one for one in self.snapshot.pods if one.job == job.name)

    def is_of_this_run(self, job: JobFacts) -> bool:
        """Whether the Job was created for the run that the status knows."""
        return self.run is not None and job.labels.get(JOB_LABELS.run) == self.run.id

    def start_is_overdue(self, job: JobFacts) -> bool:
        """Whether the Job's runner should be running by now and is not."""
        if job.created_at is None or running_since(self.pods_of(job)) is not None:
            return False
        return self.now - job.created_at >= self.start_timeout
