"""Failures on demand: answers of an error, dropped connections and delays, for requests that match."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.kernel.errors import ApiError, invalid

_FIELDS = {"method", "path", "status", "reason", "message", "reset", "delay_s", "times", "after"}


@dataclass
class Fault:
    """One failure.

    Attributes:
        method: the HTTP method, "" for any.
        path: searched for in the request's path with its query.
        status: the HTTP status to answer; 0 for none.
        reset: drop the connection without an answer.
        delay_seconds: wait so long before anything else.
        times: how many requests it meets; 0 is all.
        after: how many matching requests pass before.
    """

    path: re.Pattern[str]
    method: str = ""
    status: int = 0
    reason: str = ""
    message: str = ""
    reset: bool = False
    delay_seconds: float = 0.0
    times: int = 1
    after: int = 0
    seen: int = 0

    def error(self) -> ApiError:
        """Return the error that it answers."""
        return ApiError(self.status, self.message or f"Injected fault {self.status}", reason=self.reason)


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, body: Mapping[str, Any]) -> None:
        """Add one from the control route's JSON: method, path, status | reset | delay_s, times, after.

        Raises:
            ApiError: 400 for anything else.
        """
        if unknown := set(body) - _FIELDS:
            raise invalid(f"unknown fields {sorted(unknown)}: known are {sorted(_FIELDS)}")
        try:
            fault = Fault(
                path=re.compile(str(body.get("path", ""))),
                method=str(body.get("method", "")).upper(),
                status=int(body.get("status", 0)),
                reason=str(body.get("reason", "")),
                message=str(body.get("message", "")),
                reset=bool(body.get("reset", False)),
                delay_seconds=float(body.get("delay_s", 0)),
                times=int(body.get("times", 1)),
                after=int(body.get("after", 0)),
            )
        except (TypeError, ValueError, re.error) as error:
            raise invalid(f"no fault: {error}") from None
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Remove all."""
        with self._lock:
            self._faults.clear()

    def match(self, method: str, path: str) -> Fault | None:
        """Return the fault that meets this request, and count it."""
        with self._lock:
            for fault in self._faults:
                if (fault.method and fault.method != method) or not fault.path.search(path):
                    continue
                fault.seen += 1
                if fault.seen > fault.after and (fault.times == 0 or fault.seen <= fault.after + fault.times):
                    return fault
        return None
