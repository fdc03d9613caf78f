"""Waiting: for long-running operations of each API's shape, and for an object to reach a state."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

from sandbox.provider.api import Api, Json
from sandbox.provider.errors import Gone, OperationFailed

FIRST_PAUSE_SECONDS = 0.05
LAST_PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 20 * 60
"""The real provider's default timeout of most resources; `timeouts` in a resource overrides it."""


def pauses(timeout_seconds: float) -> Iterator[None]:
    """Yield until the time is over, sleeping longer between turns: 50 ms growing to 1 s."""
    end = time.monotonic() + timeout_seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        yield
        if time.monotonic() + pause > end:
            return
        time.sleep(pause)
        pause = min(pause * 1.4, LAST_PAUSE_SECONDS)


def wait(api: Api, service: str, operation: Json, parent: str, timeout_seconds: float = PATIENCE_SECONDS) -> Json:
    """Poll an operation until it is done and return its last answer.

    Args:
        parent: what holds the operation where its name is not a path: `projects/P`, for container with a location.

    Raises:
        OperationFailed: it ended in an error, or not in time.
    """
    if not operation.get("name"):
        return operation
    path = _path(service, operation, parent)
    misses = 0
    first = True
    for _ in pauses(timeout_seconds):
        if not first:
            try:
                operation = api.get(service, path)
            except Gone:  # an operation may take a moment to show
                misses += 1
                if misses > 3:
                    raise
                continue
        first = False
        if _is_done(operation):
            _raise_for_error(operation)
            return operation
    raise OperationFailed(f"timeout while waiting for operation {operation['name']}")


def wait_for(
    read: Callable[[], Json],
    key: str,
    wanted: Collection[str],
    timeout_seconds: float = PATIENCE_SECONDS,
    failed: Collection[str] = (),
) -> Json:
    """Read an object until `key` holds one of the wanted values."""
    for _ in pauses(timeout_seconds):
        body = read()
        state = str(body.get(key))
        if state in wanted:
            return body
        if state in failed:
            raise OperationFailed(f"{body.get('name')} is in state {state}: {body.get('statusMessage') or ''}")
    raise OperationFailed(f"timeout while waiting for {key} to become one of {sorted(wanted)}")


def _path(service: str, operation: Json, parent: str) -> str:
    name = str(operation["name"])
    if service == "compute":
        for scope in ("region", "zone"):
            if operation.get(scope):
                return f"{parent}/{scope}s/{operation[scope].rsplit('/', 1)[-1]}/operations/{name}"
        return f"{parent}/global/operations/{name}"
    if service in ("sqladmin", "container"):
        return f"{parent}/operations/{name}"
    return name


def _is_done(operation: Json) -> bool:
    return operation.get("status") == "DONE" or bool(operation.get("done"))


def _raise_for_error(operation: Json) -> None:
    error: Any = operation.get("error")
    if isinstance(error, dict):
        errors = error.get("errors") or [error]
        lines = [_error_line(item) for item in errors]
        raise OperationFailed("Error waiting for operation: " + "\n".join(lines))
    if operation.get("status") == "DONE" and operation.get("statusMessage"):
        raise OperationFailed(f"Error waiting for operation: {operation['statusMessage']}")


def _error_line(error: Json) -> str:
    code = error.get("code")
    message = str(error.get("message") or "")
    return f"Error code {code}, message: {message}" if code else message
