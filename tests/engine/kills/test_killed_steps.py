"""`dbmigrate step …` as an operator's Jobs call it, struck anywhere in the whole sequence of a run and run again.

What is compared is what `test_killed_anywhere` compares, and what our tables say of the runs, and the backups. Where
this machine's `pg_dump` is older than the server, there is no backup.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.words import StepName
from tests.engine.kills.choosing import every, sample, share
from tests.engine.kills.faults import OF_BACKUPS, OF_STEPS, Fault
from tests.engine.kills.full_disk import small_disk
from tests.engine.kills.hostile import hostile
from tests.engine.kills.operated import Operated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.engine.kills.operated import Course
    from tests.harness.postgres import Server

_SOAK = bool(os.environ.get("SOAK_KILLS"))
_SLICES = int(os.environ.get("SOAK_SLICES", "40")) if _SOAK else 1
_OTHERS_EACH = 15
_EXECUTED_EACH = 10
"""Every so manieth run is the installed command, with an interpreter of its own."""
_SHARE, _SHARE_OF_BACKUPS = 4, 3
"""Strikes for each way and server, in the sample."""
_LONGEST_PAUSE = 0.12
"""Seconds in which all that follows the last word of `pg_dump` is done."""


@pytest.fixture(scope="module")
def operated(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    """The hostile set on this server, undisturbed once."""
    with small_disk(server) as disk:
        made = Operated(server, tmp_path_factory.mktemp("steps"), hostile(), disk)
        yield made
        made.close()


@pytest.mark.parametrize("part", range(_SLICES))
def test_every_step_run_again_takes_effect_exactly_once_whatever_strikes_it_when(
    part: int, operated: Operated, record_property: Callable[[str, object], None]
) -> None:
    strikes = [(course, *strike) for course in operated.both for strike in _on_steps(operated, course)]
    wrong: list[str] = []
    for number, (course, fault, at) in enumerate(strikes[part::_SLICES]):
        ended = operated.play(course, fault, at, forked=number % _EXECUTED_EACH != _EXECUTED_EACH - 1)
        record_property("strike", f"steps|a Job's step: {fault}|{ended.outcome}")
        wrong += [ended.told] if ended.wrong else []
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("part", range(_SLICES))
def test_a_struck_backup_is_whole_or_not_there_and_the_next_attempt_takes_it(
    part: int, operated: Operated, record_property: Callable[[str, object], None]
) -> None:
    if not operated.can_dump:
        pytest.skip("the pg_dump of this machine is older than the server")
    wrong: list[str] = []
    for course, number, fault, at in _on_backups(operated)[part::_SLICES]:
        ended = operated.play(course, fault, at, pause=share(number) * _LONGEST_PAUSE)
        record_property("strike", f"steps|a Job's backup: {fault}|{ended.outcome}")
        wrong += [ended.told] if ended.wrong else []
    assert not wrong, "\n\n".join(wrong)


def _on_steps(operated: Operated, course: Course) -> list[tuple[Fault, int]]:
    faults = [fault for fault in OF_STEPS if operated.ground.disk or fault is not Fault.DISK_FULL]
    if _SOAK:
        return every(course.queries, faults, others_each=_OTHERS_EACH)
    start = 97 * operated.ground.server.major + (53 if course is operated.down else 0)
    turn = start % len(faults)
    return sample(course.queries, _SHARE, faults[turn:] + faults[:turn], start=start)


def _on_backups(operated: Operated) -> list[tuple[Course, int, Fault, int]]:
    """Faults in turn; the later kills at the last queries, after which files are checked, named and retired."""
    chosen: list[tuple[Course, int, Fault, int]] = []
    for course in operated.both:
        queries = course.within(StepName.BACKUP)
        for number in range(len(chosen), len(chosen) + (2 * len(queries) if _SOAK else _SHARE_OF_BACKUPS)):
            fault = OF_BACKUPS[number % len(OF_BACKUPS)]
            among = queries[-20:] if fault is Fault.KILLED_LATER else queries
            chosen.append((course, number, fault, among[int(share(7 * number) * len(among))]))
    return chosen
