"""`status` of a DatabaseMigration: what the operator saw. The database decides what is true; this repeats it."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from dbmigrations.api.model import ApiModel
from dbmigrations.api.step import BackupReport, PlanSummary, StepName, StepRef, Trigger


class Phase(StrEnum):
    """For people only: no decision, ours or another's, depends on it."""

    PENDING = "Pending"
    PREFLIGHT = "Preflight"
    AWAITING_APPROVAL = "AwaitingApproval"
    BASELINING = "Baselining"
    BACKING_UP = "BackingUp"
    MIGRATING_SCHEMA = "MigratingSchema"
    MIGRATING_SQL = "MigratingSQL"
    MIGRATING_DATA = "MigratingData"
    ROLLING_BACK = "RollingBack"
    VERIFYING = "Verifying"
    READY = "Ready"
    WAITING = "Waiting"
    STALLED = "Stalled"
    SUSPENDED = "Suspended"
    DELETING = "Deleting"


class StepState(StrEnum):
    """Where a step of the run stands."""

    STARTING = "Starting"  # recorded before its Job is created
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"  # for good, refusals included
    WAITING = "Waiting"  # the attempt ended; the next one starts at `retryAt`
    SKIPPED = "Skipped"
    STOPPED = "Stopped"  # its Job was deleted: cancel, deletion


class StepStatus(ApiModel):
    """One step of a run."""

    name: StepName = Field(description="Which kind of step.")
    release: str = Field("", max_length=64, description="The release that the step works on. Empty: the whole run.")
    ordinal: int = Field(0, ge=0, description="Place in the run's sequence of steps, from 0.")
    state: StepState = Field(description="Where the step stands.")
    job: str = Field("", max_length=63, description="Name of its Job. Empty: it needed none.")
    attempts: int = Field(0, ge=0, description="How many Jobs were started for it.")
    lost: int = Field(0, ge=0, description="How many of the last attempts in a row ended without a result.")
    reason: str = Field("", max_length=64, description="Why it failed or waits, in one word.")
    message: str = Field("", max_length=2048, description="What happened, and what to do.")
    started_at: datetime | None = Field(None, description="When its first Job was created.")
    running_since: datetime | None = Field(None, description="When its Pod began to run. Absent: it does not run yet.")
    finished_at: datetime | None = Field(None, description="When it ended.")
    retry_at: datetime | None = Field(None, description="When a waiting step is tried again.")

    @property
    def ref(self) -> StepRef:
        """Which step this is."""
        return StepRef(name=self.name, release=self.release, ordinal=self.ordinal)


class RunImages(ApiModel):
    """The images that the run began with and keeps."""

    runner: str = Field("", max_length=512, description="Image of the runner.")
    source: str = Field("", max_length=512, description="Image of the release directory. Empty: it is not in one.")


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    REFUSED = "Refused"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    SUPERSEDED = "Superseded"


class RunStatus(ApiModel):
    """The run under way, or the last one."""

    id: str = Field(max_length=36, description="Identifies the run, here and in the database's history.")
    generation: int = Field(0, ge=0, description="The metadata.generation that the run carries out.")
    inputs: str = Field("", max_length=80, description="Digest of the fields whose change starts a run.")
    trigger: Trigger = Field(Trigger.SPEC, description="What started the run.")
    undo_run: str = Field("", max_length=36, description="The failed run that this one undoes.")
    target_version: str = Field("", max_length=64, description="The version that the run leads to.")
    state: RunState = Field(RunState.RUNNING, description="Where the run stands.")
    reason: str = Field("", max_length=64, description="Why it ended as it did, in one word.")
    message: str = Field("", max_length=2048, description="What happened, and what to do.")
    plan_hash: str = Field("", max_length=80, description="Hash of the plan that the run carries out.")
    changed: bool = Field(
        default=False, description="Whether a step after preflight has succeeded in changing something."
    )
    images: RunImages = Field(RunImages(), description="The images that the run began with and keeps.")
    next: StepRef | None = Field(None, description="The step that follows. Absent: none.")
    steps: tuple[StepStatus, ...] = Field((), max_length=50, description="The last 50 steps, in their order.")
    started_at: datetime | None = Field(None, description="When the run began.")
    finished_at: datetime | None = Field(None, description="When the run ended.")


class RunSummary(ApiModel):
    """One line about an ended run."""

    id: str = Field(max_length=36, description="Identifies the run, here and in the database's history.")
    target_version: str = Field("", max_length=64, description="The version that the run led to.")
    trigger: Trigger = Field(Trigger.SPEC, description="What started the run.")
    state: RunState = Field(description="How the run ended.")
    reason: str = Field("", max_length=64, description="Why it ended as it did, in one word.")
    plan_hash: str = Field("", max_length=80, description="Hash of the plan that it carried out.")
    changed: bool = Field(default=False, description="Whether it changed something in the database.")
    started_at: datetime | None = Field(None, description="When the run began.")
    finished_at: datetime | None = Field(None, description="When the run ended.")


class Condition(ApiModel):
    """A condition as Kubernetes writes it."""

    type: str = Field(min_length=1, max_length=64, description="Ready, Reconciling, Stalled, …")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it holds.")
    reason: str = Field(min_length=1, max_length=64, description="Why, in one word.")
    message: str = Field("", max_length=4096, description="Why, for people, and what to do.")
    observed_generation: int = Field(0, ge=0, description="The metadata.generation that this was said about.")
    last_transition_time: datetime = Field(description="When `status` last changed.")


class DatabaseMigrationStatus(ApiModel):
    """What the operator saw. All of it can be lost: the database knows the rest."""

    observed_generation: int = Field(
        -1, ge=-1, description="The metadata.generation that this status is about. -1: nobody has looked yet."
    )
    phase: Phase | None = Field(None, description="Where things stand, for people only; conditions decide.")
    current_version: str = Field(
        "",
        max_length=65,
        description="What the database says its version is; a trailing * : changed since its last passed verify.",
    )
    target_version: str = Field("", max_length=64, description="The version that the run under way leads to.")
    checked_at: datetime | None = Field(None, description="When the database was last asked for its version.")
    step: str = Field("", max_length=128, description="The step under way, for people.")
    message: str = Field("", max_length=4096, description="What is going on, and what to do.")
    plan: PlanSummary | None = Field(None, description="The plan of the run; the readable plan is preflight's log.")
    run: RunStatus | None = Field(None, description="The run under way, or the last one.")
    backup: BackupReport | None = Field(None, description="The newest backup.")
    runs: tuple[RunSummary, ...] = Field((), max_length=10, description="The last ten runs that ended, newest first.")
    last_changing_run: str = Field("", max_length=36, description="The newest changing run that succeeded.")
    handled_requested_at: str = Field(
        "", max_length=64, description="The last value of the requestedAt annotation that was acted on."
    )
    conditions: tuple[Condition, ...] = Field(
        (),
        max_length=16,
        description="Ready, Reconciling and Stalled, as kstatus, Flux and Argo CD read them.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
