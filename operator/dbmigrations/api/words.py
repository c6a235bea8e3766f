"""The words that resources, requests, results and plans share.

They stand apart from the models, so that a program which only reads and writes words starts without pydantic.
"""

from enum import StrEnum

SEMVER = r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$"
"""A semantic version without build metadata."""


class StepName(StrEnum):
    """The steps of a run. Each is one Job."""

    PREFLIGHT = "Preflight"
    BASELINE = "Baseline"
    BACKUP = "Backup"
    SCHEMA = "Schema"
    SQL = "SQL"
    DATA = "Data"
    VERIFY = "Verify"


class Direction(StrEnum):
    """Which way a migration, or a whole plan, goes."""

    UP = "Up"
    DOWN = "Down"


class PullPolicy(StrEnum):
    """When a node asks the registry for an image, in Kubernetes' own words."""

    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


class PlanDirection(StrEnum):
    """The direction of a plan: Mixed has downs first and then ups; None has no migrations."""

    UP = "Up"
    DOWN = "Down"
    MIXED = "Mixed"
    NONE = "None"


class Trigger(StrEnum):
    """What started a run."""

    SPEC = "Spec"
    RETRY = "Retry"
    ON_FAILURE_ROLLBACK = "OnFailureRollback"
    CANCEL_REPORT = "CancelReport"


class Outcome(StrEnum):
    """How a step ended, and so who acts next."""

    SUCCEEDED = "Succeeded"  # the operator: starts `next`, or the run is over
    REFUSED = "Refused"  # a person: preflight refused before anything changed
    FAILED = "Failed"  # a person: this will not go away by itself
    WAITING = "Waiting"  # the operator: tries the step again, backing off


class OperationsPolicy(StrEnum):
    """Which classes of operations an up may contain without an approval of its plan."""

    ADDITIVE_ONLY = "AdditiveOnly"
    NON_DESTRUCTIVE = "NonDestructive"
    ANY = "Any"


class ExceptionsPolicy(StrEnum):
    """What directives of a script count for, that declare a class (`class=`) or except from the policy (`allow=`)."""

    DECLARED = "Declared"
    HONOUR = "Honour"
    REQUIRE_APPROVAL = "RequireApproval"
    IGNORE = "Ignore"


class RollbackPolicy(StrEnum):
    """Whether going down may happen by a lowered version alone."""

    AUTOMATIC = "Automatic"
    REQUIRE_APPROVAL = "RequireApproval"
    DENY = "Deny"


class ApprovalMode(StrEnum):
    """When a run stops for `spec.approvedPlan` before it changes anything."""

    NEVER = "Never"
    DATA_LOSS = "DataLoss"
    ALWAYS = "Always"


class OnFailure(StrEnum):
    """What follows a failed up or verify."""

    HOLD = "Hold"
    ROLLBACK = "Rollback"


class ChangePolicy(StrEnum):
    """What happens to a migration that appears where the order says it is late."""

    REFUSE = "Refuse"
    APPLY = "Apply"


class DriftPolicy(StrEnum):
    """What happens where somebody changed the database since it was last verified."""

    REPORT = "Report"
    REFUSE = "Refuse"


class BackupWhen(StrEnum):
    """Before which plans a backup is taken."""

    ALWAYS = "Always"
    DATA_LOSS = "DataLoss"
    NEVER = "Never"


class BackupMethod(StrEnum):
    """How a backup is taken."""

    PG_DUMP = "PgDump"


class TlsMode(StrEnum):
    """libpq's sslmode."""

    DISABLE = "disable"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"
