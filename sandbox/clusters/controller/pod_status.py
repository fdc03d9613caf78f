"""Writes down the states of a pod as a kubelet reports them.

Pure but for the clock. Source: PodStatus (v1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.clusters.controller.objects import Object, digest, now, uid_of, with_times

KUBELET = "kubelet"

# Takes a container of the spec and its last status; returns the new one.
Report = Callable[[Object, Object], Object]


def report(pod: Object, phase: str, addresses: Object, containers: Report, init_containers: Report) -> Object:
    """Return a pod's status.

    Args:
        pod: The pod as it is.
        phase: Pending, Running, Succeeded or Failed.
        addresses: `hostIP` and so on.
        containers: Reports on a container.
        init_containers: Reports on an init container.
    """
    known = pod.get("status") or {}
    statuses = _statuses(pod["spec"]["containers"], known.get("containerStatuses"), containers)
    status: Object = {
        "phase": phase,
        "startTime": known.get("startTime") or now(),
        **addresses,
        "containerStatuses": statuses,
    }
    inits = pod["spec"].get("initContainers") or []
    if inits:
        status["initContainerStatuses"] = _statuses(inits, known.get("initContainerStatuses"), init_containers)
    conditions = _conditions(phase, statuses, started=phase != "Pending", has_address="podIP" in addresses)
    status["conditions"] = with_times(
        [{"lastProbeTime": None, **each} for each in conditions], known.get("conditions") or [], ("lastTransitionTime",)
    )
    return status


def _statuses(containers: list[Object], known: list[Object] | None, describe: Report) -> list[Object]:
    by_name = {each["name"]: each for each in known or []}
    return [describe(container, by_name.get(container["name"], {})) for container in containers]


def _conditions(phase: str, statuses: Iterable[Object], *, started: bool, has_address: bool) -> list[Object]:
    names = [status["name"] for status in statuses if not status["ready"]]
    ready: Object = {"status": "True"}
    if phase == "Succeeded":
        ready = {"status": "False", "reason": "PodCompleted"}
    elif phase == "Failed":
        ready = {"status": "False", "reason": "PodFailed"}
    elif names:
        text = f"containers with unready status: [{' '.join(names)}]"
        ready = {"status": "False", "reason": "ContainersNotReady", "message": text}
    return [
        {"type": "PodReadyToStartContainers", "status": str(has_address)},
        {"type": "Initialized", "status": str(started or has_address)},
        {"type": "Ready", **ready},
        {"type": "ContainersReady", **ready},
        {"type": "PodScheduled", "status": "True"},
    ]


def waiting(reason: str, message: str = "") -> Report:
    """Report that a container waits to be started."""

    def describe(container: Object, known: Object) -> Object:
        state = {"reason": reason, **({"message": message} if message else {})}
        return _status(container, known, {"waiting": state}, ready=False, started=False)

    return describe


def running(pod: Object, *, is_ready: bool) -> Report:
    """Report that a container runs."""

    def describe(container: Object, known: Object) -> Object:
        state = known.get("state", {}).get("running") or {"startedAt": now()}
        status = _status(container, known, {"running": state}, ready=is_ready, started=True)
        return {**status, **_identity(pod, container, status["restartCount"])}

    return describe


def completed(pod: Object, exit_code: int = 0, log_line: str = "") -> Report:
    """Report that a container ended and stays so."""

    def describe(container: Object, known: Object) -> Object:
        state = known.get("state", {}).get("terminated") or _terminated(pod, container, 0, exit_code, log_line)
        status = _status(container, known, {"terminated": state}, ready=False, started=False)
        return {**status, **_identity(pod, container, status["restartCount"])}

    return describe


def crashing(pod: Object, back_off: str, log_line: str) -> Report:
    """Report that a container ended with an error and will be started again."""

    def describe(container: Object, known: Object) -> Object:
        name = f"{container['name']} pod={pod['metadata']['name']}_{pod['metadata']['namespace']}({uid_of(pod)})"
        state = {"reason": "CrashLoopBackOff", "message": f"back-off {back_off} restarting failed container={name}"}
        if known.get("state", {}).get("waiting") == state:
            return known
        restarts = known.get("restartCount", 0) + 1
        terminated = _terminated(pod, container, restarts - 1, 1, log_line)
        return {
            **_status(container, {}, {"waiting": state}, ready=False, started=False),
            **_identity(pod, container, restarts - 1),
            "restartCount": restarts,
            "lastState": {"terminated": terminated},
        }

    return describe


def _status(container: Object, known: Object, state: Object, *, ready: bool, started: bool) -> Object:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": ready,
        "started": started,
        "restartCount": known.get("restartCount", 0),
        "state": state,
        "lastState": known.get("lastState") or {},
    }


def _identity(pod: Object, container: Object, restarts: int) -> dict[str, str]:
    repository = container["image"].partition("@")[0].rpartition("/")
    name = repository[0] + repository[1] + repository[2].partition(":")[0]
    return {
        "imageID": f"{name}@sha256:{digest(container['image'])}",
        "containerID": f"containerd://{digest(uid_of(pod), container['name'], restarts)}",
    }


def _terminated(pod: Object, container: Object, restarts: int, exit_code: int, log_line: str) -> dict[str, Any]:
    moment = now()
    # Kubernetes copies the end of the log only where the container asks for it.
    keeps_log = container.get("terminationMessagePolicy") == "FallbackToLogsOnError" and exit_code
    return {
        "exitCode": exit_code,
        "reason": "Error" if exit_code else "Completed",
        **({"message": log_line} if keeps_log else {}),
        "startedAt": moment,
        "finishedAt": moment,
        "containerID": _identity(pod, container, restarts)["containerID"],
    }
