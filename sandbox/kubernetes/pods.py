"""What admission adds to a new pod: its priority, and its patience with nodes that are lost.

Source: the admission plugins `Priority` and `DefaultTolerationSeconds` of Kubernetes 1.33, and `qos.GetPodQOS`.
"""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.status import forbidden
from sandbox.kubernetes.storage import Store

Object = dict[str, Any]

_PATIENCE_SECONDS = 300
_LOST = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def set_priority(store: Store, pod: Object) -> None:
    """Set a pod's priority from its class, or from the default one.

    Raises:
        ApiError: There is no such class (403).
    """
    spec = pod["spec"]
    name = spec.get("priorityClassName")
    classes = store.select("scheduling.k8s.io", "priorityclasses")
    chosen = [each.view for each in classes if (each.name == name if name else each.view.get("globalDefault"))]
    if name and not chosen:
        raise forbidden("", "pods", pod["metadata"]["name"], f"no PriorityClass with name {name} was found")
    if chosen and not name:
        spec["priorityClassName"] = chosen[0]["metadata"]["name"]
    spec["priority"] = chosen[0]["value"] if chosen else 0
    preemption = chosen[0].get("preemptionPolicy") if chosen else None
    spec["preemptionPolicy"] = preemption or "PreemptLowerPriority"


def tolerate_lost_nodes(pod: Object) -> None:
    """Let a pod stay for five minutes on a node that is not ready or not reached, unless it says otherwise."""
    tolerations = pod["spec"].get("tolerations") or []
    added = [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": _PATIENCE_SECONDS}
        for key in _LOST
        if not any(_tolerates(each, key) for each in tolerations)
    ]
    if added:
        pod["spec"]["tolerations"] = [*tolerations, *added]


def _tolerates(toleration: Object, key: str) -> bool:
    return toleration.get("key") in (key, None, "") and toleration.get("effect") in ("NoExecute", None, "")


def quality_of_service(spec: Object) -> str:
    """Return a pod's class: BestEffort, Burstable or Guaranteed."""
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    resources = [container.get("resources") or {} for container in containers]
    asked = [
        {name: value for name, value in (each.get(part) or {}).items() if name in ("cpu", "memory")}
        for each in resources
        for part in ("requests", "limits")
    ]
    if not any(asked):
        return "BestEffort"
    pairs = list(zip(asked[::2], asked[1::2], strict=True))
    guaranteed = all(requests == limits and set(limits) == {"cpu", "memory"} for requests, limits in pairs)
    return "Guaranteed" if guaranteed else "Burstable"
