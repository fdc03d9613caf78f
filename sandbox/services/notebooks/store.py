"""Workbench instances and the states they go through.

PROVISIONING until `ready_at`, then ACTIVE; a start, stop or update takes until `idle_at`, and one at a time is at work.
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, failed_precondition
from sandbox.kernel.resources import Document, Resources, is_ready, public

Json = dict[str, Any]
HOST = "notebooks.googleapis.com"
INSTANCES = "notebooks.instances"
_INTERNAL = ("placement", "at_work")
STABLE = ("ACTIVE", "STOPPED")


def read(cloud: Cloud, path: str) -> Document:
    """Return an instance.

    Raises:
        ApiError: 404.
    """
    found = Resources(cloud, INSTANCES).get(path)
    if found is None:
        raise ApiError(404, f"Resource '{path}' was not found")
    return found


def state_of(cloud: Cloud, instance: Document) -> str:
    """Return the state of an instance."""
    if "gone_at" in instance:
        return "DELETING"
    if not is_ready(cloud, instance):
        return "PROVISIONING"
    if cloud.clock.now() < instance.get("idle_at", 0.0):
        return str(instance.get("at_work") or instance["state"])
    return str(instance["state"])


def occupy(cloud: Cloud, path: str, at_work: str, real_seconds: float, *, only_when: tuple[str, ...]) -> Document:
    """Return an instance on which work begins, with its new `idle_at`; storing it is the caller's.

    Args:
        cloud: The cloud.
        path: The instance's name.
        at_work: The state meanwhile, such as "STOPPING"; empty where it stays.
        real_seconds: How long it really takes.
        only_when: The states in which that is allowed.

    Raises:
        ApiError: 409 while other work is going on, 400 FAILED_PRECONDITION in another state.
    """
    instance = read(cloud, path)
    state = state_of(cloud, instance)
    if state not in STABLE or cloud.clock.now() < instance.get("idle_at", 0.0):
        raise ApiError(409, f"unable to queue the operation: instance '{path}' is {state}", status="ABORTED")
    if state not in only_when:
        raise failed_precondition(f"Instance '{path}' is {state}: must be {' or '.join(only_when)}")
    return {**instance, "at_work": at_work, "idle_at": cloud.clock.now() + cloud.latency.pace(real_seconds)}


def view(cloud: Cloud, instance: Document) -> Json:
    """Return an instance as answers show it."""
    state = state_of(cloud, instance)
    shown = {key: value for key, value in public(instance).items() if key not in _INTERNAL}
    shown |= {"state": state, "healthState": "HEALTHY" if state == "ACTIVE" else "HEALTH_STATE_UNSPECIFIED"}
    if state != "ACTIVE":
        shown.pop("proxyUri", None)
    return shown
