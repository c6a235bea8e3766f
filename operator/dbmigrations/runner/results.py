"""Writing a step's result to the file that Kubernetes reads after the container ended."""

from __future__ import annotations

import os
import stat

from dbmigrations.api.step import ResultTooLargeError, StepResult
from dbmigrations.api.words import Outcome

TERMINATION_LOG = "/dev/termination-log"


def write_result(path: str, result: StepResult) -> None:
    """Write one result, replacing what the file held.

    Kubernetes mounts the file itself, so it cannot be replaced by renaming: the result goes out in a single write of
    at most 4,096 bytes, a page, and what an earlier result left behind it is cut off.

    Raises:
        OSError: where the file cannot be written.
    """
    raw = _fitting(result)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.write(file, raw)
        if stat.S_ISREG(os.fstat(file).st_mode):
            os.ftruncate(file, len(raw))
            os.fsync(file)
    finally:
        os.close(file)


def _fitting(result: StepResult) -> bytes:
    try:
        return result.encode()
    except ResultTooLargeError:
        # Only a plan with very long version names gets here; the next step and the outcome matter more.
        if result.plan is None or result.outcome is not Outcome.SUCCEEDED:
            return result.model_copy(update={"plan": None}).encode()
        releases = result.plan.model_copy(update={"releases": result.plan.releases[:5]})
        return result.model_copy(update={"plan": releases}).encode()
