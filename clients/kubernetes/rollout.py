"""Wait by watch until the workloads of an ApplySet have rolled out; say why the first one that does not, does not.

How a workload is judged is in `environment.rollout`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from clients.kubernetes.discovery import Resource
from clients.kubernetes.objects import Objects
from clients.kubernetes.watch import Snapshot, watch
from environment.apply_set import ApplySet
from environment.errors import KubernetesError, RolloutError, TransientError
from environment.objects import Manifest, ObjectReference
from environment.rollout import WorkloadStatus, crashing_container, diagnose, gave_up_at, workload_status

WORKLOADS = (
    Resource("apps", "v1", "Deployment", "deployments", True),
    Resource("apps", "v1", "StatefulSet", "statefulsets", True),
    Resource("apps", "v1", "DaemonSet", "daemonsets", True),
)
PODS = Resource("", "v1", "Pod", "pods", True)
EVENTS = Resource("", "v1", "Event", "events", True)
EXPLAIN_SECONDS = 30.0
HINT = "look at its pods: kubectl describe pods --namespace {namespace}"

OnStatus = Callable[[ObjectReference, WorkloadStatus], None]


def wait_for_rollout(
    objects: Objects, apply_set: ApplySet, on_status: OnStatus, *, timeout_seconds: float
) -> tuple[ObjectReference, ...]:
    """Wait until every workload of the set is ready; return them.

    Args:
        objects: The cluster.
        apply_set: Whose workloads.
        on_status: Told of each workload that becomes ready, and every EXPLAIN_SECONDS why the first one is not.
        timeout_seconds: For all of them together.

    Raises:
        RolloutError: When one failed, or the time is up.
        TransientError: When the time is up and the API server does not answer.
    """
    deadline = time.monotonic() + timeout_seconds
    ready: list[ObjectReference] = []
    for kind in WORKLOADS:
        ready += _wait_for_kind(objects, kind, apply_set, on_status, deadline, timeout_seconds)
    return tuple(ready)


def _wait_for_kind(
    objects: Objects,
    kind: Resource,
    apply_set: ApplySet,
    on_status: OnStatus,
    deadline: float,
    timeout_seconds: float,
) -> list[ObjectReference]:
    waiting: list[ObjectReference] = []
    found: Snapshot = {}
    gave_up_before: dict[ObjectReference, str | None] | None = None
    explained = time.monotonic()
    query = {"labelSelector": apply_set.selector}
    remaining = max(deadline - time.monotonic(), 0.0)
    for found in watch(objects, kind, apply_set.namespace, query, timeout_seconds=remaining):
        if gave_up_before is None:
            gave_up_before = {reference: gave_up_at(workload) for reference, workload in found.items()}
        statuses = {one: workload_status(workload, gave_up_before.get(one)) for one, workload in sorted(found.items())}
        for reference, status in statuses.items():
            if status.state == "failed":
                raise _rollout_error(objects, reference, found[reference], "failed")
            if status.is_ready and reference in waiting:
                on_status(reference, status)
        waiting = [reference for reference, status in statuses.items() if not status.is_ready]
        if not waiting:
            return list(statuses)
        if time.monotonic() - explained >= EXPLAIN_SECONDS:
            on_status(waiting[0], WorkloadStatus("progressing", explain(objects, found[waiting[0]])))
            explained = time.monotonic()
    raise _rollout_error(objects, waiting[0], found[waiting[0]], f"is not ready after {timeout_seconds:.0f} s")


def _rollout_error(objects: Objects, reference: ObjectReference, workload: Manifest, what: str) -> RolloutError:
    reason = explain(objects, workload)
    return RolloutError(
        f"{reference} {what}: {reason}", HINT.format(namespace=reference.namespace), resource=str(reference)
    )


def explain(objects: Objects, workload: Manifest) -> str:
    """Read the workload's pods and events, and say in one line why it is not ready."""
    namespace = workload["metadata"]["namespace"]
    labels = workload["spec"]["selector"].get("matchLabels") or {}
    selector = {"labelSelector": ",".join(f"{key}={value}" for key, value in labels.items())}
    try:
        pods = objects.list(PODS, namespace, selector).items
        events = [event for one in (workload, *pods) for event in _events(objects, one)]
        crash = next((line for pod in pods if (line := _last_log_line(objects, pod))), "")
    except (KubernetesError, TransientError) as error:  # the rollout matters more than why we cannot explain it
        return f"{diagnose(workload, (), ())} ({error.message})"
    return diagnose(workload, pods, events) + (f"; its last log line: {crash}" if crash else "")


def _events(objects: Objects, thing: Manifest) -> tuple[dict[str, Any], ...]:
    metadata = thing["metadata"]
    about = {"fieldSelector": f"involvedObject.name={metadata['name']},involvedObject.uid={metadata['uid']}"}
    return objects.list(EVENTS, metadata["namespace"], about).items


def _last_log_line(objects: Objects, pod: Manifest) -> str:
    container = crashing_container(pod)
    if not container:
        return ""
    path = f"{PODS.path(pod['metadata']['namespace'], pod['metadata']['name'])}/log"
    query = {"container": container, "previous": "true", "tailLines": "1", "limitBytes": "2000"}
    try:
        answer = objects.cluster.request("GET", path, query, resource=f"log of {quote(container)}")
    except (KubernetesError, TransientError):
        return ""
    return " ".join(str(answer.body).split())[:300]
