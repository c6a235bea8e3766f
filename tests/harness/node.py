"""The one node of a local cluster: containerd, kubelet, kube-proxy, DNS, and folders for volumes. Needs root."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness import cgroups, network
from tests.harness.command import run
from tests.harness.errors import CommandFailed, HarnessError
from tests.harness.mounts import filesystem_of, unmount_below
from tests.harness.pause import ensure_pause_archive
from tests.harness.processes import Servers

if TYPE_CHECKING:
    from tests.harness.apiserver import ApiServer
    from tests.harness.cache import Cache
    from tests.harness.settings import Network, Settings

PROGRAMS = ("containerd", "kube-proxy", "coredns", "volume-provisioner", "kubelet")
SHIM = "containerd-shim-runc-v2"
PAUSE_IMAGE = "docker.io/local/pause:1"
_CONTAINER_LOGS = Path("/var/log/containers")  # the kubelet's own choice: links to the logs under our folder


@dataclass(frozen=True)
class Node:
    """A node, joined to a control plane of the same settings."""

    settings: Settings
    programs: Path
    servers: Servers
    cache: Cache

    def start(self) -> None:
        """Starts what does not need the API server: the network and containerd with its pause image."""
        network.create(self.settings.namespace, self._network)
        cgroups.create(self.settings.cgroup)
        self._write_files()
        self._start_containerd()
        if self._remove_old_containers():  # containerd has them in its memory too
            self.servers.stop("containerd")
            self._start_containerd()
        if PAUSE_IMAGE not in self.images():
            self.load(ensure_pause_archive(self.cache, PAUSE_IMAGE))

    def join(self, api: ApiServer) -> None:
        """Starts what needs the API server, and waits until Pods can run."""
        settings = self.settings
        conf = settings.folder / "conf"
        within = network.inside(settings.namespace)
        self.servers.start("kube-proxy", [*within, self.programs / "kube-proxy", *kube_proxy(settings)])
        self.servers.start("coredns", [*within, self.programs / "coredns", "-conf", conf / "Corefile"])
        provisioner = [self.programs / "volume-provisioner", "-kubeconfig", settings.kubeconfig]
        self.servers.start("volume-provisioner", [*provisioner, "-folder", settings.folder / "volumes"])
        # It ends where containerd, which answers already, still puts its books of earlier Pods in order.
        words = [*within, self.programs / "kubelet", *kubelet(settings)]
        self.servers.supervise("kubelet", words, lambda: api.node_ready(settings.node_name), what="the node")

    def stop(self) -> None:
        """Ends all Pods, then everything that served them, and takes mounts, network and control group away."""
        self.servers.stop("kubelet")
        cgroups.remove(self.settings.cgroup)
        if self.servers.find("containerd") is not None:
            self._remove_old_containers()
        for name in reversed(PROGRAMS):
            self.servers.stop(name)
        clean(self.settings)

    def load(self, archive: Path) -> None:
        """Puts the images of an OCI archive into the node."""
        self._ctr("images", "import", "--snapshotter", self._snapshotter, str(archive))

    def images(self) -> list[str]:
        """The names of the images that the node has."""
        return self._ctr("images", "list", "-q").split()

    @property
    def _network(self) -> Network:
        if self.settings.network is None:
            raise HarnessError(f"Cluster {self.settings.name} is a control plane only: it has no node.")
        return self.settings.network

    @property
    def _snapshotter(self) -> str:
        """Overlays cannot be stacked on an overlay, which is what a container's own file system is."""
        mounted = Path("/proc/mounts").read_text()
        return "native" if filesystem_of(self.settings.folder, mounted) == "overlay" else "overlayfs"

    def _start_containerd(self) -> None:
        within = network.inside(self.settings.namespace)
        configuration = self.settings.folder / "conf" / "containerd.toml"
        self.servers.start("containerd", [*within, "containerd", "-c", configuration])
        self.servers.wait("containerd", self._containerd_answers, what="containerd")

    def _containerd_answers(self) -> bool:
        try:
            self._ctr("version")
        except CommandFailed:
            return False
        return True

    def _remove_old_containers(self) -> bool:
        """Removes the containers of an earlier run from containerd's books; whether there were any."""
        containers = self._ctr("containers", "list", "-q").split()
        for container in containers:
            with contextlib.suppress(CommandFailed):  # it has no task any more
                self._ctr("tasks", "delete", "--force", container)
            with contextlib.suppress(CommandFailed):  # the kubelet's end removed it in the meantime
                self._ctr("containers", "delete", container)
        return bool(containers)

    def _ctr(self, *arguments: str) -> str:
        return run(["ctr", "--address", self.settings.containerd_socket, "--namespace", "k8s.io", *arguments])

    def _write_files(self) -> None:
        folder = self.settings.folder
        conf = folder / "conf"
        for each in (conf, folder / "cni", folder / "volumes", folder / "state"):
            each.mkdir(parents=True, exist_ok=True)
        (conf / "containerd.toml").write_text(containerd_toml(self.settings, self._snapshotter))
        (conf / "Corefile").write_text(corefile(self.settings, self._network))
        (conf / "kubelet.yaml").write_text(json.dumps(kubelet_configuration(self.settings, self._network), indent=2))
        (folder / "cni" / "10-node.conflist").write_text(json.dumps(cni_configuration(self.settings, self._network)))


