"""Why a step or a run stands where it stands: the words that conditions, results and metrics share."""

from enum import StrEnum


class Refusal(StrEnum):
    """What preflight may answer instead of a plan, in the order in which it looks: the first match wins."""

    OWNED_BY_OTHER = "OwnedByOther"
    DATABASE_MOVED_BACK = "DatabaseMovedBack"
    BASELINE_REQUIRED = "BaselineRequired"
    BASELINE_MISMATCH = "BaselineMismatch"
    VERSION_NOT_FOUND = "VersionNotFound"
    HISTORY_DIVERGED = "HistoryDiverged"
    PARTIALLY_APPLIED = "PartiallyApplied"
    RELEASE_CHANGED = "ReleaseChanged"
    OUT_OF_ORDER = "OutOfOrder"
    DRIFTED = "Drifted"
    BELOW_BASELINE = "BelowBaseline"
    DOWN_MISSING = "DownMissing"
    ROLLBACK_DENIED = "RollbackDenied"
    SCHEMA_UNUSABLE = "SchemaUnusable"
    BACKUP_IMPOSSIBLE = "BackupImpossible"
    VERSION_AHEAD = "VersionAhead"
    POLICY_VIOLATION = "PolicyViolation"
    AWAITING_APPROVAL = "AwaitingApproval"


APPROVAL_LIFTS = frozenset(
    {Refusal.DATABASE_MOVED_BACK, Refusal.VERSION_AHEAD, Refusal.POLICY_VIOLATION, Refusal.AWAITING_APPROVAL},
)
"""What `spec.approvedPlan` lifts when it equals the plan's hash; nothing else is lifted by it."""


class Failure(StrEnum):
    """Why a step failed for good. A person changes something (Git, the database, a retry) before it can go on."""

    INVALID_SPEC = "InvalidSpec"  # the resource contradicts itself
    RELEASE_INVALID = "ReleaseInvalid"  # the release directory has errors: file and line in the message
    PRIVILEGES_UNSAFE = "PrivilegesUnsafe"  # others may write our tables: a planted down script would later run
    PRIVILEGES_MISSING = "PrivilegesMissing"  # the role may not do what it must: the GRANT in the message
    QUERY_FAILED = "QueryFailed"  # a question of ours was refused before any migration ran: SQLSTATE in the message
    FORMAT_TOO_NEW = "FormatTooNew"  # the tables were written by a newer runner
    MIGRATION_FAILED = "MigrationFailed"  # a statement failed: file:line:column and SQLSTATE in the message
    VERIFY_FAILED = "VerifyFailed"  # an assertion was not true
    BACKUP_FAILED = "BackupFailed"  # pg_dump, its checksum or its verification failed
    PLAN_CHANGED = "PlanChanged"  # files or history are not what preflight planned
    CONNECTION_UNSUITABLE = "ConnectionUnsuitable"  # a transaction pooler, or a login that may only read
    STEP_TIMED_OUT = "StepTimedOut"  # the step's own timeout passed
    STEP_LOST = "StepLost"  # the Job ended without a result, again and again
    RESULT_INVALID = "ResultInvalid"  # the Job's result is malformed or oversized
    CANCELLED = "Cancelled"  # cancelled by annotation
    ROLLED_BACK = "RolledBack"  # onFailure: Rollback undid what the failed run had applied
    INTERNAL = "InternalError"  # a bug of ours


class Waiting(StrEnum):
    """Why a step is tried again by itself: waiting is not failing."""

    DATABASE = "WaitingForDatabase"  # unreachable, a standby, refusing the login, starting up, too many connections
    CREDENTIALS = "WaitingForCredentials"  # the Secret or a key of it is not there
    IMAGE = "WaitingForImage"  # an image cannot be pulled
    SOURCE = "WaitingForSource"  # the ConfigMap, claim or path of the release directory is not there
    LOCK = "WaitingForLock"  # another migration, or a long reader, holds what is needed
    GATE = "WaitingForGate"  # replica lag, WAL retained by slots, an old transaction: more than spec.gates allows
    POD = "WaitingForPod"  # quota, admission, scheduling, mounts: the cluster's words follow
    STEP_LOST = "StepInterrupted"  # the Pod vanished without a result; the step runs again


class Note(StrEnum):
    """Condition reasons that are neither failures nor waits."""

    READY = "Ready"  # the database is verified at spec.version
    PROGRESSING = "Progressing"  # a run is under way
    PROGRESSING_WITH_RETRY = "ProgressingWithRetry"
    SUSPENDED = "Suspended"
    DELETING = "Deleting"
