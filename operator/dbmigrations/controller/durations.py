"""Spans of time and sizes as the spec writes them, in seconds and bytes."""

import re

from dbmigrations.api.scalars import Duration, Size
from dbmigrations.api.spec import DatabaseMigrationSpec
from dbmigrations.api.step import StepName

_PART = re.compile(r"([0-9.]+)(ms|s|m|h)")
_BYTES = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(duration: Duration) -> float:
    """`1h30m` → 5400.0. The pattern of Duration has been checked before."""
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(duration))


def size(text: Size) -> int:
    """`10Gi` → 10737418240. The pattern of Size has been checked before."""
    number, unit = text.rstrip("KMGTi"), text.lstrip("0123456789")
    return int(number) * _BYTES[unit]


def step_timeout(spec: DatabaseMigrationSpec, step: StepName) -> float:
    """Seconds that one attempt of the step may take, from its Job's start: its own limit, or `timeouts.step`."""
    own: Duration | None
    match step:
        case StepName.BACKUP:
            own = spec.steps.backup.timeout
        case StepName.SCHEMA:
            own = spec.steps.schema_step.timeout
        case StepName.SQL:
            own = spec.steps.sql.timeout
        case StepName.DATA:
            own = spec.steps.data.timeout
        case StepName.VERIFY:
            own = spec.steps.verify.timeout
        case StepName.PREFLIGHT | StepName.BASELINE:
            own = None
    return seconds(own or spec.timeouts.step)


def limit_field(step: StepName) -> str:
    """The fields of the spec that say how long the step may take, for people."""
    match step:
        case StepName.PREFLIGHT | StepName.BASELINE:
            return "spec.timeouts.step"
        case _:
            return f"spec.steps.{step.lower()}.timeout, or spec.timeouts.step"
