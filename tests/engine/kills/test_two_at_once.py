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

_OUTCOMES = {0: "found it done", 20: "told that another run took its place", 30: "told to try again"}


def test_two_runs_at_once_apply_everything_once(
    server: Server, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    stage = Stage(server, tmp_path, generated(5))
    wrong: list[str] = []
    for number in range(RACES):
        raced = stage.race(stage.up if number % 2 else stage.down)
        assert 0 in raced.codes, raced.said
        other = max(raced.codes)
        record_property(
            "strike", f"race|two runs at once|one applied, the other {_OUTCOMES.get(other, f'exit {other}')}"
        )
        if other == 20 and "another run took its place" not in raced.said:
            wrong.append(raced.said)
        wrong += [*raced.wrong] if set(raced.codes) <= _OUTCOMES.keys() else [raced.said]
    stage.close()
    assert not wrong, "\n\n".join(wrong)
