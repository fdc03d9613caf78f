"""When a task is tried again, in one place: transient failures only, with exponential backoff and jitter.

Google says that an enabled API "may take a few minutes" to answer everywhere, so what meets one that is off is tried
for about five minutes; an endpoint that refuses connections is given up after a few seconds.
"""

from __future__ import annotations

from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.logging.loggers import task_run_logger

from environment.errors import (
    ServiceDisabledError,
    TerraformServiceDisabledError,
    TransientError,
    UnreachableError,
)
from tasks.console import DETAIL

DELAYS_SECONDS = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 90.0, 90.0]
TRIES_WHEN_TRANSIENT = 6
TRIES_WHEN_UNREACHABLE = 3


def allowed_tries(error: BaseException | None) -> int:
    """Return how many times a task may be tried that failed with this error."""
    match error:
        case ServiceDisabledError() | TerraformServiceDisabledError():
            return len(DELAYS_SECONDS) + 1
        case UnreachableError():
            return TRIES_WHEN_UNREACHABLE
        case TransientError():
            return TRIES_WHEN_TRANSIENT
        case _:
            return 1


def may_retry(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Tell Prefect whether to try again: it asks after each failure."""
    error = state.result(raise_on_failure=False)
    tries = allowed_tries(error if isinstance(error, BaseException) else None)
    is_worth_it = task_run.run_count < tries
    if is_worth_it:
        # Once is a line, with the API's or the host's name in it; while it goes on, a terminal need not scroll.
        mark = DETAIL if task_run.run_count > 1 else None
        task_run_logger(task_run, task).info("%s (try %d of %d)", error, task_run.run_count, tries, extra=mark)
    return is_worth_it


ANEW: dict[str, Any] = {"cache_policy": NO_CACHE}
"""Keyword arguments of every task: where results are kept, a run that is retried would else be given what its first
try had observed, and miss what has changed since."""

RETRIED: dict[str, Any] = {
    **ANEW,
    "retries": len(DELAYS_SECONDS),
    "retry_delay_seconds": DELAYS_SECONDS,
    "retry_jitter_factor": 0.3,
    "retry_condition_fn": may_retry,
}
"""Keyword arguments of every task that calls a cloud."""
