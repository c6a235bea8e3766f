"""The operator's settings. Each is an option of the command line and a variable of the environment, and is read once.

A field's description says its unit, its default and what follows from changing it; `--help` shows the same text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from dbmigrations.controller.reading import LONGEST_REFERENCE

if TYPE_CHECKING:
    from pathlib import Path


class SettingsError(Exception):
    """A setting that cannot be obeyed. The text names the option and the remedy."""


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Address:
    """Where a server listens; an empty host is every address of the machine."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, *, option: str) -> Address:
        """`host:port` or `:port`; port 0 lets the system choose.

        Raises:
            SettingsError: where it is neither.
        """
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdigit() or int(port) > _HIGHEST_PORT:
            raise SettingsError(f"{option}: {text!r} is not host:port or :port, e.g. :8080")
        return cls(host.strip("[]"), int(port))


_HIGHEST_PORT = 65535
_LONGEST_CLUSTER_NAME = 253


@dataclass(frozen=True)
class Settings:
    """What one operator process is told."""

    runner_image: str
    """The image whose `dbmigrate` the Jobs run. A run keeps the image it began with."""
    runner_pull_policy: str = ""
    """When a node asks the registry for the runner's image. Empty: Always for `:latest`, else IfNotPresent."""
    namespaces: tuple[str, ...] = ()
    """Namespaces that are served. Empty: the whole cluster, which needs a ClusterRole."""
    cluster_name: str = ""
    """The first part of the owner identity that databases record. Empty: the uid of namespace kube-system."""
    workers: int = 8
    """How many resources are looked at at the same time. More is faster after a restart and loads the API server."""
    resync: float = 60.0
    """Seconds between two comparisons of the watch with a LIST. Bounds how long a dead watch goes unnoticed."""
    listen: Address = Address("", 8080)
    """Where /healthz, /readyz and /metrics are served."""
    log_level: LogLevel = LogLevel.INFO
    """debug adds every look at a resource; warning hides the writes."""
    kubeconfig: Path | None = None
    """A kubeconfig. Without: KUBECONFIG, else the Pod's ServiceAccount, else ~/.kube/config."""

    def __post_init__(self) -> None:
        """Refuses what cannot be obeyed.

        Raises:
            SettingsError: names the option and the remedy.
        """
        if not self.runner_image:
            raise SettingsError("--runner-image is needed: the image whose dbmigrate the Jobs run")
        if len(self.runner_image) > LONGEST_REFERENCE:
            raise SettingsError(f"--runner-image is longer than {LONGEST_REFERENCE} characters")
        if "/" in self.cluster_name or len(self.cluster_name) > _LONGEST_CLUSTER_NAME:
            raise SettingsError(f"--cluster-name must be at most {_LONGEST_CLUSTER_NAME} characters without a slash")
        if self.workers < 1:
            raise SettingsError(f"--workers is {self.workers}: at least one worker is needed")
        if self.resync <= 0:
            raise SettingsError(f"--resync is {self.resync}: it must be a positive number of seconds")
