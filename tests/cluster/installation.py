"""The operator, installed from its chart by the real helm, once for all tests of a run."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.operator_pod import OperatorPod

if TYPE_CHECKING:
    from tests.cluster.kube import Kube

REPOSITORY = Path(__file__).resolve().parents[2]
CHART = REPOSITORY / "charts" / "dbmigrations"
NAMESPACE = "dbmigrations-system"
RELEASE = "dbmigrations"


def install_operator(helm: Path, kubeconfig: Path, kube: Kube, build: str) -> OperatorPod:
    """Install or upgrade, and wait until it is ready.

    Args:
        helm: the program.
        kubeconfig: an administrator's.
        kube: the same API server.
        build: changes when the images do, so that the Pods are replaced.
    """
    command = [
        str(helm), "upgrade", "--install", RELEASE, str(CHART),
        "--namespace", NAMESPACE, "--create-namespace", "--wait", "--timeout", "3m",
        "--set", "image.tag=dev", "--set", "runnerImage.tag=dev", "--set-string", f"podAnnotations.build={build}",
        "--set", "operator.logLevel=debug",
    ]  # fmt: skip
    done = _helm(command, kubeconfig)
    if "another operation" in done.stderr:  # a run was killed in the middle of one
        uninstall_operator(helm, kubeconfig)
        done = _helm(command, kubeconfig)
    if done.returncode != 0:
        raise AssertionError(f"helm failed: {done.stderr}\n{_why(kube)}")
    return OperatorPod(kube, NAMESPACE, RELEASE)


def uninstall_operator(helm: Path, kubeconfig: Path) -> None:
    """Uninstall, and wait until nothing of it is there but the CRD."""
    command = [str(helm), "uninstall", RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout", "2m"]
    done = _helm(command, kubeconfig)
    if done.returncode != 0:
        raise AssertionError(f"helm failed: {done.stderr}")


def _helm(command: list[str], kubeconfig: Path) -> subprocess.CompletedProcess[str]:
    environment = {"KUBECONFIG": str(kubeconfig), "HOME": str(kubeconfig.parent), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def _why(kube: Kube) -> str:
    pods = kube.list("Pod", NAMESPACE)
    return "\n".join(f"{pod['metadata']['name']}: {pod['status']}" for pod in pods)
