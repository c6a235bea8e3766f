"""etcd, kube-apiserver, kube-controller-manager, kube-scheduler: their files, their arguments, their order.

With a node the API server listens on every address of the machine and is known to Pods under the machine's end of the
node's cable. Without one everything stays on loopback and needs no privilege.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.harness.apiserver import ApiServer
from tests.harness.certificates import Identity, write_certificates

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.processes import Servers
    from tests.harness.settings import Settings

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_WITHOUT_NODE = (  # what keeps namespaces, service accounts and owner references working where no Pod ever runs
    "garbage-collector-controller",
    "namespace-controller",
    "serviceaccount-controller",
    "root-ca-certificate-publisher-controller",
)
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "rules": [{"level": "Metadata", "omitStages": ["RequestReceived"]}],
}


@dataclass(frozen=True)
class ControlPlane:
    """The control plane of one cluster."""

    settings: Settings
    programs: Path
    servers: Servers

    @property
    def api(self) -> ApiServer:
        """Its API server."""
        return ApiServer(self.settings.server, self._certificates)

    def start(self) -> None:
        """Starts etcd and the API server, and returns without waiting."""
        self._write_files()
        self.servers.start("etcd", etcd(self.settings))
        self.servers.start("kube-apiserver", [self.programs / "kube-apiserver", *apiserver(self.settings)])

    def serve(self) -> None:
        """Waits for the API server, then starts what needs it."""
        self.servers.wait("kube-apiserver", self.api.ready, what="the API server")
        manager = [self.programs / "kube-controller-manager", *controller_manager(self.settings)]
        self.servers.start("kube-controller-manager", manager)
        if self.settings.network is not None:
            self.servers.start("kube-scheduler", [self.programs / "kube-scheduler", *scheduler(self.settings)])

    def settle(self) -> None:
        """Waits until the controllers have made what every namespace has."""
        self.servers.wait(
            "kube-controller-manager", self.api.has_default_account, what="the service account of namespace default"
        )

    def stop(self) -> None:
        """Ends everything at once: what it held is thrown away, and the API server would take its time."""
        for name in reversed(PROGRAMS):
            self.servers.stop(name, patience=0)

    @property
    def _certificates(self) -> Path:
        return self.settings.folder / "pki"

    def _write_files(self) -> None:
        write_certificates(self._certificates, identities(self.settings))
        configuration = self.settings.folder / "conf"
        configuration.mkdir(parents=True, exist_ok=True)
        (configuration / "audit.yaml").write_text(json.dumps(AUDIT_POLICY))
        for user in ("controller-manager", "scheduler", "kubelet", "kube-proxy", "dns"):
            (configuration / f"{user}.kubeconfig").write_text(self._kubeconfig(user))
        self.settings.kubeconfig.touch(mode=0o600)
        self.settings.kubeconfig.write_text(self._kubeconfig("admin"))

    def _kubeconfig(self, user: str) -> str:
        pki = self._certificates
        name = self.settings.name
        server = self.settings.server
        if self.settings.network is not None and user in {"kubelet", "kube-proxy", "dns"}:  # they live behind the cable
            server = f"https://{self.settings.network.machine}:{self.settings.ports.apiserver}"
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority": f"{pki}/ca.crt"}}],
            "users": [
                {"name": user, "user": {"client-certificate": f"{pki}/{user}.crt", "client-key": f"{pki}/{user}.key"}}
            ],
            "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
            "current-context": name,
        }
        return json.dumps(content, indent=2) + "\n"


def identities(settings: Settings) -> list[Identity]:
    """Every certificate that the cluster needs."""
    names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "127.0.0.1"]
    everybody = [
        Identity("admin", "admin", "system:masters"),
        Identity("controller-manager", "system:kube-controller-manager"),
        Identity("scheduler", "system:kube-scheduler"),
        Identity("kube-proxy", "system:kube-proxy"),
        Identity("dns", "dns", "system:masters"),
        Identity("apiserver-kubelet-client", "apiserver-kubelet-client", "system:masters"),
        Identity("kubelet", f"system:node:{settings.node_name}", "system:nodes"),
    ]
    network = settings.network
    if network is None:
        return [*everybody, Identity("apiserver", "kube-apiserver", addresses=names)]
    return [
        *everybody,
        Identity("apiserver", "kube-apiserver", addresses=[*names, network.machine, network.first_service]),
        Identity("kubelet-serving", settings.node_name, addresses=[network.node, settings.node_name]),
    ]


def etcd(settings: Settings) -> list[str]:
    """A throwaway store: what it holds need not survive the machine, so it never waits for the disk."""
    url = f"http://127.0.0.1:{settings.ports.etcd}"
    return [
        "etcd",
        f"--data-dir={settings.folder}/etcd",
        "--unsafe-no-fsync",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        f"--listen-peer-urls=http://127.0.0.1:{settings.ports.etcd_peer}",
        "--log-level=warn",
    ]


def apiserver(settings: Settings) -> list[str]:
    """The API server as a distribution runs it, with an audit log."""
    pki = settings.folder / "pki"
    network = settings.network
    common = [
        f"--etcd-servers=http://127.0.0.1:{settings.ports.etcd}",
        f"--secure-port={settings.ports.apiserver}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--client-ca-file={pki}/ca.crt",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--cert-dir={pki}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki}/sa.pub",
        f"--service-account-signing-key-file={pki}/sa.key",
        f"--audit-policy-file={settings.folder}/conf/audit.yaml",
        f"--audit-log-path={settings.folder}/log/audit.log",
        "--shutdown-delay-duration=0s",
    ]
    if network is None:  # nobody inside will ever look for the Service `kubernetes`, so it gets no endpoints
        return [
            *common,
            "--bind-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=198.51.100.0/24",
        ]
    return [
        *common,
        "--bind-address=0.0.0.0",
        f"--advertise-address={network.machine}",
        f"--service-cluster-ip-range={network.services}",
        f"--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={pki}/apiserver-kubelet-client.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",
    ]


def controller_manager(settings: Settings) -> list[str]:
    """All controllers with a node, and only the housekeeping without one."""
    folder = settings.folder
    common = [
        f"--kubeconfig={folder}/conf/controller-manager.kubeconfig",
        "--use-service-account-credentials",
        "--leader-elect=false",
        "--secure-port=0",
        f"--root-ca-file={folder}/pki/ca.crt",
        f"--service-account-private-key-file={folder}/pki/sa.key",
    ]
    if settings.network is None:
        return [*common, f"--controllers={','.join(_WITHOUT_NODE)}"]
    return [
        *common,
        f"--cluster-cidr={settings.network.pods}",
        f"--flex-volume-plugin-dir={folder}/kubelet/volume-plugins",
    ]


def scheduler(settings: Settings) -> list[str]:
    """The scheduler, alone of its kind."""
    return [
        f"--kubeconfig={settings.folder}/conf/scheduler.kubeconfig",
        "--leader-elect=false",
        "--secure-port=0",
    ]
