"""The queue, on virtual time: no test waits."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest

from dbmigrations.controller.queue import Backoff, QueueClosedError, WorkQueue, work

T = TypeVar("T")


class VirtualSelector(selectors.SelectSelector):
    """Nobody waits: where the loop would sleep, its clock is put forward instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise AssertionError("everything waits, and nothing will ever happen")
        if not ready and timeout is not None:
            self.now += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.selector = VirtualSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    yield loop
    loop.close()


def steady() -> float:
    return 0.0


class Looks:
    """A worker's subject: notes when each key is looked at, and answers as told."""

    def __init__(self, answer: float | None = None, takes: float = 0.0) -> None:
        self.answer = answer
        self.takes = takes
        self.seen: list[tuple[float, str]] = []
        self.fail: set[str] = set()
        self.failures: list[tuple[str, float]] = []
        self.together = 0
        self.most_together = 0
        self.under_way: set[str] = set()

    async def look(self, key: str) -> float | None:
        assert key not in self.under_way, "one worker a key"
        self.under_way.add(key)
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        self.seen.append((asyncio.get_running_loop().time(), key))
        try:
            await asyncio.sleep(self.takes)
            if key in self.fail:
                raise RuntimeError(key)
        finally:
            self.together -= 1
            self.under_way.discard(key)
        return self.answer

    def failed(self, key: str, error: Exception, again_after: float) -> None:
        assert str(error) == key
        self.failures.append((key, again_after))


def run(loop: VirtualLoop, looks: Looks, story: Callable[[WorkQueue[str]], Awaitable[None]], workers: int = 1) -> None:
    """Tell the story beside so many workers, then stop."""

    async def whole() -> None:
        queue: WorkQueue[str] = WorkQueue(Backoff(first=1.0, last=8.0, jitter=steady))
        tasks = [asyncio.create_task(work(queue, looks.look, looks.failed)) for _ in range(workers)]
        await story(queue)
        queue.close()
        await queue.drained()
        await asyncio.gather(*tasks)

    loop.run_until_complete(whole())


def test_a_key_added_many_times_while_it_waits_is_looked_at_once(loop: VirtualLoop) -> None:
    looks = Looks()

    async def story(queue: WorkQueue[str]) -> None:
        for _ in range(50):
            queue.add("a")
        assert queue.depth() == 1
        await asyncio.sleep(1)

    run(loop, looks, story)

    assert [key for _, key in looks.seen] == ["a"]


def test_fifty_changes_during_a_look_are_one_more_look(loop: VirtualLoop) -> None:
    looks = Looks(takes=1.0)

    async def story(queue: WorkQueue[str]) -> None:
        queue.add("a")
        await asyncio.sleep(0.5)
        for _ in range(50):
            queue.add("a")
        await asyncio.sleep(5)

    run(loop, looks, story, workers=3)

    assert looks.seen == [(0.0, "a"), (1.0, "a")]


def test_keys_are_looked_at_in_the_order_in_which_they_came(loop: VirtualLoop) -> None:
    looks = Looks()

    async def story(queue: WorkQueue[str]) -> None:
        for key in "cab":
            queue.add(key)
        await asyncio.sleep(1)

    run(loop, looks, story)

    assert [key for _, key in looks.seen] == ["c", "a", "b"]


def test_so_many_keys_are_looked_at_together_as_there_are_workers(loop: VirtualLoop) -> None:
    looks = Looks(takes=1.0)

    async def story(queue: WorkQueue[str]) -> None:
        for key in "abcdefgh":
            queue.add(key)
        await asyncio.sleep(10)

    run(loop, looks, story, workers=3)

    assert looks.most_together == 3
    assert looks.seen[-1][0] == 2.0


def test_a_look_is_repeated_after_the_time_that_it_asked_for(loop: VirtualLoop) -> None:
    looks = Looks(answer=30.0)

    async def story(queue: WorkQueue[str]) -> None:
        queue.add("a")
        await asyncio.sleep(65)

    run(loop, looks, story)

    assert [when for when, _ in looks.seen] == [0.0, 30.0, 60.0]


def test_a_change_comes_before_the_deadline_and_leaves_only_one_deadline(loop: VirtualLoop) -> None:
    looks = Looks(answer=30.0)

    async def story(queue: WorkQueue[str]) -> None:
        queue.add("a")
        await asyncio.sleep(10)
        queue.add("a")
        await asyncio.sleep(35)
        assert queue.deadlines() == 1

    run(loop, looks, story)

    assert [when for when, _ in looks.seen] == [0.0, 10.0, 40.0]


