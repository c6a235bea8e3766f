"""What the machine must have, and the Debian packages that are installed where they are missing.

Installing never starts a service: etcd and containerd of ours run from our own folders only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness.cache import cache_root, file_lock
from tests.harness.command import run
from tests.harness.errors import CommandFailed, MissingRequirement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.harness.console import Console

_POLICY = Path("/usr/sbin/policy-rc.d")

_OF_ROOT = ("/usr/sbin", "/sbin")
"""Where Debian keeps the programs that only root needs."""


@dataclass(frozen=True)
class Program:
    """A program (or a file) that must be there, and the Debian package that brings it."""

    probe: str
    package: str

    @property
    def present(self) -> bool:
        """Whether it is there."""
        if self.probe.startswith("/"):
            return any(Path("/").glob(self.probe.lstrip("/")))
        return shutil.which(self.probe, path=os.pathsep.join([os.environ.get("PATH", ""), *_OF_ROOT])) is not None


CONTROL_PLANE = (Program("etcd", "etcd-server"),)
NODE = (
    *CONTROL_PLANE,
    Program("containerd", "containerd"),
    Program("runc", "runc"),
    Program("/usr/lib/cni/ptp", "containernetworking-plugins"),
    Program("iptables", "iptables"),
    Program("conntrack", "conntrack"),
    Program("ip", "iproute2"),
    Program("nsenter", "util-linux"),
    Program("sysctl", "procps"),
    Program("umount", "mount"),
    Program("cc", "gcc"),
    Program("/usr/lib/*/libc.a", "libc6-dev"),
)
IMAGES = (
    Program("buildah", "buildah"),
    Program("mmdebstrap", "mmdebstrap"),
    Program("/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring"),
)
DEBIAN_POSTGRES = (Program("/usr/lib/postgresql/*/bin/initdb", "postgresql"),)
NPM = (Program("npm", "npm"),)


def require_linux(purpose: str) -> None:
    """Refuses other systems.

    Raises:
        MissingRequirement: this is not Linux on x86-64.
    """
    if not is_linux():
        raise MissingRequirement(
            f"{purpose} runs on Linux on x86-64 only, and this is {sys.platform} on {_machine()}. "
            "With Docker and kind (`--driver kind`) the cluster runs anywhere."
        )


def is_linux() -> bool:
    """Whether this is Linux on x86-64, for which alone there are the programs that we fetch."""
    return sys.platform == "linux" and _machine() == "x86_64"


def _machine() -> str:
    return os.uname().machine if hasattr(os, "uname") else "unknown"


def require_root(purpose: str) -> None:
    """Refuses other users.

    Raises:
        MissingRequirement: we are not root.
    """
    if os.geteuid() != 0:
        raise MissingRequirement(
            f"{purpose} needs root (containers, mounts and a network namespace). Run it as root, "
            "or use Docker and kind (`--driver kind`), or `--control-plane-only`, which needs no privilege."
        )


def ensure(programs: Sequence[Program], console: Console) -> None:
    """Installs the packages of what is missing; from then on root's own programs are found as well.

    Raises:
        MissingRequirement: something is missing and we may not, or cannot, install it.
    """
    _find_programs_of_root()
    missing = sorted({program.package for program in programs if not program.present})
    if not missing:
        return
    remedy = f"install the Debian packages {' '.join(missing)} (`apt-get install {' '.join(missing)}`)"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise MissingRequirement(f"This machine lacks programs: {remedy}.")
    with console.step(f"Debian packages {', '.join(missing)}", expected=15 + 2 * len(missing), note="once per machine"):
        try:
            _install(missing)
        except CommandFailed as error:
            raise MissingRequirement(f"Could not install what is missing; {remedy}.\n{error}") from error


def _find_programs_of_root() -> None:
    """`su` without `-` leaves their folders out of PATH; we, apt-get and the servers need them."""
    known = os.environ.get("PATH", "").split(os.pathsep)
    os.environ["PATH"] = os.pathsep.join([*known, *(folder for folder in _OF_ROOT if folder not in known)])


def _install(packages: Sequence[str]) -> None:
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-q", "-y"]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    with file_lock(cache_root() / "apt.lock"), _services_stay_stopped():
        try:
            run([*apt, "install", "--no-install-recommends", *packages], env=quiet, nice=True)
        except CommandFailed:  # the lists may be old or missing
            run([*apt, "update"], env=quiet, nice=True)
            run([*apt, "install", "--no-install-recommends", *packages], env=quiet, nice=True)


@contextlib.contextmanager
def _services_stay_stopped() -> Iterator[None]:
    """Debian's own switch: while this file says 101, no package starts its service."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
