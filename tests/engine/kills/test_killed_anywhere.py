"""The real `dbmigrate`, struck anywhere and run again: what the database is then, it would have been undisturbed.

Catalog, rows and history are compared, and that nothing is left for a person to clear. Each way, up and down; the
table at the end of the tests counts faults and outcomes. `SOAK_KILLS=1` strikes every query.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.engine.kills.choosing import every, sample
from tests.engine.kills.faults import OF_COMMANDS, Fault
from tests.engine.kills.full_disk import small_disk
from tests.engine.kills.generated import generated
from tests.engine.kills.hostile import MigrationSet, hostile
from tests.engine.kills.real import real_pairs
from tests.engine.kills.story import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.engine.kills.story import Way
    from tests.harness.postgres import Server

_SOAK = bool(os.environ.get("SOAK_KILLS"))
_SLICES = int(os.environ.get("SOAK_SLICES", "40")) if _SOAK else 1
_OTHERS_EACH = 9
_EXECUTED_EACH = 10
"""Every so manieth run is the installed command, with an interpreter of its own."""

_SETS: dict[str, Callable[[], MigrationSet | None]] = {"hostile": hostile, "generated": generated, "real": real_pairs}
_SHARES = {"hostile": 6, "generated": 2, "real": 0}
"""Strikes for each way and server, in the sample; with those of the steps some 60 for two servers."""
_SOAK_SHARES = {"generated": 60, "real": 60}


@pytest.fixture(scope="module")
def stages(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Stage | None]]:
    """Each migration set on this server, undisturbed once; made when it is asked for."""
    made: dict[str, Stage] = {}
    with small_disk(server) as disk:

        def stage(name: str) -> Stage | None:
            if name not in made:
                migrations = _SETS[name]()
                if migrations is None:
                    return None
                made[name] = Stage(server, tmp_path_factory.mktemp("kills"), migrations, disk)
            return made[name]

        yield stage
        for each in made.values():
            each.close()


@pytest.mark.parametrize("part", range(_SLICES))
@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize("name", _SETS)
def test_every_migration_takes_effect_exactly_once_whatever_strikes_it_when(
    name: str,
    direction: str,
    part: int,
    stages: Callable[[str], Stage | None],
    record_property: Callable[[str, object], None],
) -> None:
    if not _SOAK and not _SHARES[name]:
        pytest.skip("only in the soak")
    stage = stages(name)
    if stage is None:
        pytest.skip("KILL_CORPUS names no folder of pairs *.up.sql and *.down.sql")
    way: Way = getattr(stage, direction)
    wrong: list[str] = []
    for number, (fault, at) in enumerate(_strikes(name, direction, way, stage)[part::_SLICES]):
        ended = stage.play(way, fault, at, forked=number % _EXECUTED_EACH != _EXECUTED_EACH - 1)
        record_property("strike", f"{name}|{fault}|{ended.outcome}")
        wrong += [ended.told] if ended.wrong else []
    assert not wrong, "\n\n".join(wrong)


def _strikes(name: str, direction: str, way: Way, stage: Stage) -> list[tuple[Fault, int]]:
    faults = [fault for fault in OF_COMMANDS if stage.ground.disk or fault is not Fault.DISK_FULL]
    if not _SOAK:
        start = 100 * stage.ground.server.major + (50 if direction == "down" else 0)
        return sample(way.queries, _SHARES[name], faults[start % 9 :] + faults[: start % 9], start=start)
    if name in _SOAK_SHARES:
        return sample(way.queries, _SOAK_SHARES[name], faults)
    return every(way.queries, faults, others_each=_OTHERS_EACH)