def test_of_two_deadlines_the_earlier_one_stands(loop: VirtualLoop) -> None:
    looks = Looks()

    async def story(queue: WorkQueue[str]) -> None:
        queue.add("a", after=20)
        queue.add("a", after=5)
        queue.add("a", after=10)
        await asyncio.sleep(60)

    run(loop, looks, story)

    assert [when for when, _ in looks.seen] == [5.0]


def test_a_failed_look_comes_back_later_and_later_up_to_a_limit(loop: VirtualLoop) -> None:
    looks = Looks()
    looks.fail = {"a"}

    async def story(queue: WorkQueue[str]) -> None:
        queue.add("a")
        await asyncio.sleep(30)

    run(loop, looks, story)

    assert [when for when, _ in looks.seen] == [0.0, 1.0, 3.0, 7.0, 15.0, 23.0]
    assert looks.failures[:4] == [("a", 1.0), ("a", 2.0), ("a", 4.0), ("a", 8.0)]


def test_a_success_ends_the_count_of_failures(loop: VirtualLoop) -> None:
    looks = Looks()
    looks.fail = {"a"}

    async def story(queue: WorkQueue[str]) -> None:
        queue.add("a")
        await asyncio.sleep(3.5)
        looks.fail = set()
        await asyncio.sleep(10)
        looks.fail = {"a"}
        queue.add("a")
        await asyncio.sleep(0.5)

    run(loop, looks, story)

    assert looks.failures[-1] == ("a", 1.0)


def test_a_change_does_not_wait_for_the_pause_after_a_failure(loop: VirtualLoop) -> None:
    looks = Looks()
    looks.fail = {"a"}

    async def story(queue: WorkQueue[str]) -> None:
        queue.add("a")
        await asyncio.sleep(0.25)
        looks.fail = set()
        queue.add("a")
        await asyncio.sleep(5)

    run(loop, looks, story)

    assert [when for when, _ in looks.seen] == [0.0, 0.25]


def test_one_failing_resource_does_not_keep_the_others_waiting(loop: VirtualLoop) -> None:
    looks = Looks(answer=2.0)
    looks.fail = {"bad"}

    async def story(queue: WorkQueue[str]) -> None:
        queue.add("bad")
        queue.add("good")
        await asyncio.sleep(7)

    run(loop, looks, story)

    assert sum(key == "good" for _, key in looks.seen) == 4


def test_jitter_takes_up_to_half_of_the_pause(loop: VirtualLoop) -> None:
    del loop
    full = Backoff(first=1.0, last=8.0, jitter=lambda: 1.0)

    assert [full.delay(failures) for failures in (1, 2, 3, 4, 100)] == [0.5, 1.0, 2.0, 4.0, 4.0]


def test_stopping_waits_for_the_looks_under_way_and_drops_the_rest(loop: VirtualLoop) -> None:
    looks = Looks(answer=1.0, takes=5.0)

    async def story(queue: WorkQueue[str]) -> None:
        for key in "abc":
            queue.add(key)
        queue.add("later", after=60)
        await asyncio.sleep(1)

    run(loop, looks, story, workers=2)

    assert [key for _, key in looks.seen] == ["a", "b"]
    assert looks.under_way == set()
    assert loop.time() == 5.0


def test_a_closed_queue_takes_nothing_and_gives_nothing(loop: VirtualLoop) -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()
        waiter = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        queue.close()
        queue.add("a")
        with pytest.raises(QueueClosedError):
            await waiter
        assert (queue.depth(), queue.deadlines()) == (0, 0)

    loop.run_until_complete(story())


def test_a_worker_that_is_cancelled_gives_its_key_back(loop: VirtualLoop) -> None:
    looks = Looks(takes=10.0)

    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()
        queue.add("a")
        worker = asyncio.create_task(work(queue, looks.look, looks.failed))
        await asyncio.sleep(1)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        assert (queue.active(), queue.depth()) == (0, 1)
        assert await queue.get() == "a"

    loop.run_until_complete(story())


def test_a_getter_that_is_cancelled_when_its_turn_has_come_passes_it_on(loop: VirtualLoop) -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()
        first, second = asyncio.create_task(queue.get()), asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        queue.add("a")
        first.cancel()
        assert await second == "a"
        await asyncio.gather(first, return_exceptions=True)

    loop.run_until_complete(story())


def test_a_burst_of_a_thousand_keys_is_looked_at_once_each(loop: VirtualLoop) -> None:
    looks = Looks(answer=600.0)

    async def story(queue: WorkQueue[str]) -> None:
        for number in range(1000):
            queue.add(str(number))
            queue.add(str(number))
        await asyncio.sleep(1)
        assert queue.deadlines() == 1000

    run(loop, looks, story, workers=8)

    assert len(looks.seen) == 1000
