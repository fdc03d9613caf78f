"""The call log: every request to the local cloud, of services and clusters alike, since it started."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

LIMIT = 200_000


class CallLog:
    """An append-only list, kept in memory; the oldest calls go when it is full."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[dict[str, Any]] = deque(maxlen=LIMIT)
        self._count = 0

    def record(
        self,
        *,
        method: str,
        service: str,
        path: str,
        status: int,
        ms: float,
        mutating: bool,
        actor: str = "user",
        bookkeeping: bool = False,
        principal: str = "",
        permissions: Sequence[str] = (),
    ) -> None:
        """Write one request down; `bookkeeping` marks a client's own notes, such as a state lock."""
        with self._lock:
            self._count += 1
            self._calls.append(
                {
                    "number": self._count,
                    "time": time.time(),
                    "method": method,
                    "service": service,
                    "path": path,
                    "status": status,
                    "ms": ms,
                    "mutating": mutating,
                    "actor": actor,
                    "bookkeeping": bookkeeping,
                    "principal": principal,
                    "permissions": list(permissions),
                }
            )

    @property
    def last(self) -> int:
        """The number of the newest call, 0 before the first."""
        return self._count

    def since(self, number: int) -> list[dict[str, Any]]:
        """Return the calls after the one with this number."""
        with self._lock:
            newest_first = list(takewhile(lambda call: call["number"] > number, reversed(self._calls)))
        return newest_first[::-1]

    def clear(self) -> None:
        """Forget all calls; numbers go on counting."""
        with self._lock:
            self._calls.clear()
