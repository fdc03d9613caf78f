"""A queue of what to look at again: each item once, never at two workers, later ones by delay.

The rules are those of client-go's workqueue: an item that is added while a worker has it comes back afterwards.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

FIRST_RETRY_SECONDS = 0.01
LAST_RETRY_SECONDS = 10.0

Item = TypeVar("Item", bound=Hashable)


class WorkQueue(Generic[Item]):
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._ready: deque[Item] = deque()
        self._dirty: set[Item] = set()
        self._processing: set[Item] = set()
        self._failures: dict[Item, int] = {}
        self._timers: dict[Item, asyncio.TimerHandle] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._idle: list[asyncio.Future[None]] = []

    def add(self, item: Item) -> None:
        """Ask for an item to be looked at."""
        if item in self._dirty:
            return
        self._dirty.add(item)
        if item not in self._processing:
            self._ready.append(item)
            self._wake()

    def add_after(self, item: Item, seconds: float) -> None:
        """Ask for an item to be looked at in a while; the earliest of several moments counts."""
        loop = asyncio.get_running_loop()
        timer = self._timers.get(item)
        if timer is not None:
            if timer.when() <= loop.time() + seconds:
                return
            timer.cancel()
        self._timers[item] = loop.call_later(seconds, self._add_delayed, item)

    def retry(self, item: Item) -> None:
        """Ask for an item again after a failure, later each time."""
        failures = self._failures.get(item, 0)
        self._failures[item] = failures + 1
        self.add_after(item, min(FIRST_RETRY_SECONDS * 2.0**failures, LAST_RETRY_SECONDS))

    def forget_failures(self, item: Item) -> None:
        """Let the next failure count as the first."""
        self._failures.pop(item, None)

    async def get(self) -> Item:
        """Take the next item; `done` must follow."""
        while not self._ready:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future
        item = self._ready.popleft()
        self._dirty.discard(item)
        self._processing.add(item)
        return item

    def done(self, item: Item) -> None:
        """Give an item back."""
        self._processing.discard(item)
        if item in self._dirty:
            self._ready.append(item)
            self._wake()
        elif not self._ready and not self._processing:
            for future in self._idle:
                if not future.done():
                    future.set_result(None)
            self._idle.clear()

    async def idle(self) -> None:
        """Wait until nothing is ready or being looked at; delayed items do not count."""
        while self._ready or self._processing:
            future = asyncio.get_running_loop().create_future()
            self._idle.append(future)
            await future

    def _add_delayed(self, item: Item) -> None:
        self._timers.pop(item, None)
        self.add(item)

    def _wake(self) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return
