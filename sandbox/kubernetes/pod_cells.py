"""The cells of a pod's row: how many containers are ready, and the one word that says how the pod is."""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.ages import age

Object = dict[str, Any]

_INITIALIZING = "PodInitializing"


def pod_cells(pod: Object) -> list[Any]:
    """Return name, ready, status, restarts, age, address, node, nominated node and readiness gates."""
    spec, status = pod["spec"], pod.get("status") or {}
    addresses = status.get("podIPs") or [{}]
    ready, total, reason, restarts = _containers(pod)
    return [
        pod["metadata"]["name"],
        f"{ready}/{total}",
        reason,
        restarts,
        age(pod["metadata"]["creationTimestamp"]),
        addresses[0].get("ip") or "<none>",
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        _gates(spec, status),
    ]


def _containers(pod: Object) -> tuple[int, int, str, str]:
    spec, status = pod["spec"], pod.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or []}
    reason = status.get("reason") or status.get("phase", "")
    if conditions.get("PodScheduled", {}).get("reason") == "SchedulingGated":
        reason = "SchedulingGated"
    initial = _initial_reason(spec, status)
    is_initialized = conditions.get("Initialized", {}).get("status") == "True"
    statuses = status.get("containerStatuses") or []
    ready = 0
    if initial is None or is_initialized:
        reason, ready = _running_reason(reason, statuses, conditions)
    else:
        reason = initial
    if pod["metadata"].get("deletionTimestamp") and status.get("phase") not in ("Succeeded", "Failed"):
        reason = "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    counted = statuses if initial is None or is_initialized else status.get("initContainerStatuses") or []
    return ready, len(spec.get("containers") or []), reason, _restarts(counted)


def _initial_reason(spec: Object, status: Object) -> str | None:
    """Return what an init container waits for, or None where all have done their work."""
    for index, container in enumerate(status.get("initContainerStatuses") or []):
        state = container.get("state") or {}
        terminated, waiting = state.get("terminated"), state.get("waiting") or {}
        if terminated is not None:
            if not terminated.get("exitCode"):
                continue
            return "Init:" + (terminated.get("reason") or _exit(terminated))
        if waiting.get("reason") and waiting["reason"] != _INITIALIZING:
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{len(spec.get('initContainers') or [])}"
    return None


def _exit(terminated: Object) -> str:
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _running_reason(reason: str, statuses: list[Object], conditions: dict[str, Object]) -> tuple[str, int]:
    ready, is_running = 0, False
    for container in reversed(statuses):
        state = container.get("state") or {}
        waiting, terminated = state.get("waiting") or {}, state.get("terminated")
        if waiting.get("reason"):
            reason = waiting["reason"]
        elif terminated is not None:
            reason = terminated.get("reason") or _exit(terminated)
        elif container.get("ready") and state.get("running") is not None:
            is_running = True
            ready += 1
    if reason == "Completed" and is_running:
        reason = "Running" if conditions.get("Ready", {}).get("status") == "True" else "NotReady"
    return reason, ready


def _restarts(statuses: list[Object]) -> str:
    count = sum(container.get("restartCount", 0) for container in statuses)
    last = [(container.get("lastState") or {}).get("terminated") or {} for container in statuses]
    times = [each["finishedAt"] for each in last if each.get("finishedAt")]
    return f"{count} ({age(max(times))} ago)" if count and times else str(count)


def _gates(spec: Object, status: Object) -> str:
    gates = spec.get("readinessGates") or []
    if not gates:
        return "<none>"
    met = {each["type"] for each in status.get("conditions") or [] if each["status"] == "True"}
    return f"{sum(gate['conditionType'] in met for gate in gates)}/{len(gates)}"
