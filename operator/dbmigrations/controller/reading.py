"""From what the API server stores to the two halves of the resource: pure, and never an exception.

A spec that the models or the rules between its fields refuse becomes `InvalidSpec`, with the field and the remedy.
A status that cannot be read (another version's, a person's) counts as lost: the next run begins with a preflight.
"""

from collections.abc import Iterator, Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dbmigrations.api.limits import LONGEST_LIMIT, LONGEST_NAME, LONGEST_TIMEOUT
from dbmigrations.api.scalars import Duration
from dbmigrations.api.spec import BackupWhen, DatabaseMigrationSpec, TlsMode
from dbmigrations.api.status import DatabaseMigrationStatus
from dbmigrations.controller.durations import seconds
from dbmigrations.controller.snapshot import InvalidSpec

LONGEST_REFERENCE = 512
"""Characters of an image reference that a status can hold."""


def read_spec(raw: object) -> DatabaseMigrationSpec | InvalidSpec:
    """The spec, or the first thing that is wrong with it."""
    try:
        spec = DatabaseMigrationSpec.model_validate(raw)
    except ValidationError as error:
        return _first(error.errors(include_url=False, include_input=False))
    return next(_contradictions(spec), spec)


def read_status(raw: object) -> DatabaseMigrationStatus:
    """The status, or an empty one where it is absent or unreadable."""
    if not isinstance(raw, Mapping):
        return DatabaseMigrationStatus()
    try:
        return DatabaseMigrationStatus.model_validate(raw)
    except ValidationError:
        return DatabaseMigrationStatus()


def _first(errors: list[ErrorDetails]) -> InvalidSpec:
    first = errors[0]
    where = ".".join(("spec", *(str(part) for part in first["loc"])))
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return InvalidSpec(field=where, message=f"{first['msg']}{more}")


def _contradictions(spec: DatabaseMigrationSpec) -> Iterator[InvalidSpec]:
    """The rules between fields, each with its remedy."""
    source = spec.source
    if sum(one is not None for one in (source.image, source.config_map, source.persistent_volume_claim)) != 1:
        yield InvalidSpec("spec.source", "name exactly one of image, configMap and persistentVolumeClaim")
    if spec.steps.backup.when is not BackupWhen.NEVER and spec.steps.backup.storage is None:
        yield InvalidSpec(
            "spec.steps.backup.storage", "say where backups are kept, or set spec.steps.backup.when: Never"
        )
    tls = spec.database.tls
    if tls.mode in {TlsMode.VERIFY_CA, TlsMode.VERIFY_FULL} and tls.ca_secret_ref is None:
        yield InvalidSpec(
            "spec.database.tls.caSecretRef", f"mode {tls.mode} needs the certificates that sign the server's"
        )
    yield from _impossible(spec)
    if spec.database.history_schema == spec.database.schema_name:
        yield InvalidSpec("spec.database.historySchema", "the history tables need a schema of their own")
    yield from _too_long(spec)


def _impossible(spec: DatabaseMigrationSpec) -> Iterator[InvalidSpec]:
    for path, folder in _folders(spec):
        if folder.startswith("/") or ".." in folder.split("/"):
            yield InvalidSpec(path, "name a folder inside the volume: relative, without `..`")
    for path, duration in _limits(spec):
        if duration is not None and seconds(duration) <= 0.0:
            yield InvalidSpec(path, "a limit is longer than 0s; leave it out for the default")
        if duration is not None and seconds(duration) > LONGEST_LIMIT:
            yield InvalidSpec(path, "a limit is at most 500000h: Kubernetes takes a longer one for one that has passed")


def _too_long(spec: DatabaseMigrationSpec) -> Iterator[InvalidSpec]:
    limits = {"lock": spec.timeouts.lock, "statement": spec.timeouts.statement}
    for name, duration in limits.items():
        if seconds(duration) > LONGEST_TIMEOUT:
            yield InvalidSpec(f"spec.timeouts.{name}", "PostgreSQL takes at most 596h; 0s is no limit")
    image = spec.source.image
    if image is not None and len(image.reference.replace("{version}", spec.version)) > LONGEST_REFERENCE:
        what = f"with the version filled in it is longer than {LONGEST_REFERENCE} characters"
        yield InvalidSpec("spec.source.image.reference", what)
    for path, name in _names(spec):
        if len(name.encode()) > LONGEST_NAME:
            yield InvalidSpec(path, f"PostgreSQL cuts names off after {LONGEST_NAME} bytes; this one has more")


def _names(spec: DatabaseMigrationSpec) -> Iterator[tuple[str, str]]:
    yield "spec.database.name", spec.database.name
    yield "spec.database.schema", spec.database.schema_name
    yield "spec.database.historySchema", spec.database.history_schema
    yield "spec.database.role", spec.database.role


def _folders(spec: DatabaseMigrationSpec) -> Iterator[tuple[str, str]]:
    if spec.source.persistent_volume_claim is not None:
        yield "spec.source.persistentVolumeClaim.path", spec.source.persistent_volume_claim.path
    if spec.steps.backup.storage is not None:
        claim = spec.steps.backup.storage.persistent_volume_claim
        yield "spec.steps.backup.storage.persistentVolumeClaim.path", claim.path


def _limits(spec: DatabaseMigrationSpec) -> Iterator[tuple[str, Duration | None]]:
    yield "spec.timeouts.step", spec.timeouts.step
    yield "spec.timeouts.start", spec.timeouts.start
    yield "spec.steps.backup.timeout", spec.steps.backup.timeout
    yield "spec.steps.schema.timeout", spec.steps.schema_step.timeout
    yield "spec.steps.sql.timeout", spec.steps.sql.timeout
    yield "spec.steps.data.timeout", spec.steps.data.timeout
    yield "spec.steps.verify.timeout", spec.steps.verify.timeout
