"""Where a local cluster lives and which addresses are its own. Pure.

One folder holds all that a cluster has. A cluster with a node has a network namespace of its own, joined to the
machine by one cable, so that several run side by side: the addresses of cluster number n are 10.(200+n).0.0/16.

    machine 10.S.255.1 ──────── 10.S.255.2 node ─── one cable for each Pod, 10.S.0.0/17
    etcd, kube-apiserver,                  kubelet, containerd, kube-proxy, CoreDNS
    controller-manager, scheduler          Services 10.S.128.0/18
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from tests.harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DEFAULT_NAME = "dbmigrations"
NUMBERS = range(32)
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,28}[a-z0-9])?")
_LONGEST_SOCKET = 100  # the kernel takes 107 bytes; a few are needed for what stands behind the folder


@dataclass(frozen=True)
class Network:
    """The addresses of one cluster with a node."""

    number: int

    @property
    def all(self) -> str:
        """Everything below, as one network."""
        return f"{self._prefix}.0.0/16"

    @property
    def pods(self) -> str:
        """Pods get their addresses from here."""
        return f"{self._prefix}.0.0/17"

    @property
    def services(self) -> str:
        """Services get their cluster IPs from here."""
        return f"{self._prefix}.128.0/18"

    @property
    def first_service(self) -> str:
        """The cluster IP of the Service `kubernetes`."""
        return f"{self._prefix}.128.1"

    @property
    def machine(self) -> str:
        """The machine's end of the cable; the API server is reached here from Pods."""
        return f"{self._prefix}.255.1"

    @property
    def node(self) -> str:
        """The node's end of the cable; kubelet and DNS are reached here."""
        return f"{self._prefix}.255.2"

    @property
    def machine_device(self) -> str:
        """The name of the cable's end on the machine."""
        return f"dbm{self.number}"

    @property
    def node_device(self) -> str:
        """The name of the cable's end in the node's namespace."""
        return f"dbm{self.number}n"

    @property
    def _prefix(self) -> str:
        return f"10.{200 + self.number}"


def free_network(taken: Iterable[str]) -> Network:
    """The first network that overlaps none of the given ones (`10.0.0.0/8`, or one address).

    Raises:
        HarnessError: all are taken.
    """
    others = [ipaddress.ip_network(text, strict=False) for text in taken]
    for number in NUMBERS:
        network = Network(number)
        if not any(ipaddress.ip_network(network.all).overlaps(other) for other in others if other.version == 4):
            return network
    raise HarnessError(
        f"No free network among {Network(NUMBERS[0]).all} … {Network(NUMBERS[-1]).all}: "
        "stop a cluster that is not needed (`python -m tests.harness status`)."
    )


@dataclass(frozen=True)
class Ports:
    """The machine's ports that a control plane listens on."""

    apiserver: int
    etcd: int
    etcd_peer: int

    @property
    def all(self) -> tuple[int, int, int]:
        """Every one of them."""
        return self.apiserver, self.etcd, self.etcd_peer


@dataclass(frozen=True)
class Settings:
    """One local cluster: its name, its folder, its addresses."""

    name: str
    folder: Path
    ports: Ports
    network: Network | None = None  # None: a control plane only, without a node

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(str(self.folder)) > _LONGEST_SOCKET - len("/containerd/containerd.sock"):
            raise HarnessError(
                f"The folder {self.folder} is too long for the path of a socket: set DBMIGRATIONS_CACHE to a short one."
            )

    @property
    def server(self) -> str:
        """The API server's URL on this machine."""
        return f"https://127.0.0.1:{self.ports.apiserver}"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.folder / "kubeconfig"

    @property
    def node_name(self) -> str:
        """The one node's name."""
        return f"{self.name}-node"

    @property
    def namespace(self) -> str:
        """The name of the node's network namespace."""
        return self._mark

    @property
    def cgroup(self) -> str:
        """The control group that holds every Pod, so that nothing of them can be missed when the cluster stops."""
        return self._mark

    @property
    def _mark(self) -> str:
        """What belongs to this cluster alone: one of the same name in another cache has another folder."""
        return f"dbmigrations-{self.name}-{sha256(str(self.folder).encode()).hexdigest()[:8]}"

    @property
    def containerd_socket(self) -> Path:
        """Where containerd answers."""
        return self.folder / "containerd.sock"

    def write(self) -> None:
        """Remembers these settings in the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {
            "name": self.name,
            "ports": asdict(self.ports),
            "network": None if self.network is None else self.network.number,
        }
        settings_file(self.folder).write_text(json.dumps(content, indent=2) + "\n")

    @staticmethod
    def read(folder: Path) -> Settings | None:
        """What was remembered, or None where nothing (readable) was."""
        try:
            content = json.loads(settings_file(folder).read_text())
            network = None if content["network"] is None else Network(content["network"])
            return Settings(content["name"], folder, Ports(**content["ports"]), network)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def check_name(name: str) -> None:
    """Refuses a name that could not be a file's, a namespace's and a DNS label.

    Raises:
        HarnessError: it is none; the text says what would be.
    """
    if not _NAME.fullmatch(name):
        raise HarnessError(f"A cluster's name is a DNS label of at most 30 characters, not {name!r}.")


def settings_file(folder: Path) -> Path:
    """The file in a cluster's folder that `Settings.read` reads."""
    return folder / "settings.json"