def clean(settings: Settings) -> None:
    """Removes what a node leaves outside of its folder and in the mount table; also after a killed run."""
    cgroups.remove(settings.cgroup)
    for process in Servers(settings.folder).left_behind([*PROGRAMS, SHIM]):
        process.stop(patience=5)
    unmount_below(settings.folder)
    network.remove(settings.namespace, settings.network)
    if _CONTAINER_LOGS.is_dir():
        for link in _CONTAINER_LOGS.iterdir():
            if link.is_symlink() and str(link.readlink()).startswith(f"{settings.folder}/"):
                link.unlink()


def containerd_toml(settings: Settings, snapshotter: str) -> str:
    """containerd with every path under our folder."""
    folder = settings.folder
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""\
version = 2
root = "{folder}/containerd"
state = "{folder}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", \
"io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "{settings.containerd_socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
[{cri}]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
[{cri}.containerd]
  snapshotter = "{snapshotter}"
  default_runtime_name = "runc"
[{cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[{cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false
[{cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "{folder}/cni"
"""


def cni_configuration(settings: Settings, addresses: Network) -> dict[str, object]:
    """One cable for each Pod. A bridge would need the kernel's br_netfilter before Pods reach their own Services."""
    ranges = [[{"subnet": addresses.pods}]]
    ipam = {
        "type": "host-local",
        "dataDir": f"{settings.folder}/cni-addresses",
        "ranges": ranges,
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    plugins = [
        {"type": "ptp", "ipMasq": False, "ipam": ipam},
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ]
    return {"cniVersion": "0.4.0", "name": settings.name, "plugins": plugins}


def corefile(settings: Settings, addresses: Network) -> str:
    """DNS for Services and Pods; every other name does not exist, as there is no way out of the node."""
    return f"""\
.:53 {{
  bind {addresses.node}
  errors
  cache 2
  kubernetes cluster.local {{
    kubeconfig {settings.folder}/conf/dns.kubeconfig
  }}
  template ANY ANY . {{
    rcode NXDOMAIN
  }}
}}
"""


def kubelet_configuration(settings: Settings, addresses: Network) -> dict[str, object]:
    """A kubelet that also runs where control groups are of version 1, without systemd, with little disk."""
    folder = settings.folder
    never = {"memory.available": "0%", "nodefs.available": "0%", "imagefs.available": "0%", "nodefs.inodesFree": "0%"}
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{settings.cgroup}",
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "localStorageCapacityIsolation": False,
        "evictionHard": never,
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "clusterDNS": [addresses.node],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{settings.containerd_socket}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{folder}/pki/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{folder}/pki/kubelet-serving.crt",
        "tlsPrivateKeyFile": f"{folder}/pki/kubelet-serving.key",
        "podLogsDir": f"{folder}/podlogs",
        "volumePluginDir": f"{folder}/kubelet/volume-plugins",
        "resolvConf": "",
        "syncFrequency": "10s",
    }


def kubelet(settings: Settings) -> list[str]:
    """The kubelet's arguments."""
    folder = settings.folder
    addresses = settings.network
    return [
        f"--config={folder}/conf/kubelet.yaml",
        f"--kubeconfig={folder}/conf/kubelet.kubeconfig",
        f"--root-dir={folder}/kubelet",
        f"--cert-dir={folder}/pki",
        f"--hostname-override={settings.node_name}",
        f"--node-ip={addresses.node if addresses is not None else ''}",
    ]


def kube_proxy(settings: Settings) -> list[str]:
    """kube-proxy, told to leave the connection tracker's settings alone: it may not write them everywhere."""
    addresses = settings.network
    return [
        f"--kubeconfig={settings.folder}/conf/kube-proxy.kubeconfig",
        "--proxy-mode=iptables",
        f"--cluster-cidr={addresses.pods if addresses is not None else ''}",
        f"--hostname-override={settings.node_name}",
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
    ]
