"""The step contract: one JSON request as an argument in, one JSON result of at most 4,096 bytes out.

The request carries no secret: credentials are mounted files, and a person's laptop passes a URL by environment.
Both sides carry a format number; a runner that is given a format it does not know says so and does nothing.
"""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError

from dbmigrations.api.model import ApiModel
from dbmigrations.api.reasons import Failure, Refusal, Waiting
from dbmigrations.api.result_errors import ResultCutOffError as ResultCutOffError
from dbmigrations.api.result_errors import ResultInvalidError as ResultInvalidError
from dbmigrations.api.result_errors import ResultTooLargeError as ResultTooLargeError
from dbmigrations.api.secret_keys import SecretKeys
from dbmigrations.api.words import (
    ApprovalMode,
    BackupWhen,
    ChangePolicy,
    DriftPolicy,
    ExceptionsPolicy,
    OperationsPolicy,
    RollbackPolicy,
    TlsMode,
)
from dbmigrations.api.words import Direction as Direction
from dbmigrations.api.words import Outcome as Outcome
from dbmigrations.api.words import PlanDirection as PlanDirection
from dbmigrations.api.words import StepName as StepName
from dbmigrations.api.words import Trigger as Trigger

FORMAT: Literal[1] = 1
"""The version of this contract. Fields may be added under the same number; a changed meaning is a new number."""

RESULT_LIMIT = 4096
"""Bytes. What Kubernetes keeps of a container's termination message."""

SHARED_LIMIT = 12 * 1024 // 5
"""Bytes. What it keeps where two containers were added to the three of ours: a Pod's containers share 12 KiB evenly.

`kubectl debug` adds one, and so does whoever injects sidecars; a message is rather cut by us than a result by the node.
"""

_LEAST_MESSAGE = 1024
"""Characters of a message that are worth more than that."""

_LEAST_SHARE = 512
"""Bytes. No node cuts a result shorter: there would have to be two dozen containers."""

MEMORY = "/dbmigrations/memory"
"""Where the Pod of a step that dumps has a folder in memory, for the password file: it must reach no disk."""


class StepRef(ApiModel):
    """One step of a run: `ordinal` counts the run's steps from 0, so that a step is found again in the stored plan."""

    name: StepName = Field(description="Which kind of step.")
    release: str = Field(default="", max_length=64, description="The release it works on. Empty: the whole run.")
    ordinal: int = Field(default=0, ge=0, description="Place in the run's sequence of steps, from 0.")


class Requester(ApiModel):
    """The resource on whose behalf a step runs; its owner identity in the database."""

    cluster: str = Field(max_length=253)
    namespace: str = Field(max_length=63)
    name: str = Field(max_length=63)
    uid: str = Field(max_length=64)
    generation: int = Field(ge=0)

    @property
    def owner(self) -> str:
        """`<cluster>/<namespace>/<name>`, as the owner row has it."""
        return f"{self.cluster}/{self.namespace}/{self.name}"


class RequestedPolicy(ApiModel):
    """The policy that preflight evaluates; the defaults are those of the resource."""

    operations: OperationsPolicy = OperationsPolicy.NON_DESTRUCTIVE
    exceptions: ExceptionsPolicy = ExceptionsPolicy.DECLARED
    rollback: RollbackPolicy = RollbackPolicy.AUTOMATIC
    approval: ApprovalMode = ApprovalMode.NEVER
    require_down: bool = False
    changed_release: ChangePolicy = ChangePolicy.REFUSE
    out_of_order: ChangePolicy = ChangePolicy.REFUSE
    drift: DriftPolicy = DriftPolicy.REPORT
    drift_ignore: tuple[str, ...] = ()


class RequestedBackup(ApiModel):
    """The backup that the run takes. `directory` is where its storage is mounted, empty when there is none."""

    when: BackupWhen = BackupWhen.ALWAYS
    directory: str = ""
    retain: int = Field(default=5, ge=1, le=1000)


class RequestedTimeouts(ApiModel):
    """Seconds. 0 means no limit where PostgreSQL says so (lock, statement)."""

    lock: float = 1.0
    wait: float = 600.0
    statement: float = 0.0
    step: float = 3600.0


