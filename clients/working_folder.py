"""One run at a time in a working folder of Terraform: from the first file that it writes there to the end of its apply.

Prefect's limit knows the runs of one server only, and a person may start two runs here that know different ones: the
second would apply the first one's variables, or its plan. The system's lock ends with those who hold it: this process,
and the supervisors of the Terraform processes that it started, which may outlive it.

Source: flock(2)
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clients.terraform_supervisor import GRACE_SECONDS
from environment.errors import StateLockedError

WAIT_SECONDS = GRACE_SECONDS + 60.0
"""Longer than Terraform may take to end after its run was killed."""
_POLL_SECONDS = 0.2
_held: dict[Path, int] = {}


@contextmanager
def holding(folder: Path, on_wait: Callable[[], None], *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold a folder, which need not be there yet.

    Raises:
        StateLockedError: When another run on this machine holds it, and has for `wait_seconds`.
    """
    path = folder.with_name(f"{folder.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("w") as lock:
        if not _is_taken(lock.fileno()):
            on_wait()
            _wait_for(lock.fileno(), folder, wait_seconds)
        _held[folder] = lock.fileno()
        try:
            yield
        finally:
            del _held[folder]


def held_descriptors(folder: Path) -> tuple[int, ...]:
    """Return what a process has to inherit to hold the folder as long as it lasts; nothing where nobody holds it."""
    return (_held[folder],) if folder in _held else ()


def _wait_for(descriptor: int, folder: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not _is_taken(descriptor):
        if time.monotonic() >= deadline:
            raise StateLockedError(
                f"another run on this machine is at work in {folder}", "wait for that run to end, then run it again"
            )
        time.sleep(_POLL_SECONDS)


def _is_taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
