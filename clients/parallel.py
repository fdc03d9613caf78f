"""Do the same to many things at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from environment.errors import MlopsEnvError, TransientError

AT_ONCE = 12

Given = TypeVar("Given")
Result = TypeVar("Result")


def in_parallel(function: Callable[[Given], Result], things: Iterable[Given]) -> list[Result]:
    """Return the results in order.

    All are tried, so that a failure of one never leaves the others half done; then the first failure is raised, one
    that will not heal before one that may.
    """
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="parallel") as pool:
        futures = [pool.submit(function, thing) for thing in things]
    failures = [error for future in futures if (error := future.exception())]
    if failures:
        raise most_telling(failures)
    return [future.result() for future in futures]


def most_telling(failures: Sequence[BaseException]) -> BaseException:
    """Return the failure to raise, with a note on how many more there are."""
    first = min(failures, key=lambda error: isinstance(error, TransientError))
    others = len(failures) - 1
    if others and isinstance(first, MlopsEnvError):
        first.message += f" (and {others} more failed)"
    return first
