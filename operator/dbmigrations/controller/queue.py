"""The queue of resources to look at: keyed, de-duplicating, with one deadline per key.

A key is looked at by one worker at a time. Added while it waits, it is looked at once; added while it is being looked
at, once more afterwards. A key has at most one deadline; adding it for now, or for an earlier time, replaces it. A key
whose look failed comes back later and later, each time with some jitter, until a look succeeds.

    worker:  key = await queue.get()  ·  look at it  ·  queue.done(key, again_after)  or  queue.failed(key)

`work` is such a worker. To stop: `close()`, then `await drained()` for the looks under way, then end the workers.
Times are the running event loop's, in seconds.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Key = TypeVar("Key", bound=Hashable)


_Told_contra = TypeVar("_Told_contra", contravariant=True)


class Failed(Protocol[_Told_contra]):
    """Who is told about a look that failed: logs, metrics."""

    def __call__(self, key: _Told_contra, error: Exception, again_after: float) -> None:
        """The look at the key failed; it comes back after so many seconds."""
        ...


class QueueClosedError(Exception):
    """The queue was closed: nothing more comes out of it."""


@dataclass(frozen=True)
class Backoff:
    """Seconds until a failed key comes back: doubling from `first` to `last`, less up to half of it by jitter."""

    first: float = 0.5
    last: float = 60.0
    jitter: Callable[[], float] = random.random
    """A number from 0 to 1."""

    def delay(self, failures: int) -> float:
        """After this many failures in a row, counted from 1."""
        ceiling = min(self.last, self.first * 2.0 ** min(failures - 1, 30))
        return ceiling * (1.0 - self.jitter() / 2.0)


@dataclass(frozen=True)
class _Deadline:
    at: float
    timer: asyncio.TimerHandle


class WorkQueue(Generic[Key]):
    """See the module. Not thread-safe: it belongs to one event loop."""

    def __init__(self, backoff: Backoff | None = None) -> None:
        self._backoff = backoff or Backoff()
        self._ready: deque[Key] = deque()
        self._waiting: set[Key] = set()  # those in _ready
        self._active: set[Key] = set()
        self._again: set[Key] = set()  # of those in _active
        self._deadlines: dict[Key, _Deadline] = {}
        self._failures: dict[Key, int] = {}
        self._getters: deque[asyncio.Future[None]] = deque()
        self._idle: asyncio.Event = asyncio.Event()
        self._idle.set()
        self._closed = False

    def add(self, key: Key, after: float = 0.0) -> None:
        """Have the key looked at, now or within `after` seconds at the latest. Once closed: nothing happens."""
        if self._closed or key in self._waiting:
            return
        if after > 0.0:
            self._set_deadline(key, after)
            return
        self._drop_deadline(key)
        if key in self._active:
            self._again.add(key)
            return
        self._waiting.add(key)
        self._ready.append(key)
        self._wake()

    async def get(self) -> Key:
        """The next key, as soon as there is one. The caller says afterwards how it went, by `done` or `failed`.

        Raises:
            QueueClosedError: there will be none.
        """
        while not self._ready:
            if self._closed:
                raise QueueClosedError
            getter = asyncio.get_running_loop().create_future()
            self._getters.append(getter)
            try:
                await getter
            except asyncio.CancelledError:
                if getter.done() and not getter.cancelled():
                    self._wake()  # it was our turn: pass it on
                else:
                    self._getters.remove(getter)
                raise
        key = self._ready.popleft()
        self._waiting.discard(key)
        self._active.add(key)
        self._idle.clear()
        return key

    def done(self, key: Key, again_after: float | None) -> None:
        """The look succeeded. It is looked at again after so many seconds (0: at once); None: when it is added."""
        self._failures.pop(key, None)
        self._finish(key, again_after)

    def failed(self, key: Key) -> float:
        """The look failed. The key comes back after the seconds that are returned, or when it is added."""
        failures = self._failures.get(key, 0) + 1
        self._failures[key] = failures
        delay = self._backoff.delay(failures)
        self._finish(key, delay)
        return delay

    def depth(self) -> int:
        """How many keys wait for a worker."""
        return len(self._ready)

    def active(self) -> int:
        """How many keys are being looked at."""
        return len(self._active)

    def deadlines(self) -> int:
        """How many keys come back by themselves."""
        return len(self._deadlines)

    def close(self) -> None:
        """Hand out nothing more: what waits is dropped, and every `get` ends with QueueClosedError."""
        self._closed = True
        for deadline in self._deadlines.values():
            deadline.timer.cancel()
        self._deadlines.clear()
        self._ready.clear()
        self._waiting.clear()
        self._again.clear()
        while self._getters:
            self._wake()

    async def drained(self) -> None:
        """Returns when no key is being looked at."""
        await self._idle.wait()

    def _finish(self, key: Key, again_after: float | None) -> None:
        self._active.discard(key)
        if not self._active:
            self._idle.set()
        if key in self._again:
            self._again.discard(key)
            self.add(key)
        elif again_after is not None:
            self.add(key, again_after)

    def _set_deadline(self, key: Key, after: float) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time() + after
        known = self._deadlines.get(key)
        if known is not None:
            if known.at <= at:
                return
            known.timer.cancel()
        self._deadlines[key] = _Deadline(at, loop.call_at(at, self._due, key))

    def _drop_deadline(self, key: Key) -> None:
        known = self._deadlines.pop(key, None)
        if known is not None:
            known.timer.cancel()

    def _due(self, key: Key) -> None:
        self._deadlines.pop(key, None)
        self.add(key)

    def _wake(self) -> None:
        while self._getters:
            getter = self._getters.popleft()
            if not getter.done():
                getter.set_result(None)
                return


async def work(queue: WorkQueue[Key], look: Callable[[Key], Awaitable[float | None]], failed: Failed[Key]) -> None:
    """One worker: looks at key after key until the queue is closed.

    An exception of `look` is told to `failed`, with the seconds after which the key comes back, and never ends the
    worker. A worker that is cancelled gives its key back.
    """
    while True:
        try:
            key = await queue.get()
        except QueueClosedError:
            return
        try:
            again_after = await look(key)
        except asyncio.CancelledError:
            queue.done(key, 0.0)
            raise
        except Exception as error:  # noqa: BLE001 - one resource's failure must not end the work on the others
            failed(key, error, queue.failed(key))
        else:
            queue.done(key, again_after)
