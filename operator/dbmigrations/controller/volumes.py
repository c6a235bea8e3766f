"""The volumes of a step's Pod, and where its runner finds them."""

from dbmigrations.api.spec import ConfigMapSource, DatabaseMigrationSpec, Source
from dbmigrations.api.step import MEMORY, StepName
from dbmigrations.controller.request import BACKUP_CREDENTIALS, BACKUPS, CA, CREDENTIALS, SOURCE, reads_backups

TOOLS = "/dbmigrations/tools"

_FOR_OUR_GROUP = 0o440
"""With fsGroup a Secret's files are readable by our group; 0400 would be root's alone."""

Volume = dict[str, object]
Mount = dict[str, object]


def volumes_of(spec: DatabaseMigrationSpec, step: StepName, *, with_source: bool) -> tuple[list[Volume], list[Mount]]:
    """The Pod's volumes, and the mounts of the runner's container.

    Secrets are optional volumes: the runner starts without them, and says itself what is missing.
    """
    volumes: list[Volume] = [
        _secret("credentials", spec.database.secret_ref.name),
        {"name": "tmp", "emptyDir": {}},
    ]
    mounts: list[Mount] = [
        _mount("credentials", CREDENTIALS, read_only=True),
        _mount("tmp", "/tmp"),  # noqa: S108 - a path in the Pod, where it is a volume of its own
    ]
    if spec.database.tls.ca_secret_ref is not None:
        volumes.append(_secret("ca", spec.database.tls.ca_secret_ref.name))
        mounts.append(_mount("ca", CA, read_only=True))
    if reads_backups(spec, step):
        volumes.append({"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}})
        mounts.append(_mount("memory", MEMORY))
        if spec.steps.backup.storage is not None:
            claim = spec.steps.backup.storage.persistent_volume_claim.claim_name
            volumes.append({"name": "backups", "persistentVolumeClaim": {"claimName": claim}})
            mounts.append(_mount("backups", BACKUPS))
        if spec.steps.backup.secret_ref is not None:
            volumes.append(_secret("backup-credentials", spec.steps.backup.secret_ref.name))
            mounts.append(_mount("backup-credentials", BACKUP_CREDENTIALS, read_only=True))
    if with_source:
        volumes.append({"name": "source", **_source(spec.source)})
        mounts.append(_mount("source", SOURCE, read_only=True))
        if spec.source.image is not None:
            volumes.append({"name": "tools", "emptyDir": {}})
    return volumes, mounts


def tools_mount() -> Mount:
    """Where the copier is put, writable."""
    return _mount("tools", TOOLS)


def copying_mounts() -> list[Mount]:
    """What the source's own image sees while the copier runs in it: the copier, and where its files go. No secret."""
    return [_mount("tools", TOOLS, read_only=True), _mount("source", SOURCE)]


def _source(source: Source) -> Volume:
    if source.config_map is not None:
        return {"configMap": _config_map(source.config_map)}
    if source.persistent_volume_claim is not None:
        claim = source.persistent_volume_claim.claim_name
        return {"persistentVolumeClaim": {"claimName": claim, "readOnly": True}}
    return {"emptyDir": {}}


def _config_map(source: ConfigMapSource) -> dict[str, object]:
    items = [{"key": item.key, "path": item.path} for item in source.items]
    return {"name": source.name, "items": items} if items else {"name": source.name}


def _secret(volume: str, secret: str) -> Volume:
    return {
        "name": volume,
        "secret": {"secretName": secret, "optional": True, "defaultMode": _FOR_OUR_GROUP},
    }


def _mount(volume: str, path: str, *, read_only: bool = False) -> Mount:
    mount: Mount = {"name": volume, "mountPath": path}
    if read_only:
        mount["readOnly"] = True
    return mount
