"""The inputs of a run: what, when it changes, leads to a fresh preflight.

Fields at their default do not count, so that writing a default out, or a newer operator that knows more fields, starts
nothing. Timeouts and the Job template are no inputs: they apply to the next Job, whatever run it belongs to.
"""

import hashlib
import json

from dbmigrations.api.spec import DatabaseMigrationSpec

_INPUTS = {"version", "source", "database", "baseline", "policy", "approved_plan"}


def inputs_digest(spec: DatabaseMigrationSpec) -> str:
    """`sha256:…` over the inputs of the spec."""
    inputs = spec.model_dump(mode="json", by_alias=True, exclude_defaults=True, include=_INPUTS)
    inputs["backup"] = spec.steps.backup.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude={"timeout"}
    )
    canonical = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
