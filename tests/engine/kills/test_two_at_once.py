"""Two runs of the same migrations at once on one database: one applies, the other waits or reports, nothing twice."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.engine.kills.generated import generated
from tests.engine.kills.story import Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.harness.postgres import Server

RACES = int(os.environ.get("SOAK_RACES", "8"))
"""For each server."""


def test_two_runs_at_once_apply_everything_once_and_both_find_it_done(
    server: Server, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    stage = Stage(server, tmp_path, generated(5))
    wrong: list[str] = []
    for number in range(RACES):
        raced = stage.race(stage.up if number % 2 else stage.down)
        waited = "planned anew after it" in raced.said
        how = "let it go first and planned anew" if waited else "waited for its lock"
        record_property("strike", f"race|two runs at once|one applied, the other {how}")
        wrong += raced.wrong if set(raced.codes) == {0} else [f"{raced.codes}: {raced.said}"]
    stage.close()
    assert not wrong, "\n\n".join(wrong)