class RequestedGates(ApiModel):
    """The limits at which long work waits, in seconds and bytes. None: no limit."""

    replica_lag: float | None = Field(None, ge=0)
    replica_lag_size: int | None = Field(None, ge=0)
    retained_wal: int | None = Field(None, ge=0)
    oldest_transaction: float | None = Field(None, ge=0)


class RequestedBackfill(ApiModel):
    """How fast backfills may go: rows in a second, and seconds for a batch. 0: no limit; as their files say."""

    max_rate: float = Field(default=0, ge=0)
    target_time: float = Field(default=0, ge=0)


class RequestedConnection(ApiModel):
    """How the database is reached: what the mounted Secret does not say itself."""

    secret: str = ""
    """Name of the Secret, for messages; what it holds is mounted."""
    backup_secret: str = ""
    keys: SecretKeys = SecretKeys()
    backup_keys: SecretKeys = SecretKeys()
    host: str = ""
    port: int = 5432
    name: str = ""
    tls_mode: TlsMode = TlsMode.PREFER
    ca_file: str = ""
    """Path of the mounted certificates; empty: the system's."""


class StepRequest(ApiModel):
    """What one Job is asked to do. Everything that decides stands here or in the database, nothing in the Job."""

    format: Literal[1] = FORMAT
    step: StepRef
    run: str = Field(max_length=36)
    trigger: Trigger = Trigger.SPEC
    requester: Requester
    version: str = Field(max_length=64)
    schema_name: Annotated[str, Field(alias="schema")] = "public"
    history_schema: str = "dbmigrations"
    role: str = ""
    source: str = ""
    """The release directory as mounted in the Pod."""
    credentials: str = ""
    """The folder where the Secret of the connection is mounted."""
    backup_credentials: str = ""
    """The folder of another login for the dump; empty: the same."""
    connection: RequestedConnection = RequestedConnection()
    policy: RequestedPolicy = RequestedPolicy()
    backup: RequestedBackup = RequestedBackup()
    timeouts: RequestedTimeouts = RequestedTimeouts()
    gates: RequestedGates | None = None
    """None: there are none, and a runner that has never heard of gates reads the request as well."""
    backfill: RequestedBackfill | None = None
    """None: nothing is asked for, as with gates."""
    baseline: str = ""
    """The version that an existing database is taken to be at; empty: none."""
    approved_plan: str = ""
    plan_hash: str = ""
    """The plan that preflight made; empty for preflight itself."""
    last_run: str = ""
    """The newest changing run that the status holds as succeeded; the database must know it."""
    undo_run: str = ""
    """With trigger OnFailureRollback: the failed run whose applied migrations are to be undone."""
    requested_by: str = Field(default="", max_length=253)
    git_revision: str = Field(default="", max_length=253)
    image_digest: str = Field(default="", max_length=512)


class DataLoss(ApiModel):
    """What a plan loses: counted rows and values, and whether there is loss that nobody can count."""

    rows: int = Field(default=0, ge=0, description="Rows of existing tables that are dropped or truncated.")
    values: int = Field(default=0, ge=0, description="Non-null values of columns that are dropped or retyped.")
    unknown: bool = Field(default=False, description="Whether there is loss that nobody can count.")
    estimated: bool = Field(default=False, description="Whether a number is the planner's estimate.")

    @property
    def any(self) -> bool:
        """Whether the plan counts as losing data: unknown loss does."""
        return self.unknown or self.rows > 0 or self.values > 0


class PlanSummary(ApiModel):
    """What the status shows of a plan; the readable plan is preflight's log."""

    hash: str = Field(max_length=80, description="Identifies the plan; spec.approvedPlan approves exactly it.")
    direction: PlanDirection = Field(description="Which way it goes.")
    releases: tuple[Annotated[str, Field(max_length=64)], ...] = Field(
        default=(), max_length=20, description="The first 20 releases that it touches, in its order."
    )
    release_count: int = Field(default=0, ge=0, description="How many releases it touches.")
    migrations: int = Field(default=0, ge=0, description="How many migrations it applies or undoes.")
    operations: dict[str, int] = Field(
        default_factory=dict, max_length=16, description="How many statements of each class."
    )
    data_loss: DataLoss = Field(default=DataLoss(), description="What it loses.")


