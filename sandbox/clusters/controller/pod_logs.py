"""What a pod's containers log: one line, since nothing runs in them."""

from __future__ import annotations

from sandbox.clusters.controller.failures import Failure, FailureKind
from sandbox.clusters.controller.objects import Object, name_of


def last_log_line(pod: Object, failure: Failure | None) -> str:
    """Return the end of a pod's log."""
    if failure is not None and failure.kind is FailureKind.CRASH:
        return failure.last_log_line
    return f"the sandbox plays {name_of(pod)}: {pod['status'].get('phase', 'Pending')}"
