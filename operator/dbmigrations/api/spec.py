"""`spec` of a DatabaseMigration: every field is documented here, bounded here, and obeyed."""

from typing import Annotated

from pydantic import Field

from dbmigrations.api.job_template import JobTemplate, SecretReference
from dbmigrations.api.model import ApiModel
from dbmigrations.api.scalars import AbsolutePath, Duration, Identifier, ObjectName, Size, Version
from dbmigrations.api.secret_keys import SecretKey
from dbmigrations.api.secret_keys import SecretKeys as SecretKeys
from dbmigrations.api.words import ApprovalMode as ApprovalMode
from dbmigrations.api.words import BackupMethod as BackupMethod
from dbmigrations.api.words import BackupWhen as BackupWhen
from dbmigrations.api.words import ChangePolicy as ChangePolicy
from dbmigrations.api.words import DriftPolicy as DriftPolicy
from dbmigrations.api.words import ExceptionsPolicy as ExceptionsPolicy
from dbmigrations.api.words import OnFailure as OnFailure
from dbmigrations.api.words import OperationsPolicy as OperationsPolicy
from dbmigrations.api.words import PullPolicy as PullPolicy
from dbmigrations.api.words import RollbackPolicy as RollbackPolicy
from dbmigrations.api.words import TlsMode as TlsMode


class ConnectionSecretReference(ApiModel):
    """The Secret with the login."""

    name: ObjectName = Field(description="Name of the Secret, in the namespace of this resource.")
    keys: SecretKeys = Field(SecretKeys(), description="Which keys to read, where they are not the usual ones.")


class Tls(ApiModel):
    """How the connection is encrypted and the server identified."""

    mode: TlsMode = Field(TlsMode.PREFER, description="libpq's sslmode. verify-ca and verify-full need caSecretRef.")
    ca_secret_ref: SecretReference | None = Field(
        None, description="Secret whose key `ca.crt` holds the certificates that sign the server's."
    )


class Database(ApiModel):
    """The database that this resource is about."""

    secret_ref: ConnectionSecretReference = Field(description="The Secret with the login of the migrating role.")
    host: str = Field("", max_length=253, description="Host, where the Secret carries none.")
    port: int = Field(5432, ge=1, le=65535, description="Port, where the Secret carries none.")
    name: str = Field("", max_length=63, description="Database name, where the Secret carries none.")
    tls: Tls = Field(Tls(), description="Encryption and identification of the server.")
    schema_name: Annotated[Identifier, Field(alias="schema")] = Field(
        "public", description="The application's schema, first in search_path."
    )
    history_schema: Identifier = Field(
        "dbmigrations", description="The schema of the history tables. It belongs to this tool alone."
    )
    role: str = Field("", max_length=63, description="Role that migrations run as (SET ROLE). Empty: the login itself.")


class ImageSource(ApiModel):
    """A container image that carries the release directory. It needs no shell: distroless and scratch will do."""

    reference: str = Field(
        min_length=1, max_length=512, description="Image reference; `{version}` is replaced by spec.version."
    )
    path: AbsolutePath = Field("/database", description="Folder of the release directory in the image.")
    pull_policy: PullPolicy | None = Field(
        None,
        description="When a node asks the registry. Left out: as Kubernetes does it, Always for `:latest` and else "
        "IfNotPresent. Always, where a tag is pushed again: each run then begins with what the tag is now.",
    )
    pull_secrets: tuple[SecretReference, ...] = Field(
        default=(), max_length=8, description="Secrets of the registry, in the namespace of this resource."
    )


class KeyToPath(ApiModel):
    """One key of a ConfigMap and the file that it becomes."""

    key: SecretKey = Field(description="Key of the ConfigMap.")
    path: str = Field(min_length=1, max_length=512, description="Relative path of the file in the release directory.")


