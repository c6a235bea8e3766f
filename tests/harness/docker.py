"""Whether there is a Docker engine to build and run with."""

from __future__ import annotations

import functools
import shutil

from tests.harness.command import run
from tests.harness.errors import HarnessError, MissingRequirement


@functools.cache
def docker_answers() -> bool:
    """Whether a Docker engine can be used; asked once."""
    if shutil.which("docker") is None:
        return False
    try:
        run(["docker", "version", "--format", "{{.Server.Version}}"])  # `info` ends well without an engine, up to 26.1
    except HarnessError:
        return False
    return True


def require_docker() -> None:
    """Refuses a machine without.

    Raises:
        MissingRequirement: no engine answers.
    """
    if not docker_answers():
        raise MissingRequirement(
            "kind needs a Docker engine, and `docker version` finds none; or use `--driver local`."
        )
