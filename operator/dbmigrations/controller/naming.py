"""Names of Jobs, their containers and volumes: deterministic, at most 63 characters."""

import hashlib
from dataclasses import dataclass

from dbmigrations.api.step import StepRef, Trigger

LIMIT = 63
DIGEST = 10
"""Hex characters: two attempts of one resource differ in name but for a chance of one in 10¹²."""

MAIN_CONTAINER = "step"
"""Our runner; it alone writes the result."""
TOOLS_CONTAINER = "tools"
"""Our runner's image: installs the copier."""
SOURCE_CONTAINER = "source"
"""The image of the release directory: runs the copier."""


@dataclass(frozen=True)
class Attempt:
    """One attempt of one step of one run of one resource."""

    uid: str
    run: str
    trigger: Trigger
    step: StepRef
    number: int

    def job_name(self, resource: str) -> str:
        """`<resource>-<step>-<digest>`: the same for the same attempt, else another.

        The trigger is in it because the report after a cancel is a second preflight of the same run.
        """
        step = self.step.name.value
        identity = "/".join((self.uid, self.run, self.trigger.value, step, str(self.step.ordinal), str(self.number)))
        digest = hashlib.sha256(identity.encode()).hexdigest()[:DIGEST]
        tail = f"-{step.lower()}-{digest}"
        return resource[: LIMIT - len(tail)].rstrip("-.") + tail