class ConfigMapSource(ApiModel):
    """A ConfigMap that carries a small release directory."""

    name: ObjectName = Field(description="Name of the ConfigMap.")
    items: tuple[KeyToPath, ...] = Field(
        default=(), max_length=512, description="Where each key's file goes. Empty: each key is a file of its own name."
    )


class ClaimSource(ApiModel):
    """A PersistentVolumeClaim that carries the release directory."""

    claim_name: ObjectName = Field(description="Name of the PersistentVolumeClaim.")
    path: str = Field("", max_length=512, description="Folder of the release directory in the volume. Empty: its root.")


class Source(ApiModel):
    """Where the release directory is found: exactly one of the three."""

    image: ImageSource | None = Field(None, description="An image that carries it.")
    config_map: ConfigMapSource | None = Field(None, description="A ConfigMap that carries it.")
    persistent_volume_claim: ClaimSource | None = Field(None, description="A volume that carries it.")


class Baseline(ApiModel):
    """A database that existed before: check, record, run nothing."""

    version: Version = Field(description="The version that the existing database is at.")


class ClaimStorage(ApiModel):
    """A PersistentVolumeClaim that keeps backups."""

    claim_name: ObjectName = Field(description="Name of the PersistentVolumeClaim.")
    path: str = Field("", max_length=512, description="Folder in the volume. Empty: its root.")


class BackupStorage(ApiModel):
    """Where backups are kept."""

    persistent_volume_claim: ClaimStorage = Field(description="A volume for the backups.")


class BackupStep(ApiModel):
    """The backup before a run changes anything."""

    method: BackupMethod = Field(
        BackupMethod.PG_DUMP, description="How the backup is taken: pg_dump, directory format."
    )
    when: BackupWhen = Field(
        BackupWhen.ALWAYS, description="Always; DataLoss: only before a plan that loses data; Never."
    )
    storage: BackupStorage | None = Field(None, description="Where backups are kept. Needed unless `when` is Never.")
    retain: int = Field(5, ge=1, le=1000, description="How many backups of this database are kept.")
    secret_ref: ConnectionSecretReference | None = Field(
        None, description="Another login for the dump: one with BYPASSRLS, where tables are under FORCE RLS."
    )
    timeout: Duration | None = Field(None, description="How long the step may take. Default: timeouts.step.")


class StepTimeout(ApiModel):
    """The limit of one kind of step."""

    timeout: Duration | None = Field(None, description="How long the step may take. Default: timeouts.step.")


class Backfill(ApiModel):
    """How fast the backfills of a data step may go."""

    max_rate: int | None = Field(None, ge=1, le=1_000_000_000, description="Rows of a table in a second. Default: any.")
    target_time: Duration | None = Field(
        None, description="Time that a batch should take; its size is steered there. Default: the file's, else 100ms."
    )


class DataStep(StepTimeout):
    """Data migrations."""

    backfill: Backfill = Field(Backfill(), description="How fast backfills may go.")


class Steps(ApiModel):
    """Settings of the single steps."""

    backup: BackupStep = Field(BackupStep(), description="The backup before a run changes anything.")
    schema_step: Annotated[StepTimeout, Field(alias="schema")] = Field(
        StepTimeout(), description="Prisma's migrations, applied natively."
    )
    sql: StepTimeout = Field(StepTimeout(), description="Hand-written SQL migrations.")
    data: DataStep = Field(DataStep(), description="Data migrations.")
    verify: StepTimeout = Field(StepTimeout(), description="Assertions about a release.")


