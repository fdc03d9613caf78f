"""What is to go wrong on purpose, so that a rollout that never ends well can be rehearsed.

A workload fails by an annotation on its pod template, or by the sandbox's control, which changes no object:
    sandbox.mlops-env/crash: "the last line that the container logs"
    sandbox.mlops-env/missing-image: "" (any value)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.clusters.controller.objects import Object, annotations_of

ANNOTATION_PREFIX = "sandbox.mlops-env/"


class FailureKind(StrEnum):
    """How the containers of a workload fail."""

    CRASH = "crash"
    MISSING_IMAGE = "missing-image"


@dataclass(frozen=True)
class Failure:
    """How a workload's containers fail, and the last line they log before."""

    kind: FailureKind
    last_log_line: str = ""


@dataclass
class Failures:
    """The failures asked for by control, by (namespace, name of the workload)."""

    by_workload: dict[tuple[str, str], Failure] = field(default_factory=dict)

    def of(self, pod: Object, namespace: str, workload: str) -> Failure | None:
        """Return how a pod of a workload is to fail."""
        for kind in FailureKind:
            line = annotations_of(pod).get(ANNOTATION_PREFIX + kind)
            if line is not None:
                return Failure(kind, line)
        return self.by_workload.get((namespace, workload))
