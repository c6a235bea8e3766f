"""What the plan may know: one resource, its Jobs, their Pods and events, as frozen facts read in one pass.

Times are aware datetimes in UTC. The time of day is not among the facts: it is handed to the plan beside them.
Texts are what the API server says, unshortened. Lists need no order: the plan sorts where order matters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from dbmigrations.api.spec import DatabaseMigrationSpec
from dbmigrations.api.status import DatabaseMigrationStatus


@dataclass(frozen=True)
class InvalidSpec:
    """A spec that is not obeyed: the path of the field (`spec.steps.backup.storage`) and what to do about it."""

    field: str
    message: str


@dataclass(frozen=True)
class Resource:
    """The DatabaseMigration itself. `reading.read_spec` and `reading.read_status` make the two halves."""

    namespace: str
    name: str
    uid: str
    generation: int
    resource_version: str
    spec: DatabaseMigrationSpec | InvalidSpec
    status: DatabaseMigrationStatus
    finalizers: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    deletion_timestamp: datetime | None = None


class JobState(StrEnum):
    """How far a Job is, by its conditions alone: `status.failed` and `FailureTarget` are no verdict."""

    ACTIVE = "Active"  # neither condition below is True: it may still start Pods
    COMPLETE = "Complete"  # condition Complete is True
    FAILED = "Failed"  # condition Failed is True


@dataclass(frozen=True)
class JobFacts:
    """One Job that carries the resource's uid as a label."""

    name: str
    uid: str
    labels: Mapping[str, str]
    owner_uid: str  # of the controlling ownerReference; empty: none
    state: JobState
    spec_hash: str = ""  # annotation actions.SPEC_HASH
    reason: str = ""  # of the condition Failed: BackoffLimitExceeded, DeadlineExceeded, PodFailurePolicy
    message: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None  # status.startTime
    deleting: bool = False  # deletionTimestamp is set
    suspended: bool = False  # spec.suspend: it starts no Pod; never ours
    limit: int = 0  # spec.activeDeadlineSeconds; 0: none
    requested_at: str = ""  # annotation requestedAt: the request that its run had handled


class PodPhase(StrEnum):
    """`status.phase` of a Pod."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


@dataclass(frozen=True)
class ContainerFacts:
    """One container's state. Pods never restart their containers, so there is no earlier state."""

    name: str
    init: bool = False
    image: str = ""  # the reference in the Pod's spec
    image_id: str = ""  # status.imageID
    waiting_reason: str = ""  # ImagePullBackOff, CreateContainerConfigError, PodInitializing, …
    waiting_message: str = ""
    started_at: datetime | None = None  # of the running or of the terminated state
    finished_at: datetime | None = None
    exit_code: int | None = None  # None: not terminated
    exit_reason: str = ""  # Completed, Error, OOMKilled, StartError, ContainerStatusUnknown, …
    exit_message: str = ""  # the termination message


@dataclass(frozen=True)
class PodFacts:
    """One Pod that carries the resource's uid as a label, whether its Job still exists or not."""

    name: str
    uid: str
    job: str  # label batch.kubernetes.io/job-name
    phase: PodPhase
    owner_uid: str = ""  # of the controlling ownerReference; empty: none
    containers: tuple[ContainerFacts, ...] = ()  # init containers first
    unschedulable: str = ""  # message of condition PodScheduled=False
    reason: str = ""  # status.reason: Evicted, …
    message: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None  # status.startTime
    deleting: bool = False


@dataclass(frozen=True)
class EventFacts:
    """One core event about a Job or Pod of ours. Only those of type Warning are needed."""

    kind: str  # of the involved object: Job or Pod
    name: str
    uid: str
    reason: str  # FailedCreate, FailedMount, FailedScheduling, Failed, …
    message: str
    last_seen: datetime | None = None


@dataclass(frozen=True)
class OperatorFacts:
    """What the operator's own settings say."""

    cluster: str  # first part of the owner's identity in the database
    runner_image: str
    pull_policy: str = ""  # of the runner's image; empty: as Kubernetes does by itself


@dataclass(frozen=True)
class CreationRefused:
    """Why the Job of this name could not be created: quota, admission, validation, or a stranger of the same name."""

    job: str
    message: str


@dataclass(frozen=True)
class Snapshot:
    """All facts of one pass.

    `fresh_run_id` is a new random id (at most 36 characters) each time; the plan uses it if it starts a run.
    `refused` is set only when the pass before this one, in the same reconcile, was told no: the snapshot is then
    gathered anew, and the plan writes into the status what the API server said.
    `pods` and `events` may be left empty when none of `jobs` is unread, see `plan.needs_pods`.
    """

    resource: Resource
    operator: OperatorFacts
    fresh_run_id: str
    jobs: tuple[JobFacts, ...] = ()
    pods: tuple[PodFacts, ...] = ()
    events: tuple[EventFacts, ...] = ()
    refused: CreationRefused | None = None
