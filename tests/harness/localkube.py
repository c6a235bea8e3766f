"""Builds Kubernetes and CoreDNS from source, once per machine: one binary that becomes the program it is called as.

The Go module is in the folder `localkube` beside this file; its go.mod and go.sum pin every part.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness.cache import content_key
from tests.harness.command import run
from tests.harness.errors import CommandFailed, HarnessError, MissingRequirement

if TYPE_CHECKING:
    from tests.harness.cache import Cache
    from tests.harness.console import Console

MODULE = Path(__file__).parent / "localkube"
PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
    "coredns",
    "volume-provisioner",
)
_BUILD_SECONDS = 420  # on 2 cores, from nothing


def ensure_localkube(cache: Cache, console: Console) -> Path:
    """The folder with all programs; built now if this machine has not built exactly these before.

    Raises:
        MissingRequirement: there is no Go, or one that is too old and may not fetch a newer one.
        CommandFailed: the build failed.
    """
    sources = sorted([*MODULE.glob("*.go"), MODULE / "go.mod", MODULE / "go.sum"])
    key = f"{kubernetes_version()}-{content_key(files=sources)}"
    place = cache.root / "localkube" / key
    if place.is_dir():
        return cache.found_or_made("localkube", key, _never)
    with console.step(
        f"Kubernetes {kubernetes_version()} from source", expected=_BUILD_SECONDS, note="once per machine"
    ):
        return cache.found_or_made("localkube", key, _build)


def kubernetes_version(go_mod: str | None = None) -> str:
    """The version that go.mod requires, as `v1.36.2`."""
    text = go_mod if go_mod is not None else (MODULE / "go.mod").read_text()
    match = re.search(r"^\s*k8s\.io/kubernetes (v\d+\.\d+\.\d+)$", text, re.MULTILINE)
    if match is None:
        raise HarnessError(f"{MODULE / 'go.mod'} requires no k8s.io/kubernetes.")
    return match.group(1)


def build_flags(version: str) -> list[str]:
    """What `go build` is told; without the version the server would call itself v0.0.0 and Helm would refuse it."""
    major, minor, _ = version.removeprefix("v").split(".")
    stamp = "-X k8s.io/component-base/version."
    linker = f"-s -w {stamp}gitVersion={version} {stamp}gitMajor={major} {stamp}gitMinor={minor}"
    return ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", linker]


def _build(folder: Path) -> None:
    require_go()
    run(
        ["go", "build", *build_flags(kubernetes_version()), "-o", folder / "localkube", "."],
        cwd=MODULE,
        env={"CGO_ENABLED": "0", "GOFLAGS": ""},
        nice=True,
    )
    for program in PROGRAMS:
        (folder / program).symlink_to("localkube")


def require_go() -> None:
    """Checks for a Go that can build our module (Go fetches the version that go.mod names by itself, where it may).

    Raises:
        MissingRequirement: there is none.
    """
    remedy = "install Go 1.26 or newer (package `golang`, or from go.dev), and see that `go version` works"
    try:
        run(["go", "version"], cwd=MODULE)
    except MissingRequirement as error:
        raise MissingRequirement(
            f"There is no Go on this machine, which builds Kubernetes from source: {remedy}."
        ) from error
    except CommandFailed as error:
        raise MissingRequirement(f"This machine's Go cannot build Kubernetes: {remedy}.\n{error}") from error


def _never(_folder: Path) -> None:
    raise HarnessError("The cache was emptied while it was read: run the command again.")
