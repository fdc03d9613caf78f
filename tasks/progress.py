"""A progress artifact that counts up, one step per thing done.

Each update is a call to Prefect's API, so a burst of steps is told in one. Progress is for people: where it cannot be
told, the work that it tells of goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from prefect import get_run_logger
from prefect.artifacts import create_progress_artifact, update_progress_artifact

PAUSE_SECONDS = 0.5


class Progress:
    """Progress of the surrounding task run, from 0 to `total` things."""

    def __init__(self, description: str, total: int) -> None:
        self._total = max(total, 1)
        self._done = 0
        self._told = time.monotonic()
        self._lock = Lock()
        self._artifact = None
        with _untold():
            self._artifact = create_progress_artifact(progress=0.0, description=description)

    def advance(self) -> None:
        """Count one more as done."""
        with self._lock:
            self._done += 1
            share = min(self._done / self._total, 1.0)
            now = time.monotonic()
            if share < 1.0 and now - self._told < PAUSE_SECONDS:
                return
            self._told = now
        if self._artifact is not None:
            with _untold():
                update_progress_artifact(self._artifact, progress=round(100 * share, 1))  # type: ignore[arg-type]


@contextmanager
def _untold() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        get_run_logger().warning("Prefect's API did not take the progress: %s", error)
