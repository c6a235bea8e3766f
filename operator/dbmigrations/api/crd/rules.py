"""What the schema alone cannot say: CEL rules, each with the field that it is about, a reason and what to do.

A rule stands at the object named by `at` (the empty path is the resource itself). A rule stands above
every field with a default that it looks at: the API server holds the bare default, here `{}`, against the rules of its
field. A transition rule (one with `oldSelf`) does not run at creation. An update of the status carries the stored
spec and an update of the spec carries the stored status, so a rule at the root may compare one with the other.
"""

from dataclasses import dataclass
from enum import StrEnum

from dbmigrations.api.resource import NAME_LIMIT


class Reason(StrEnum):
    """The API server's word for a violation; clients map it to their own texts."""

    INVALID = "FieldValueInvalid"
    FORBIDDEN = "FieldValueForbidden"
    REQUIRED = "FieldValueRequired"


@dataclass(frozen=True)
class Rule:
    """One CEL rule. `field` is relative to `at`; empty: the object itself."""

    name: str
    at: str
    rule: str
    message: str
    reason: Reason = Reason.INVALID
    field: str = ""


_NO_RUN_SUCCEEDED = (
    "!has(self.status)"
    " || ((!has(self.status.lastChangingRun) || self.status.lastChangingRun == '')"
    " && (!has(self.status.run) || !has(self.status.run.state) || self.status.run.state != 'Succeeded')"
    " && (!has(self.status.runs) || !self.status.runs.exists(r, r.state == 'Succeeded')))"
)

_STAYS_INSIDE = "!self.matches('^/|(^|/)[.][.](/|$)')"
_INSIDE = "must be a relative path without '..'"
_OF_ONES_OWN = "!self.startsWith('pg_') && self != 'information_schema'"
_POSTGRES_OWN = "schemas named pg_… and information_schema are PostgreSQL's own: choose another one"

RULES: tuple[Rule, ...] = (
    Rule(
        name="name",
        at="",
        field=".metadata.name",
        rule=f"size(self.metadata.name) <= {NAME_LIMIT}"
        " && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
        message=f"metadata.name must be a DNS label (a-z, 0-9 and -) of at most {NAME_LIMIT} characters: "
        "the names of the Jobs are made from it",
    ),
    Rule(
        name="database-immutable",
        at="",
        field=".spec.database",
        rule=f"self.spec.database == oldSelf.spec.database || {_NO_RUN_SUCCEEDED}",
        message="spec.database cannot change once a run has succeeded: "
        "another database needs a DatabaseMigration of its own",
        reason=Reason.FORBIDDEN,
    ),
    Rule(
        name="baseline-immutable",
        at="",
        field=".spec.baseline",
        rule="(has(self.spec.baseline) == has(oldSelf.spec.baseline)"
        " && (!has(self.spec.baseline) || self.spec.baseline == oldSelf.spec.baseline))"
        f" || {_NO_RUN_SUCCEEDED}",
        message="spec.baseline cannot change once a run has succeeded: it says how this database was adopted",
        reason=Reason.FORBIDDEN,
    ),
    Rule(
        name="one-source",
        at="spec.source",
        rule="[has(self.image), has(self.configMap), has(self.persistentVolumeClaim)].filter(given, given).size() == 1",
        message="exactly one of image, configMap and persistentVolumeClaim must be given",
    ),
    Rule(
        name="backup-storage",
        at="spec",
        field=".steps.backup.storage",
        rule="self.steps.backup.when == 'Never' || has(self.steps.backup.storage)",
        message="steps.backup.storage is needed unless steps.backup.when is Never: "
        "name a PersistentVolumeClaim for the backups",
        reason=Reason.REQUIRED,
    ),
    Rule(
        name="tls-certificates",
        at="spec.database",
        field=".tls.caSecretRef",
        rule="!(self.tls.mode in ['verify-ca', 'verify-full']) || has(self.tls.caSecretRef)",
        message="tls.caSecretRef is needed when tls.mode is verify-ca or verify-full",
        reason=Reason.REQUIRED,
    ),
    Rule(name="application-schema", at="spec.database.schema", rule=_OF_ONES_OWN, message=_POSTGRES_OWN),
    Rule(name="history-schema", at="spec.database.historySchema", rule=_OF_ONES_OWN, message=_POSTGRES_OWN),
    Rule(
        name="image-path",
        at="spec.source.image.path",
        rule="!self.matches('(^|/)[.][.](/|$)')",
        message="must be an absolute path without '..'",
    ),
    Rule(name="config-map-path", at="spec.source.configMap.items[].path", rule=_STAYS_INSIDE, message=_INSIDE),
    Rule(name="claim-path", at="spec.source.persistentVolumeClaim.path", rule=_STAYS_INSIDE, message=_INSIDE),
    Rule(
        name="backup-path",
        at="spec.steps.backup.storage.persistentVolumeClaim.path",
        rule=_STAYS_INSIDE,
        message=_INSIDE,
    ),
)
