"""A progress artifact that counts up, one step per thing done.

Each update is a call to Prefect's API, so a burst of steps is told in one.
"""

from __future__ import annotations

import time
from threading import Lock

from prefect.artifacts import create_progress_artifact, update_progress_artifact

PAUSE_SECONDS = 0.5


class Progress:
    """Progress of the surrounding task run, from 0 to `total` things."""

    def __init__(self, description: str, total: int) -> None:
        self._total = max(total, 1)
        self._done = 0
        self._told = time.monotonic()
        self._lock = Lock()
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
        update_progress_artifact(self._artifact, progress=round(100 * share, 1))  # type: ignore[arg-type]
