"""The image of the process that holds a Pod's namespaces open, made from ten lines of C."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness.cache import content_key
from tests.harness.command import run
from tests.harness.oci import Entry, Process, write_image

if TYPE_CHECKING:
    from tests.harness.cache import Cache

_SOURCE = Path(__file__).parent / "pause.c"


def ensure_pause_archive(cache: Cache, name: str) -> Path:
    """The OCI archive of the pause image, built now if it was not before."""

    def build(folder: Path) -> None:
        program = folder / "pause"
        run(["cc", "-static", "-Os", "-s", "-o", program, _SOURCE])
        write_image(folder / "pause.tar", name, [Entry("pause", program.read_bytes(), 0o755)], Process(["/pause"]))

    return cache.found_or_made("pause", content_key(name, files=[_SOURCE]), build) / "pause.tar"
