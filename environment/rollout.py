"""Whether a workload has rolled out, and if not, why: as `kubectl rollout status` and `kubectl describe` judge.

Sources: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status, and the same for
StatefulSets and DaemonSets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from environment.objects import Manifest

State = Literal["ready", "progressing", "failed"]
_TEXT_LIMIT = 300


@dataclass(frozen=True)
class WorkloadStatus:
    """How far one workload is; `detail` is "2 of 3 available", or why it failed."""

    state: State
    detail: str

    @property
    def is_ready(self) -> bool:
        """Tell whether all is there."""
        return self.state == "ready"


def workload_status(workload: Manifest, gave_up_before: str | None = None) -> WorkloadStatus:
    """Judge a Deployment, StatefulSet or DaemonSet.

    Args:
        workload: The workload as it is.
        gave_up_before: What `gave_up_at` said when the wait began. That the controller gave up then is no failure
            now: it says so until the next progress, also while what was in the way is being put right.
    """
    status: Mapping[str, Any] = workload.get("status") or {}
    if int(status.get("observedGeneration", 0)) < int(workload["metadata"].get("generation", 0)):
        return WorkloadStatus("progressing", "its controller has not seen it yet")
    wanted, updated, available = _counts(workload, status)
    surplus = int(status.get("replicas", 0)) - updated if workload["kind"] == "Deployment" else 0
    if updated >= wanted and surplus <= 0 and available >= wanted:
        return WorkloadStatus("ready", f"{available} of {wanted} available")
    if gave_up_at(workload) not in (None, gave_up_before):
        return WorkloadStatus("failed", _condition_text(_condition(workload, "Progressing") or {}))
    if updated < wanted:
        return WorkloadStatus("progressing", f"{updated} of {wanted} updated")
    if surplus > 0:
        return WorkloadStatus("progressing", f"{surplus} old to end")
    return WorkloadStatus("progressing", f"{available} of {wanted} available")


def gave_up_at(workload: Manifest) -> str | None:
    """Return when a Deployment's controller last saw it exceed its progress deadline, None where it does not."""
    condition = _condition(workload, "Progressing")
    if condition is None or condition.get("reason") != "ProgressDeadlineExceeded":
        return None
    return str(condition.get("lastUpdateTime", ""))


def _counts(workload: Manifest, status: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return how many are wanted, up to date and available."""
    if workload["kind"] == "DaemonSet":
        names = ("desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable")
        wanted, updated, available = (int(status.get(name, 0)) for name in names)
        return wanted, updated, available
    wanted = int(workload.get("spec", {}).get("replicas", 1))
    return wanted, int(status.get("updatedReplicas", 0)), int(status.get("availableReplicas", 0))


def diagnose(workload: Manifest, pods: Sequence[Manifest], events: Sequence[Manifest]) -> str:
    """Say in one line why a workload is not ready: its condition, what its pod waits for, the last event.

    Args:
        workload: The workload as it is.
        pods: Its pods.
        events: Events (core v1) of the workload and its pods.
    """
    condition = next(_bad_conditions(workload), "")
    pod = next((text for pod in pods for text in pod_problems(pod)), "")
    event = _last_event(events)
    parts = [workload_status(workload).detail, condition, pod, f"last event: {event}" if event else ""]
    return " ".join("; ".join(dict.fromkeys(filter(None, parts))).split())


def pod_problems(pod: Manifest) -> Iterator[str]:
    """List what a pod waits for, the most telling first."""
    name = pod["metadata"]["name"]
    status: Mapping[str, Any] = pod.get("status") or {}
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        waiting = container.get("state", {}).get("waiting") or {}
        if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            yield f"pod {name}: {_joined(waiting)}"
        ended = container.get("state", {}).get("terminated") or {}
        if ended.get("exitCode"):
            yield f"pod {name}: {container['name']} ended with {ended['exitCode']}: {_joined(ended)}"
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield f"pod {name}: {_joined(condition)}"


def crashing_container(pod: Manifest) -> str:
    """Return the name of a container that crashes again and again, empty when none does."""
    for container in (pod.get("status") or {}).get("containerStatuses") or ():
        if (container.get("state", {}).get("waiting") or {}).get("reason") == "CrashLoopBackOff":
            return str(container["name"])
    return ""


def _condition(workload: Manifest, kind: str) -> Mapping[str, Any] | None:
    conditions: Iterable[Mapping[str, Any]] = (workload.get("status") or {}).get("conditions") or ()
    return next((condition for condition in conditions if condition.get("type") == kind), None)


def _bad_conditions(workload: Manifest) -> Iterator[str]:
    for kind, bad in (("ReplicaFailure", "True"), ("Progressing", "False"), ("Available", "False")):
        condition = _condition(workload, kind)
        if condition and condition.get("status") == bad:
            yield _condition_text(condition)


def _condition_text(condition: Mapping[str, Any]) -> str:
    return f"{condition.get('type')}={condition.get('status')}: {_joined(condition)}"


def _joined(state: Mapping[str, Any]) -> str:
    text = ": ".join(str(state[key]) for key in ("reason", "message") if state.get(key))
    return text[:_TEXT_LIMIT]


def _last_event(events: Sequence[Manifest]) -> str:
    def at(event: Manifest) -> str:
        return str(
            event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp", "")
        )

    warnings = [event for event in events if event.get("type") == "Warning"]
    last = max(warnings or events, key=at, default=None)
    return _joined(last) if last else ""
