"""The request of a step, built from the spec: what a Job's runner is asked to do. No secret stands in it."""

from dbmigrations.api.resource import GIT_REVISION, REQUESTED_BY
from dbmigrations.api.spec import Backfill, BackupWhen, DatabaseMigrationSpec, Gates, SecretKeys
from dbmigrations.api.status import RunStatus
from dbmigrations.api.step import (
    PlanDirection,
    PlanSummary,
    RequestedBackfill,
    RequestedBackup,
    RequestedConnection,
    RequestedGates,
    RequestedPolicy,
    RequestedTimeouts,
    Requester,
    StepName,
    StepRef,
    StepRequest,
)
from dbmigrations.controller.durations import seconds, size, step_timeout
from dbmigrations.controller.snapshot import Resource

SOURCE = "/dbmigrations/source"
CREDENTIALS = "/dbmigrations/credentials"
BACKUP_CREDENTIALS = "/dbmigrations/backup-credentials"
CA = "/dbmigrations/ca"
BACKUPS = "/dbmigrations/backups"

_ANNOTATION_LIMIT = 253


def step_request(
    resource: Resource, spec: DatabaseMigrationSpec, run: RunStatus, step: StepRef, cluster: str
) -> StepRequest:
    """What the Job of this step is asked to do."""
    backup_login = spec.steps.backup.secret_ref if reads_backups(spec, step.name) else None
    return StepRequest(
        step=step,
        run=run.id,
        trigger=run.trigger,
        requester=Requester(
            cluster=cluster,
            namespace=resource.namespace,
            name=resource.name,
            uid=resource.uid,
            generation=run.generation,
        ),
        version=spec.version,
        schema_name=spec.database.schema_name,
        history_schema=spec.database.history_schema,
        role=spec.database.role,
        source=_source(spec),
        credentials=CREDENTIALS,
        backup_credentials=BACKUP_CREDENTIALS if backup_login else "",
        connection=RequestedConnection(
            secret=spec.database.secret_ref.name,
            backup_secret=backup_login.name if backup_login else "",
            keys=spec.database.secret_ref.keys,
            backup_keys=backup_login.keys if backup_login else SecretKeys(),
            host=spec.database.host,
            port=spec.database.port,
            name=spec.database.name,
            tls_mode=spec.database.tls.mode,
            ca_file=f"{CA}/ca.crt" if spec.database.tls.ca_secret_ref else "",
        ),
        policy=RequestedPolicy(
            operations=spec.policy.operations,
            exceptions=spec.policy.exceptions,
            rollback=spec.policy.rollback,
            approval=spec.policy.approval,
            require_down=spec.policy.require_down,
            changed_release=spec.policy.changed_release,
            out_of_order=spec.policy.out_of_order,
            drift=spec.policy.drift,
            drift_ignore=spec.policy.drift_ignore,
        ),
        backup=RequestedBackup(
            when=spec.steps.backup.when,
            directory=_backups(spec) if reads_backups(spec, step.name) else "",
            retain=spec.steps.backup.retain,
        ),
        timeouts=RequestedTimeouts(
            lock=seconds(spec.timeouts.lock),
            wait=seconds(spec.timeouts.wait),
            statement=seconds(spec.timeouts.statement),
            step=step_timeout(spec, step.name),
        ),
        gates=_gates(spec.gates),
        backfill=_backfill(spec.steps.data.backfill),
        baseline=spec.baseline.version if spec.baseline else "",
        approved_plan=spec.approved_plan,
        plan_hash="" if step.name is StepName.PREFLIGHT else run.plan_hash,
        last_run=resource.status.last_changing_run,
        undo_run=run.undo_run,
        requested_by=resource.annotations.get(REQUESTED_BY, "")[:_ANNOTATION_LIMIT],
        git_revision=resource.annotations.get(GIT_REVISION, "")[:_ANNOTATION_LIMIT],
        image_digest=run.images.source if "@" in run.images.source else "",
    )


def reads_source(step: StepName, plan: PlanSummary | None) -> bool:
    """Whether the step reads the release directory: a dump does not, nor what undoes by the stored down scripts."""
    match step:
        case StepName.BACKUP:
            return False
        case StepName.SCHEMA | StepName.SQL | StepName.DATA:
            return plan is None or plan.direction is not PlanDirection.DOWN
        case _:
            return True


def reads_backups(spec: DatabaseMigrationSpec, step: StepName) -> bool:
    """Whether the step sees the volume and the login of the backups: preflight asks whether one fits."""
    return spec.steps.backup.when is not BackupWhen.NEVER and step in {StepName.PREFLIGHT, StepName.BACKUP}


def _gates(gates: Gates) -> RequestedGates | None:
    if gates == Gates():
        return None
    return RequestedGates(
        replica_lag=None if gates.replica_lag is None else seconds(gates.replica_lag),
        replica_lag_size=None if gates.replica_lag_size is None else size(gates.replica_lag_size),
        retained_wal=None if gates.retained_wal is None else size(gates.retained_wal),
        oldest_transaction=None if gates.oldest_transaction is None else seconds(gates.oldest_transaction),
    )


def _backfill(backfill: Backfill) -> RequestedBackfill | None:
    if backfill == Backfill():
        return None
    return RequestedBackfill(
        max_rate=backfill.max_rate or 0,
        target_time=seconds(backfill.target_time) if backfill.target_time else 0,
    )


def _source(spec: DatabaseMigrationSpec) -> str:
    claim = spec.source.persistent_volume_claim
    return f"{SOURCE}/{claim.path}" if claim is not None and claim.path else SOURCE


def _backups(spec: DatabaseMigrationSpec) -> str:
    storage = spec.steps.backup.storage
    if storage is None:
        return ""
    claim = storage.persistent_volume_claim
    return f"{BACKUPS}/{claim.path}" if claim.path else BACKUPS
