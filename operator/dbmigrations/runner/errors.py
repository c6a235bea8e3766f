"""What the runner itself raises, beside the engine's errors and those of release directories.

RunnerError             every one has a text for people, without secrets
├── SourceMissingError      the release directory is not there (yet)
├── StepRefusedError        a person decides before this goes on; nothing was changed by this step
├── VerifyFailedError       assertions that do not hold
└── ReportedError           an earlier run ended so; it is told again, not repeated
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbmigrations.api.reasons import Failure, Refusal, Waiting
    from dbmigrations.api.step import PlanSummary


class RunnerError(Exception):
    """Anything that the runner reports by itself."""


class SourceMissingError(RunnerError):
    """There is no release directory where the request says: its ConfigMap, claim or image path is not there."""


class StepRefusedError(RunnerError):
    """Refused. `plan` is what would have been done, where it could be formed."""

    def __init__(self, reason: Refusal, message: str, plan: PlanSummary | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.plan = plan


class VerifyFailedError(RunnerError):
    """One or more assertions are not true; the text names each with its file and line."""


class ReportedError(RunnerError):
    """The run that this generation asked for has ended before; `reason` is what it ended with."""

    def __init__(self, reason: Failure | Refusal | Waiting, message: str) -> None:
        super().__init__(message)
        self.reason = reason