class Policy(ApiModel):
    """What may happen without being asked."""

    operations: OperationsPolicy = Field(
        OperationsPolicy.NON_DESTRUCTIVE,
        description="Which operations an up may contain; the rest needs an approval of exactly this plan.",
    )
    exceptions: ExceptionsPolicy = Field(
        ExceptionsPolicy.DECLARED,
        description="What a script's `-- migrate: class=… reason=…` (before a statement that cannot be read) and "
        "`allow=… reason=…` (before one that is forbidden) count for. Declared: class= is believed, allow= needs an "
        "approval of exactly this plan; Honour: both count; RequireApproval: both need an approval; Ignore: neither.",
    )
    rollback: RollbackPolicy = Field(
        RollbackPolicy.AUTOMATIC, description="Whether a lowered version alone may undo migrations."
    )
    approval: ApprovalMode = Field(ApprovalMode.NEVER, description="Which plans wait for approvedPlan.")
    on_failure: OnFailure = Field(
        OnFailure.HOLD, description="Hold: stop and say why. Rollback: undo what the failed run had applied, then stop."
    )
    require_down: bool = Field(
        default=False, description="Refuse a migration that has no way back and is not declared irreversible."
    )
    changed_release: ChangePolicy = Field(
        ChangePolicy.REFUSE, description="What to do with a migration added to a release that is already applied."
    )
    out_of_order: ChangePolicy = Field(
        ChangePolicy.REFUSE, description="What to do with a migration that belongs before ones already applied."
    )
    drift: DriftPolicy = Field(
        DriftPolicy.REPORT, description="What to do where somebody changed the database since it was last verified."
    )
    drift_ignore: tuple[Annotated[str, Field(min_length=1, max_length=253)], ...] = Field(
        default=(),
        max_length=64,
        description="What is no drift, by glob: `table shop.events_p*` with all of it, `grants to app_v*`.",
    )


class Timeouts(ApiModel):
    """How long things may take."""

    lock: Duration = Field("1s", description="lock_timeout of a statement on an existing relation; retried.")
    wait: Duration = Field("10m", description="How long to wait for another migration of the same database.")
    statement: Duration = Field("0s", description="statement_timeout. 0s: none.")
    step: Duration = Field("1h", description="How long a step may take.")
    start: Duration = Field("10m", description="How long a step's Pod may take to run; then it is tried anew.")


class Gates(ApiModel):
    """Limits on what long work does to others: passed, the work waits, before it begins and between its pieces."""

    replica_lag: Duration | None = Field(
        None, description="How long a change may take to be replayed by the slowest replica. Absent: no limit."
    )
    replica_lag_size: Size | None = Field(
        None, description="How much WAL the slowest replica may not have replayed yet. Absent: no limit."
    )
    retained_wal: Annotated[Size | None, Field(alias="retainedWAL")] = Field(
        None, description="How much WAL may be kept for a replication slot. Absent: no limit."
    )
    oldest_transaction: Duration | None = Field(
        None,
        description="How long ago the oldest transaction of others in this database, also a prepared one, may have "
        "begun. Absent: no limit.",
    )


class DatabaseMigrationSpec(ApiModel):
    """What the database is to be."""

    version: Version = Field(description="Desired version of the database; lower it to roll back.")
    database: Database = Field(description="The database. Cannot change once a run has succeeded.")
    source: Source = Field(description="Where the release directory is found: exactly one of the three.")
    baseline: Baseline | None = Field(
        None, description="Adopt a database that existed before. Cannot change once a run has succeeded."
    )
    steps: Steps = Field(Steps(), description="Settings of the single steps.")
    policy: Policy = Field(Policy(), description="What may happen without being asked.")
    approved_plan: str = Field(
        "", max_length=80, pattern=r"^(sha256:[0-9a-f]{64})?$", description="Approves exactly the plan of this hash."
    )
    timeouts: Timeouts = Field(Timeouts(), description="How long things may take.")
    gates: Gates = Field(
        Gates(),
        description="Limits on what long work does to others. Passed, it waits, and the status says for what. "
        "The migrating role must see it: grant it pg_read_all_stats.",
    )
    job_template: JobTemplate = Field(JobTemplate(), description="How the Jobs of the steps are run.")
    suspend: bool = Field(default=False, description="Finish the running step, start nothing more.")
