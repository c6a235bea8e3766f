"""The kind driver: a Kubernetes in a Docker container, where a Docker engine answers."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.harness.cache import Cache, file_lock
from tests.harness.command import run
from tests.harness.controlplane import AUDIT_POLICY
from tests.harness.errors import CommandFailed, HarnessError
from tests.harness.interface import Status
from tests.harness.tools import ensure_kind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.console import Console

_AUDIT_LOGS = "/var/log/kubernetes-audit"
_AUDIT_POLICY = "/kind/audit.yaml"


@dataclass(frozen=True)
class KindCluster:
    """A cluster of kind's.

    Attributes:
        name: kind's name for it.
        cache_root: the folder of everything that outlives a run; the kubeconfig is kept there.
        console: where progress is told.
        patience: how many seconds a node that was stopped may take to serve again.
    """

    name: str
    cache_root: Path
    console: Console
    patience: float = 60.0

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self._folder / "kubeconfig"

    def up(self) -> None:
        """As the interface says; one that was stopped goes on, and what a killed run left half made is made anew."""
        kind = self._kind()
        with file_lock(self.cache_root / "kind" / f"{self.name}.lock"):
            if self._exists(kind):
                self._require_ours()
                if self._healthy() or self._revived():
                    run([kind, "export", "kubeconfig", "--name", self.name, "--kubeconfig", self.kubeconfig])
                    self.console.say(f"  ✓ Cluster {self.name} is up already")
                    return
                self._delete(kind)
            with self.console.step(f"Cluster {self.name} (kind)", expected=90, note="the first time it is downloaded"):
                run(
                    [
                        *(kind, "create", "cluster", "--name", self.name, "--kubeconfig", self.kubeconfig),
                        *("--wait", "5m", "--config", self._write_configuration()),
                    ]
                )

    def down(self, *, purge: bool = False) -> None:
        """As the interface says; kind keeps no images, so there is nothing more to purge."""
        del purge
        kind = self._kind()
        if not self._exists(kind):
            self.console.say(f"  ✓ There is no cluster {self.name}")
            return
        self._require_ours()
        self._delete(kind)

    def status(self) -> Status:
        """As the interface says."""
        up = self._exists(self._kind()) and self._healthy()
        return Status(self.name, "kind", up, self.kubeconfig, f"node {self._node}" if up else "not running")

    def load(self, archive: Path) -> None:
        """As the interface says."""
        run([self._kind(), "load", "image-archive", "--name", self.name, archive])

    def images(self) -> list[str]:
        """As the interface says."""
        answer = json.loads(run(["docker", "exec", self._node, "crictl", "images", "--output", "json"]))
        return [name for image in answer["images"] for name in image.get("repoTags", [])]

    def audit_log(self) -> Path | None:
        """A copy of the log as it is now: in the node it belongs to root."""
        copy = self._folder / "audit.log"
        run(["docker", "cp", f"{self._node}:{_AUDIT_LOGS}/audit.log", copy])
        return copy

    @property
    def _folder(self) -> Path:
        return self.cache_root / "kind" / self.name

    def _write_configuration(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "audit.yaml").write_text(json.dumps(AUDIT_POLICY))
        file = self._folder / "kind.yaml"
        file.write_text(json.dumps(configuration(self._folder), indent=2))
        return file

    @property
    def _node(self) -> str:
        return f"{self.name}-control-plane"

    def _kind(self) -> Path:
        return ensure_kind(Cache(self.cache_root), self.console)

    def _exists(self, kind: Path) -> bool:
        """Whether there is anything of it, be it stopped or half made."""
        return self.name in run([kind, "get", "clusters"]).split()

    def _require_ours(self) -> None:
        """Refuses a cluster that somebody made by hand under this name: it is neither to be used nor to be deleted."""
        places = "{{range .Mounts}}{{.Destination}} {{end}}"
        if _AUDIT_POLICY not in run(["docker", "inspect", "--format", places, self._node]).split():
            raise HarnessError(
                f"There is a kind cluster {self.name} that was not made here, so it is left alone. "
                f"Choose another name, or delete it: `kind delete cluster --name {self.name}`."
            )

    def _healthy(self) -> bool:
        """Whether Pods can run and claims be bound: the class is the last thing that kind makes."""
        ask = ["docker", "exec", self._node, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf"]
        try:
            run([*ask, "wait", f"node/{self._node}", "--for=condition=Ready", "--timeout=0s"])
            run([*ask, "get", "storageclass", "standard"])
        except CommandFailed:
            return False
        return True

    def _revived(self) -> bool:
        """Whether it serves after its node was started again, as after the machine's own start."""
        with contextlib.suppress(CommandFailed):  # it runs
            run(["docker", "unpause", self._node])
        with contextlib.suppress(CommandFailed):  # there is no node
            run(["docker", "start", self._node])
        with self.console.step(f"Cluster {self.name} (kind) again", expected=30):
            deadline = time.monotonic() + self.patience
            while not self._healthy():
                if time.monotonic() > deadline:
                    return False
                time.sleep(1)
        return True

    def _delete(self, kind: Path) -> None:
        with self.console.step(f"Cluster {self.name} (kind) ended"):
            run([kind, "delete", "cluster", "--name", self.name])
            self.kubeconfig.unlink(missing_ok=True)


def configuration(folder: Path) -> dict[str, object]:
    """kind's own defaults, and an audit log in the node as the local driver keeps one."""
    arguments = {"audit-policy-file": _AUDIT_POLICY, "audit-log-path": f"{_AUDIT_LOGS}/audit.log"}
    volumes = [
        {"name": "audit-policy", "hostPath": _AUDIT_POLICY, "mountPath": _AUDIT_POLICY, "pathType": "File"},
        {"name": "audit-logs", "hostPath": _AUDIT_LOGS, "mountPath": _AUDIT_LOGS, "pathType": "DirectoryOrCreate"},
    ]
    patch: list[dict[str, object]] = [
        {"op": "add", "path": "/apiServer/extraArgs/-", "value": {"name": name, "value": value}}
        for name, value in arguments.items()
    ]
    patch.append({"op": "add", "path": "/apiServer/extraVolumes", "value": volumes})
    target = {"group": "kubeadm.k8s.io", "version": "v1beta4", "kind": "ClusterConfiguration"}
    mount = {"hostPath": f"{folder}/audit.yaml", "containerPath": _AUDIT_POLICY, "readOnly": True}
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [{"role": "control-plane", "extraMounts": [mount]}],
        "kubeadmConfigPatchesJSON6902": [{**target, "patch": json.dumps(patch)}],
    }
