"""A Debian base image for machines that can reach Debian's packages but no image registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness.command import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.cache import Cache
    from tests.harness.console import Console

BASE_IMAGE = "docker.io/library/debian:trixie-slim"  # as the Dockerfiles' ARG BASE
_SUITE = "trixie"
_NEVER_IN_AN_IMAGE = ("usr/share/doc/*", "usr/share/man/*", "usr/share/locale/*", "usr/share/info/*")
_FORMAT = "1"  # raised when what is made below changes


def ensure_rootfs(cache: Cache, console: Console) -> Path:
    """A tar file with a minimal Debian, made now if this machine has not made it before."""
    key = f"{_SUITE}-{_FORMAT}"
    if not (cache.root / "rootfs" / key).is_dir():
        with console.step(f"Debian {_SUITE} base image", expected=40, note="once per machine"):
            return cache.found_or_made("rootfs", key, _make) / "rootfs.tar"
    return cache.found_or_made("rootfs", key, _make) / "rootfs.tar"


def _make(folder: Path) -> None:
    """As Debian's slim image is made: no documentation, and apt keeps no packages and asks nothing."""
    exclude = [f"--dpkgopt=path-exclude=/{pattern}" for pattern in _NEVER_IN_AN_IMAGE]
    keep = "--dpkgopt=path-include=/usr/share/doc/*/copyright"
    run(
        ["mmdebstrap", "--variant=minbase", *exclude, keep, "--include=ca-certificates", _SUITE, folder / "rootfs.tar"],
        nice=True,
    )
