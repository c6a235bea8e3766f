"""What runs beside the workers: its end is told, and a restart is asked for."""

import asyncio

from structlog.testing import capture_logs

from dbmigrations.operator.companions import Companions


async def go_on() -> None:
    await asyncio.Event().wait()


async def break_down() -> None:
    raise KeyError("metadata")


async def a_while() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_what_goes_on_is_no_ailment() -> None:
    async def story() -> list[str]:
        companions = Companions()
        companions.start("events", go_on())
        await a_while()
        found = companions.ailments()
        await companions.stop()
        return found

    assert asyncio.run(story()) == []


def test_what_has_broken_down_is_an_ailment_with_its_name_and_is_logged() -> None:
    async def story() -> list[str]:
        companions = Companions()
        companions.start("events", go_on())
        companions.start("comparison of watch and list", break_down())
        await a_while()
        found = companions.ailments()
        await companions.stop()
        return found

    with capture_logs() as lines:
        found = asyncio.run(story())

    assert found == ["comparison of watch and list ended"]
    (line,) = lines
    assert line["log_level"] == "error"
    assert line["task"] == "comparison of watch and list"
    assert isinstance(line["exc_info"], KeyError)


def test_stopping_ends_all_of_them_in_silence() -> None:
    async def story() -> None:
        companions = Companions()
        companions.start("events", go_on())
        companions.start("ends of Pods", go_on())
        await a_while()
        await companions.stop()
        assert len(asyncio.all_tasks()) == 1

    with capture_logs() as lines:
        asyncio.run(story())

    assert lines == []
