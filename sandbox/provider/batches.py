"""Gathering what several resources ask for at the same time into one request, as the real provider's batching does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

Run = Callable[[list[Any]], Any]


class Batches:
    """Requests under one key within the waiting time are sent together by whoever came first."""

    def __init__(self, wait_seconds: float) -> None:
        self._wait_seconds = wait_seconds
        self._guard = threading.Lock()
        self._open: dict[str, list[tuple[Any, Future[Any]]]] = {}

    def submit(self, key: str, item: Any, run: Run) -> Any:
        """Have `run` called once with all items of the key; its result, or its error, goes to each of them."""
        future: Future[Any] = Future()
        with self._guard:
            is_first = key not in self._open
            self._open.setdefault(key, []).append((item, future))
        if is_first:
            time.sleep(self._wait_seconds)
            with self._guard:
                batch = self._open.pop(key)
            _settle(batch, run)
        return future.result()


def _settle(batch: list[tuple[Any, Future[Any]]], run: Run) -> None:
    try:
        result = run([item for item, _ in batch])
    except Exception as problem:
        for _, future in batch:
            future.set_exception(problem)
    else:
        for _, future in batch:
            future.set_result(result)
