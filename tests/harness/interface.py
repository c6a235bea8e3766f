"""One interface to a Kubernetes cluster for the tests and the demo, whoever provides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from pathlib import Path

Driver = Literal["auto", "kind", "local"]


@dataclass(frozen=True)
class Status:
    """What is known of a cluster."""

    name: str
    driver: str
    running: bool
    kubeconfig: Path
    detail: str


class Cluster(Protocol):
    """A cluster that may be up or down."""

    @property
    def name(self) -> str:
        """What tells it apart from others on this machine."""
        ...

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; the file is there while the cluster is up."""
        ...

    def up(self) -> None:
        """Brings it up, and returns when Pods can run; does nothing when it is up.

        Raises:
            HarnessError: it could not be brought up; the text says why.
        """
        ...

    def down(self, *, purge: bool = False) -> None:
        """Ends it with all its objects; does nothing when it is down.

        Args:
            purge: forgets loaded images too, so that nothing of it remains.
        """
        ...

    def status(self) -> Status:
        """Looks at it without changing anything."""
        ...

    def load(self, archive: Path) -> None:
        """Makes the images of an OCI archive known to the node, so that Pods with IfNotPresent start from them."""
        ...

    def images(self) -> list[str]:
        """The full names of the images that the node has."""
        ...

    def audit_log(self) -> Path | None:
        """The API server's audit log until now, one JSON object a line; None where the driver keeps none.

        It may be a copy: whoever wants to see what came later asks again.
        """
        ...
