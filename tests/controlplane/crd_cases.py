"""What the API server is asked to take or refuse, rule by rule: tables for test_crd_rules.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
GONE = object()
HASH = "sha256:" + "0" * 64
STORAGE = {"persistentVolumeClaim": {"claimName": "backups"}}
MINIMAL: Json = {
    "version": "1.0.0",
    "database": {"secretRef": {"name": "db"}},
    "source": {"image": {"reference": "shop:{version}"}},
    "steps": {"backup": {"storage": STORAGE}},
}


@dataclass(frozen=True)
class Case:
    """The minimal resource with some fields changed (dotted paths), and what the API server says about it.

    `rule` is the rule or the keyword of the schema that the case is about; `refused` the field that is named, or empty.
    """

    rule: str
    changes: dict[str, Any]
    refused: str = ""

    def __str__(self) -> str:
        said = ",".join(f"{path}={'' if value is GONE else value}" for path, value in self.changes.items())
        return f"{self.rule}-{'refused' if self.refused else 'taken'}-{said[:60]}"


SOURCE = "spec.source"
CONFIG_MAP = {"name": "release"}
CLAIM = {"claimName": "release"}
AT_CREATION = [
    Case("name", {"metadata.name": "a"}),
    Case("name", {"metadata.name": "a" * 52}),
    Case("name", {"metadata.name": "0-shop-9"}),
    Case("name", {"metadata.name": "a" * 53}, "metadata.name"),
    Case("name", {"metadata.name": "shop.prod"}, "metadata.name"),
    Case("one-source", {SOURCE: {"configMap": CONFIG_MAP}}),
    Case("one-source", {SOURCE: {"persistentVolumeClaim": CLAIM}}),
    Case("one-source", {SOURCE: {}}, SOURCE),
    Case("one-source", {f"{SOURCE}.configMap": CONFIG_MAP}, SOURCE),
    Case("one-source", {f"{SOURCE}.configMap": CONFIG_MAP, f"{SOURCE}.persistentVolumeClaim": CLAIM}, SOURCE),
    Case("backup-storage", {"spec.steps.backup": {"when": "Never"}}),
    Case("backup-storage", {"spec.steps.backup": {"when": "DataLoss", "storage": STORAGE}}),
    Case("backup-storage", {"spec.steps": GONE}, "spec.steps.backup.storage"),
    Case("backup-storage", {"spec.steps.backup": {}}, "spec.steps.backup.storage"),
    Case("backup-storage", {"spec.steps.backup": {"when": "DataLoss"}}, "spec.steps.backup.storage"),
    Case("tls-certificates", {"spec.database.tls": {"mode": "require"}}),
    Case("tls-certificates", {"spec.database.tls": {"mode": "verify-ca", "caSecretRef": {"name": "ca"}}}),
    Case("tls-certificates", {"spec.database.tls": {"mode": "verify-full", "caSecretRef": {"name": "ca"}}}),
    Case("tls-certificates", {"spec.database.tls": {"mode": "verify-ca"}}, "spec.database.tls.caSecretRef"),
    Case("tls-certificates", {"spec.database.tls": {"mode": "verify-full"}}, "spec.database.tls.caSecretRef"),
    Case("application-schema", {"spec.database.schema": "shop"}),
    Case("application-schema", {"spec.database.schema": "pg_shop"}, "spec.database.schema"),
    Case("application-schema", {"spec.database.schema": "information_schema"}, "spec.database.schema"),
    Case("history-schema", {"spec.database.historySchema": "_pg_history"}),
    Case("history-schema", {"spec.database.historySchema": "pg_history"}, "spec.database.historySchema"),
    Case("history-schema", {"spec.database.historySchema": "information_schema"}, "spec.database.historySchema"),
    Case("pull-policy", {f"{SOURCE}.image.pullPolicy": "Always"}),
    Case("pull-policy", {f"{SOURCE}.image.pullPolicy": "Sometimes"}, f"{SOURCE}.image.pullPolicy"),
    Case("image-path", {f"{SOURCE}.image.path": "/"}),
    Case("image-path", {f"{SOURCE}.image.path": "/srv/..database/a..b"}),
    Case("image-path", {f"{SOURCE}.image.path": "/srv/../etc"}, f"{SOURCE}.image.path"),
    Case("image-path", {f"{SOURCE}.image.path": "/srv/.."}, f"{SOURCE}.image.path"),
    Case("image-path", {f"{SOURCE}.image.path": "srv"}, f"{SOURCE}.image.path"),
]
for field, given, name in (
    (f"{SOURCE}.configMap.items[0].path", {"name": "release", "items": [{"key": "k", "path": "p"}]}, "config-map-path"),
    (f"{SOURCE}.persistentVolumeClaim.path", CLAIM, "claim-path"),
):
    kind = field.split(".")[2]
    for path, refused in (
        ("prisma/schema.prisma", ""),
        ("..data/a..b", ""),
        ("../x", field),
        ("a/../../x", field),
        ("a/..", field),
        ("/etc/passwd", field),
    ):
        source = {**given, "items": [{"key": "k", "path": path}]} if kind == "configMap" else {**given, "path": path}
        AT_CREATION.append(Case(name, {SOURCE: {kind: source}}, refused))
BACKUP_PATH = "spec.steps.backup.storage.persistentVolumeClaim.path"
AT_CREATION += [
    Case("backup-path", {BACKUP_PATH: "shop/nightly"}),
    Case("backup-path", {BACKUP_PATH: "../others"}, BACKUP_PATH),
    Case("backup-path", {BACKUP_PATH: "/others"}, BACKUP_PATH),
    *(Case("version", {"spec.version": version}) for version in ("0.0.0", "10.20.30", "1.2.0-rc.1", "1.0.0-0a.b-c")),
    *(
        Case("version", {"spec.version": version}, "spec.version")
        for version in ("", "1.0", "v1.0.0", "1.0.0+build", "01.0.0", "1.0.0-", "latest", "1.0.0 ", "1.0.0\n")
    ),
    *(Case("duration", {"spec.timeouts.step": span}) for span in ("0s", "500ms", "1h30m", "1.5h")),
    *(
        Case("duration", {"spec.timeouts.step": span}, "spec.timeouts.step")
        for span in ("", "1", "1d", "-1s", "1h 30m", "s", "1m\n")
    ),
    Case("approval", {"spec.approvedPlan": HASH}),
    Case("approval", {"spec.approvedPlan": ""}),
    Case("approval", {"spec.approvedPlan": HASH[7:]}, "spec.approvedPlan"),
    Case("approval", {"spec.approvedPlan": HASH.replace("0", "Z")}, "spec.approvedPlan"),
    Case("approval", {"spec.approvedPlan": "yes"}, "spec.approvedPlan"),
    Case("secret", {"spec.database.secretRef.name": "db.prod"}),
    Case("secret", {"spec.database.secretRef.name": "../db"}, "spec.database.secretRef.name"),
    Case("secret", {"spec.database.secretRef": {}}, "spec.database.secretRef.name"),
    Case("port", {"spec.database.port": 1}),
    Case("port", {"spec.database.port": 0}, "spec.database.port"),
    Case("port", {"spec.database.port": 65536}, "spec.database.port"),
    Case("retain", {"spec.steps.backup.retain": 1}),
    Case("retain", {"spec.steps.backup.retain": 0}, "spec.steps.backup.retain"),
    Case("baseline", {"spec.baseline": {"version": "1.0.0"}}),
    Case("baseline", {"spec.baseline": {}}, "spec.baseline.version"),
    Case("open", {"spec.jobTemplate": {"resources": {"limits": {"cpu": "1"}}, "tolerations": [{"key": "a"}]}}),
    Case("required", {"spec.version": GONE}, "spec.version"),
    Case("required", {"spec.database": GONE}, "spec.database"),
    Case("required", {"spec.source": GONE}, "spec.source"),
]

RAN: Json = {"id": "r1", "state": "Succeeded"}
ADOPTED: Json = {"baseline": {"version": "1.0.0"}}


@dataclass(frozen=True)
class Transition:
    """A spec that was changed after a status had been written, and whether the API server takes that."""

    rule: str
    before: Json
    status: Json
    change: Json
    taken: bool

    def __str__(self) -> str:
        return f"{self.rule}-{'taken' if self.taken else 'refused'}-{self.status}-{self.change}"


_DATABASE = "database-immutable"
_BASELINE = "baseline-immutable"
_PORT: Json = {"database": {"port": 5433}}
TRANSITIONS = [
    Transition(_DATABASE, {}, {}, _PORT, taken=True),
    Transition(_DATABASE, {}, {"currentVersion": "1.0.0"}, _PORT, taken=True),
    Transition(_DATABASE, {}, {"run": {"id": "r1", "state": "Failed"}}, _PORT, taken=True),
    Transition(_DATABASE, {}, {"lastChangingRun": ""}, _PORT, taken=True),
    Transition(_DATABASE, {}, {"lastChangingRun": "r1"}, _PORT, taken=False),
    Transition(_DATABASE, {}, {"run": RAN}, _PORT, taken=False),
    Transition(_DATABASE, {}, {"runs": [RAN]}, {"database": {"secretRef": {"name": "other"}}}, taken=False),
    Transition(_DATABASE, {}, {"run": RAN}, {"database": {"role": "owner"}}, taken=False),
    Transition(_DATABASE, {}, {"run": RAN}, {"version": "1.1.0", "suspend": True}, taken=True),
    Transition(_BASELINE, {}, {}, ADOPTED, taken=True),
    Transition(_BASELINE, {}, {"run": RAN}, ADOPTED, taken=False),
    Transition(_BASELINE, ADOPTED, {"run": RAN}, {"baseline": None}, taken=False),
    Transition(_BASELINE, ADOPTED, {"run": RAN}, {"baseline": {"version": "1.1.0"}}, taken=False),
    Transition(_BASELINE, ADOPTED, {}, {"baseline": {"version": "1.1.0"}}, taken=True),
    Transition(_BASELINE, ADOPTED, {"run": RAN}, {"version": "1.1.0"}, taken=True),
]
