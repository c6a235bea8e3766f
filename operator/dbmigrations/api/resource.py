"""The resource: its names, and its two halves."""

from dataclasses import dataclass

GROUP = "dbmigrations.dev"
VERSION = "v1alpha1"
KIND = "DatabaseMigration"
PLURAL = "databasemigrations"
SINGULAR = "databasemigration"
SHORT_NAMES = ("dbmigrations", "dbmig")

NAME_LIMIT = 52
"""Characters of metadata.name: leaves room for the step and the digest in a Job's 63."""

FINALIZER = f"{GROUP}/stop-running-step"

REQUESTED_AT = f"{GROUP}/requestedAt"
"""Annotation: look again; retries a Stalled run. Any value that differs from the last one handled."""

CANCEL = f"{GROUP}/cancel"
"""Annotation: the id of the run to stop."""

REQUESTED_BY = f"{GROUP}/requestedBy"
"""Annotation: who asked, recorded in the history."""

GIT_REVISION = f"{GROUP}/gitRevision"
"""Annotation: the commit that asked, recorded in the history."""


@dataclass(frozen=True)
class JobLabels:
    """Labels of our Jobs and their Pods."""

    managed_by: str = "app.kubernetes.io/managed-by"
    owner_uid: str = f"{GROUP}/uid"
    owner_name: str = f"{GROUP}/name"
    run: str = f"{GROUP}/run"
    step: str = f"{GROUP}/step"


JOB_LABELS = JobLabels()
MANAGER = "dbmigrations-operator"
