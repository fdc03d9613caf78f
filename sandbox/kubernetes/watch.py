"""Tells watchers what was written, without polling.

Each watch has a queue on the event loop it runs on; a write puts itself into the queues that it concerns. What was
written lately is remembered, so that a watch can begin where a list ended.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sandbox.kubernetes.storage import Record

REMEMBERED_EVENTS = 20_000


class Event(NamedTuple):
    """One write: ADDED, MODIFIED or DELETED, the object after it, and what it replaced."""

    type: str
    record: Record
    previous: Record | None


class Subscription:
    """The events of one watch, in their order. `None` in the queue means that the server stops."""

    def __init__(self, group: str, resource: str, namespace: str) -> None:
        self._topic = (group, resource)
        self._namespace = namespace
        self._loop = asyncio.get_running_loop()
        self.queue: asyncio.Queue[Event | None] = asyncio.Queue()

    def concerns(self, record: Record) -> bool:
        """Say whether an object is one of those watched."""
        if (record.group, record.resource) != self._topic:
            return False
        return not self._namespace or record.namespace == self._namespace

    def put(self, event: Event | None) -> None:
        """Hand an event over, from whichever thread it comes."""
        try:
            same_loop = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            same_loop = False
        if same_loop:
            self.queue.put_nowait(event)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.queue.put_nowait, event)


class Broadcast:
    """All watches of a cluster, and the latest writes."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._subscriptions: set[Subscription] = set()
        self._events: deque[Event] = deque()
        self.oldest = 0

    def start_at(self, version: int) -> None:
        """Forget what was before a version."""
        self.oldest = version

    def publish(self, event: Event) -> None:
        """Remember a write and tell those who watch."""
        with self._lock:
            self._events.append(event)
            while len(self._events) > REMEMBERED_EVENTS:
                self.oldest = self._events.popleft().record.version
            for subscription in self._subscriptions:
                if subscription.concerns(event.record):
                    subscription.put(event)

    def since(self, version: int) -> list[Event] | None:
        """Return the writes after a version, or None where not all of them are known any more."""
        with self._lock:
            if version < self.oldest:
                return None
            later: list[Event] = []
            for event in reversed(self._events):
                if event.record.version <= version:
                    break
                later.append(event)
            later.reverse()
            return later

    def subscribe(self, subscription: Subscription, version: int) -> bool:
        """Begin a watch with the writes after a version; say no where not all of them are known any more."""
        with self._lock:
            later = self.since(version)
            if later is None:
                return False
            for event in later:
                if subscription.concerns(event.record):
                    subscription.put(event)
            self._subscriptions.add(subscription)
            return True

    def unsubscribe(self, subscription: Subscription) -> None:
        """End a watch."""
        with self._lock:
            self._subscriptions.discard(subscription)

    def close(self) -> None:
        """End all watches."""
        with self._lock:
            for subscription in self._subscriptions:
                subscription.put(None)
            self._subscriptions.clear()
