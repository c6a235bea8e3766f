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

    name: StepName
    release: str = Field("", max_length=64)
    ordinal: int = Field(0, ge=0)
    state: StepState
    job: str = Field("", max_length=63)
    attempts: int = Field(0, ge=0)
    reason: str = Field("", max_length=64)
    message: str = Field("", max_length=2048)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    retry_at: datetime | None = None

    @property
    def ref(self) -> StepRef:
        """Which step this is."""
        return StepRef(name=self.name, release=self.release, ordinal=self.ordinal)


class RunImages(ApiModel):
    """The images that the run began with and keeps."""

    runner: str = Field("", max_length=512)
    source: str = Field("", max_length=512)


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

    id: str = Field(max_length=36)
    generation: int = Field(0, ge=0)
    inputs: str = Field("", max_length=80, description="Digest of the fields whose change starts a run.")
    trigger: Trigger = Trigger.SPEC
    undo_run: str = Field("", max_length=36)
    target_version: str = Field("", max_length=64)
    state: RunState = RunState.RUNNING
    reason: str = Field("", max_length=64)
    message: str = Field("", max_length=2048)
    plan_hash: str = Field("", max_length=80)
    changed: bool = Field(
        default=False, description="Whether a step after preflight has succeeded in changing something."
    )
    images: RunImages = RunImages()
    next: StepRef | None = None
    steps: tuple[StepStatus, ...] = Field((), max_length=50)
    started_at: datetime | None = None
    finished_at: datetime | None = None


class RunSummary(ApiModel):
    """One line about an ended run."""

    id: str = Field(max_length=36)
    target_version: str = Field("", max_length=64)
    trigger: Trigger = Trigger.SPEC
    state: RunState
    reason: str = Field("", max_length=64)
    plan_hash: str = Field("", max_length=80)
    changed: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Condition(ApiModel):
    """A condition as Kubernetes writes it."""

    type: str = Field(max_length=64)
    status: Literal["True", "False", "Unknown"]
    reason: str = Field(min_length=1, max_length=64)
    message: str = Field("", max_length=4096)
    observed_generation: int = Field(0, ge=0)
    last_transition_time: datetime


class DatabaseMigrationStatus(ApiModel):
    """What the operator saw. All of it can be lost: the database knows the rest."""

    observed_generation: int = -1
    phase: Phase | None = None
    current_version: str = Field("", max_length=65, description="Trailing * : changed since its last passed verify.")
    target_version: str = Field("", max_length=64)
    checked_at: datetime | None = Field(None, description="When the database was last asked for its version.")
    step: str = Field("", max_length=128, description="The step under way, for people.")
    message: str = Field("", max_length=4096, description="What is going on, and what to do.")
    plan: PlanSummary | None = None
    run: RunStatus | None = None
    backup: BackupReport | None = None
    runs: tuple[RunSummary, ...] = Field((), max_length=10)
    last_changing_run: str = Field("", max_length=36, description="The newest changing run that succeeded.")
    handled_requested_at: str = Field("", max_length=64)
    conditions: tuple[Condition, ...] = Field((), max_length=16)
