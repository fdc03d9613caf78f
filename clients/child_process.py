"""Processes of our own program that do a part of a run's work, and end with it.

A child is a module that is given one request, a line of JSON on its standard input, and answers with lines of JSON on
its standard output. Its input stays open as long as the run lasts: when it ends, by our doing or since we were killed,
the child ends its work as after an interrupt. It is in a session of its own, so that a terminal's interrupt reaches it
once, through us.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

from environment.errors import MlopsEnvError

OF_THIS_PROCESS = "PREFECT__"
OnMessage = Callable[[dict[str, Any]], None]


class _Children:
    """The processes of one run; once closed it takes no more."""

    def __init__(self) -> None:
        self._open: set[subprocess.Popen[str]] = set()
        self._is_closed = False
        self._lock = Lock()

    def start(self, module: str, request: Mapping[str, Any], variables: Mapping[str, str]) -> subprocess.Popen[str]:
        with self._lock:
            if self._is_closed:
                raise MlopsEnvError("not begun: the run was told to end")
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", module],
                env={**_inherited(), **variables},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            self._open.add(process)
            assert process.stdin is not None
            process.stdin.write(json.dumps(request) + "\n")  # shorter than a pipe, so nobody needs to read yet
            process.stdin.flush()
        return process

    def ended(self, process: subprocess.Popen[str]) -> None:
        with self._lock:
            self._open.discard(process)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            for process in self._open:
                assert process.stdin is not None
                process.stdin.close()


def _inherited() -> dict[str, str]:
    """Return our variables without those by which a worker of Prefect knows this very process."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OF_THIS_PROCESS)}


_children: ContextVar[_Children | None] = ContextVar("children", default=None)


@contextmanager
def ending_children() -> Iterator[None]:
    """Tell children that were started within, and still run at its end, to end; whoever started one waits for it."""
    children = _Children()
    token = _children.set(children)
    try:
        yield
    finally:
        _children.reset(token)
        children.close()


def run_child(
    module: str, request: Mapping[str, Any], on_message: OnMessage, variables: Mapping[str, str] | None = None
) -> int:
    """Run a module with a request, hand on its messages as they come, and return how it ended: below 0, by a signal.

    For use within `ending_children`.
    """
    children = _children.get()
    assert children is not None
    process = children.start(module, request, variables or {})
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.endswith("\n"):  # one that was killed may have left half a line
                on_message(json.loads(line))
        return process.wait()
    finally:
        children.ended(process)
        process.stdin.close()
        process.stdout.close()
        process.wait()
