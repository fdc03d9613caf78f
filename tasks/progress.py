"""A progress artifact that counts up, one step per thing done; what Terraform applies is told of by it and in the log.

Each update is a call to Prefect's API, so a burst of steps is told in one. Progress is for people: where it cannot be
told, the work that it tells of goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from prefect import get_run_logger
from prefect.artifacts import create_progress_artifact, update_progress_artifact

from environment.terraform_events import TerraformEvent
from tasks.console import DETAIL, PASSING

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


def apply_reporter(count: int) -> Callable[[TerraformEvent], None]:
    """Return what tells of an apply of so many changes: a line of log for each event, a step for each resource."""
    logger, progress = get_run_logger(), Progress("terraform apply", total=count)

    def report(event: TerraformEvent) -> None:
        if event.is_progress:
            logger.info(event.message, extra=PASSING if event.kind == "apply_start" else DETAIL)
        if event.kind in ("apply_complete", "apply_errored"):
            progress.advance()

    return report


def tell_of_waiting() -> None:
    """Say why nothing happens while another run is in Terraform's working folder."""
    get_run_logger().warning("Another run on this machine is at work with Terraform here: waiting until it ends")


@contextmanager
def _untold() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        get_run_logger().warning("Prefect's API did not take the progress: %s", error)