class BackupReport(ApiModel):
    """A backup that was taken and checked."""

    location: str = Field(max_length=512, description="Where it is kept.")
    taken_at: datetime = Field(description="When it was taken.")
    size_bytes: int = Field(ge=0, description="How large it is.")
    sha256: str = Field(max_length=64, description="Digest over the checksums of all its files.")
    verified: Literal["Contents"] = Field(
        default="Contents", description="Contents: its checksums and its table of contents were read back."
    )


class StepResult(ApiModel):
    """What one Job says. `message` is for people: file, line and the next thing to do, never row data or a secret."""

    format: Literal[1] = FORMAT
    step: StepRef
    run: str = Field(max_length=36)
    outcome: Outcome
    reason: Refusal | Failure | Waiting | None = None
    message: str = ""
    current_version: str | None = None
    """The database's version as the database says it; a trailing `*` means partly changed since. None: not read."""
    plan: PlanSummary | None = None
    next: StepRef | None = None
    """The step that follows; None: the run has nothing more to do."""
    backup: BackupReport | None = None
    applied: int = Field(default=0, ge=0)
    """Migrations applied or undone by this step."""
    last_run: str | None = None
    """The newest changing run of this resource that the database knows as succeeded; empty: none. None: not read."""

    def encode(self) -> bytes:
        """Compact JSON within RESULT_LIMIT, and within SHARED_LIMIT where a message of 1,024 characters may stay.

        The message is cut (with an ellipsis) to fit.

        Raises:
            ResultTooLargeError: where even an empty message does not fit.
        """
        raw = self._within(SHARED_LIMIT, _LEAST_MESSAGE, len(self.message))
        raw = raw or self._within(RESULT_LIMIT, 0, _LEAST_MESSAGE)
        if raw is None:
            raise ResultTooLargeError(f"the result of step {self.step.name} does not fit {RESULT_LIMIT} bytes")
        return raw

    def _within(self, limit: int, low: int, high: int) -> bytes | None:
        """As much of the message as fits, from `low` to `high` characters; None: not even `low`."""
        raw = compact_json(self)
        if len(self.message) <= high and len(raw) <= limit:
            return raw
        best: bytes | None = None
        while low <= high:
            middle = (low + high) // 2
            raw = compact_json(self.model_copy(update={"message": self.message[:middle] + "…"}))
            if len(raw) <= limit:
                best, low = raw, middle + 1
            else:
                high = middle - 1
        return best

    @classmethod
    def decode(cls, raw: str) -> Self:
        """Read a termination message.

        Raises:
            ResultCutOffError: where it stops in the middle.
            ResultInvalidError: where it is empty, oversized, not JSON, of another format, or not of this shape.
        """
        if not raw.strip():
            raise ResultInvalidError("the Job ended without a result")
        if len(raw.encode()) > RESULT_LIMIT:
            raise ResultInvalidError(f"the result is longer than {RESULT_LIMIT} bytes")
        try:
            return cls.model_validate_json(raw)
        except ValidationError as error:
            if _stops_in_the_middle(error) and len(raw.encode()) >= _LEAST_SHARE:
                raise ResultCutOffError(f"the result was cut off after {len(raw.encode())} bytes") from None
            raise ResultInvalidError(f"the result is malformed at {places(error)}") from None


def _stops_in_the_middle(error: ValidationError) -> bool:
    return any(str(fault.get("ctx", {}).get("error", "")).startswith("EOF") for fault in error.errors())


def places(error: ValidationError) -> str:
    """Where the first three faults are; a field that the contract does not have is not repeated by its name."""
    found = []
    for fault in error.errors()[:3]:
        known = fault["loc"][:-1] if fault["type"] == "extra_forbidden" else fault["loc"]
        path = ".".join(str(part) for part in known)
        found.append(f"{path} ({fault['type']})" if path else fault["type"])
    return ", ".join(found)


def compact_json(result: StepResult) -> bytes:
    """The result as UTF-8 JSON without what is absent."""
    return result.model_dump_json(by_alias=True, exclude_none=True).encode()
