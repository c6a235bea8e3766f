"""The local driver: a real Kubernetes on this machine from its own processes, without Docker.

One folder per cluster, `<cache>/clusters/<name>`. `down` empties it except for the images; whatever a killed run left
behind is found and removed by the next `up` or `down`.
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.harness import network, requirements
from tests.harness.cache import Cache, file_lock
from tests.harness.controlplane import PROGRAMS as CONTROL_PLANE_PROGRAMS
from tests.harness.controlplane import ControlPlane
from tests.harness.errors import HarnessError
from tests.harness.interface import Status
from tests.harness.localkube import ensure_localkube
from tests.harness.node import PROGRAMS as NODE_PROGRAMS
from tests.harness.node import Node, clean
from tests.harness.ports import free_ports
from tests.harness.processes import Process, Servers, this_process
from tests.harness.settings import Ports, Settings, free_network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.console import Console

_OWNER = "owner"
_KEPT = frozenset({"containerd", "opt"})  # the images; all else belongs to one life of the cluster


@dataclass(frozen=True)
class LocalCluster:
    """A cluster of this machine's own processes.

    Attributes:
        name: a DNS label; the folder and the network namespace are named after it.
        cache_root: the folder of everything that outlives a run.
        console: where progress is told.
        with_node: False for a control plane only, on which Pods never run.
        throwaway: True for a cluster that is of no use after this process; if the process is killed, the next
            throwaway cluster of anybody ends it.
    """

    name: str
    cache_root: Path
    console: Console
    with_node: bool = True
    throwaway: bool = False

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self._folder / "kubeconfig"

    def up(self) -> None:
        """As the interface says."""
        requirements.require_linux("The local cluster")
        if self.with_node:
            requirements.require_root("The local cluster")
        requirements.ensure(requirements.NODE if self.with_node else requirements.CONTROL_PLANE, self.console)
        programs = ensure_localkube(Cache(self.cache_root), self.console)
        if self.throwaway:
            self._sweep()
        with self._alone():
            if self._healthy():
                self.console.say(f"  ✓ Cluster {self.name} is up already")
                return
            self._end()
            with self.console.step(f"Cluster {self.name}", expected=9 if self.with_node else 4):
                self._start(programs)

    def down(self, *, purge: bool = False) -> None:
        """As the interface says."""
        if not self._folder.exists():
            self.console.say(f"  ✓ There is no cluster {self.name}")
            return
        with self._alone(), self.console.step(f"Cluster {self.name} ended"):
            self._end()
            if purge:
                shutil.rmtree(self._folder, ignore_errors=True)  # another process may sweep the same one
                self._lock.unlink(missing_ok=True)

    def status(self) -> Status:
        """As the interface says."""
        up = self._healthy()
        settings = Settings.read(self._folder)
        running = [name for name in self._programs if self._servers.find(name) is not None]
        detail = f"server {settings.server}, processes {', '.join(running)}" if settings and running else "not running"
        return Status(self.name, "local", up, self.kubeconfig, detail)

    def load(self, archive: Path) -> None:
        """As the interface says."""
        self._node().load(archive)

    def images(self) -> list[str]:
        """As the interface says."""
        return self._node().images()

    def audit_log(self) -> Path | None:
        """As the interface says."""
        return self._folder / "log" / "audit.log"

    @property
    def _folder(self) -> Path:
        return self.cache_root / "clusters" / self.name

    @property
    def _lock(self) -> Path:
        return self.cache_root / "clusters" / f"{self.name}.lock"

    @property
    def _servers(self) -> Servers:
        return Servers(self._folder)

    @property
    def _programs(self) -> tuple[str, ...]:
        needed = CONTROL_PLANE_PROGRAMS if self.with_node else CONTROL_PLANE_PROGRAMS[:3]
        return (*needed, *NODE_PROGRAMS) if self.with_node else needed

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with file_lock(self._lock):
            yield

    def _node(self) -> Node:
        settings = Settings.read(self._folder)
        if settings is None:
            raise HarnessError(f"Cluster {self.name} is not up: `python -m tests.harness up --name {self.name}`.")
        return self._node_of(settings, self._folder)

    def _node_of(self, settings: Settings, programs: Path) -> Node:
        return Node(settings, programs, self._servers, Cache(self.cache_root))

    def _healthy(self) -> bool:
        settings = Settings.read(self._folder)
        if settings is None or (settings.network is not None) != self.with_node:
            return False
        if any(self._servers.find(name) is None for name in self._programs):
            return False
        api = ControlPlane(settings, self._folder, self._servers).api
        return api.ready() and (not self.with_node or api.node_ready(settings.node_name))

    def _start(self, programs: Path) -> None:
        settings = self._new_settings()
        control_plane = ControlPlane(settings, programs, self._servers)
        node = self._node_of(settings, programs)
        try:
            control_plane.start()
            if self.with_node:
                node.start()
            control_plane.serve()
            if self.with_node:
                node.join(control_plane.api)
            control_plane.settle()
        except BaseException:
            logs = self._folder / "log"
            if logs.is_dir():  # the end removes the folder; the reason must stay
                kept = self.cache_root / "failed" / self.name
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(logs, kept)
                self.console.say(f"  The logs are in {kept}")
            self._end()
            raise

    def _new_settings(self) -> Settings:
        """Addresses that are free now; written at once, under a lock, so that another cluster does not take them."""
        with file_lock(self.cache_root / "clusters" / ".addresses.lock"):
            found = [Settings.read(file.parent) for file in (self.cache_root / "clusters").glob("*/settings.json")]
            others = [other for other in found if other is not None]
            taken = [other.network.all for other in others if other.network is not None]
            chosen = free_network([*taken, *network.networks_in_use()]) if self.with_node else None
            ports = Ports(*free_ports(3, [port for other in others for port in other.ports.all]))
            settings = Settings(self.name, self._folder, ports, chosen)
            settings.write()
            if self.throwaway:
                this_process().write(self._folder / _OWNER)
        return settings

    def _sweep(self) -> None:
        """Ends the throwaway clusters whose process is gone."""
        for file in (self.cache_root / "clusters").glob(f"*/{_OWNER}"):
            owner = Process.read(file)
            settings = Settings.read(file.parent)
            if settings is not None and owner is not None and not owner.alive:
                LocalCluster(settings.name, self.cache_root, self.console, settings.network is not None).down(
                    purge=True
                )

    def _end(self) -> None:
        """Stops what runs, and removes what is left of this or of a killed run."""
        settings = Settings.read(self._folder)
        if settings is not None:
            if settings.network is not None:
                self._node_of(settings, self._folder).stop()
            ControlPlane(settings, self._folder, self._servers).stop()
        for process in self._servers.left_behind(CONTROL_PLANE_PROGRAMS):
            process.stop(patience=0)
        if settings is None and self.with_node:  # its addresses are lost, but all else is named after it
            clean(Settings(self.name, self._folder, Ports(0, 0, 0)))
        if self._folder.is_dir():
            for entry in self._folder.iterdir():
                if entry.name not in _KEPT:
                    shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
