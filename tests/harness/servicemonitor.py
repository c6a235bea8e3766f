"""The CRD of ServiceMonitor, made from the Prometheus operator's own types, once per machine.

The Go module is in the folder `servicemonitor` beside this file; its go.mod and go.sum pin every part.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness.cache import content_key
from tests.harness.command import run
from tests.harness.localkube import require_go

if TYPE_CHECKING:
    from tests.harness.cache import Cache
    from tests.harness.console import Console

MODULE = Path(__file__).parent / "servicemonitor"
_TYPES = "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
_GENERATOR = "sigs.k8s.io/controller-tools/cmd/controller-gen"


def ensure_servicemonitor_crd(cache: Cache, console: Console) -> Path:
    """The manifest; made now if this machine has not made exactly this before.

    Raises:
        MissingRequirement: there is no Go, or one that is too old and may not fetch a newer one.
        CommandFailed: it could not be made.
    """
    key = content_key(files=sorted([*MODULE.glob("*.go"), MODULE / "go.mod", MODULE / "go.sum"]))
    name = "monitoring.coreos.com_servicemonitors.yaml"
    if (cache.root / "servicemonitor" / key).is_dir():
        return cache.found_or_made("servicemonitor", key, _make) / name
    with console.step("CRD of ServiceMonitor", expected=90, note="once per machine"):
        return cache.found_or_made("servicemonitor", key, _make) / name


def _make(folder: Path) -> None:
    require_go()
    go = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"}
    run(["go", "run", _GENERATOR, "crd", f"paths={_TYPES}", f"output:crd:dir={folder}"], cwd=MODULE, env=go, nice=True)
