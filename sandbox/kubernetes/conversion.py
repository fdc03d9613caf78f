"""Objects of kinds that are served in more than one version, from one version to another.

Custom resources change nothing but their `apiVersion` (conversion strategy None). Of the built-in kinds that are
served, only Event and HorizontalPodAutoscaler have two forms.
"""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.resources import Resource

Object = dict[str, Any]

# Event of the core group to events.k8s.io/v1.
_EVENT_NAMES = {
    "involvedObject": "regarding",
    "message": "note",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
}


def to_served(obj: Object, resource: Resource) -> Object:
    """Return a stored object as a version serves it."""
    if obj.get("apiVersion") == resource.api_version:
        return obj
    if resource.group == "events.k8s.io":
        obj = _rename(obj, _EVENT_NAMES)
        obj = {key: value for key, value in obj.items() if value != "" or not key.startswith("reporting")}
    elif resource.group == "autoscaling":
        obj = _autoscaler_to_v1(obj)
    return {**obj, "apiVersion": resource.api_version}


def to_stored(obj: Object, resource: Resource) -> Object:
    """Return a served object as it is kept."""
    if resource.stored_api_version == resource.api_version:
        return obj
    if resource.group == "events.k8s.io":
        obj = _rename(obj, {new: old for old, new in _EVENT_NAMES.items()})
    elif resource.group == "autoscaling":
        obj = _autoscaler_from_v1(obj)
    return {**obj, "apiVersion": resource.stored_api_version}


def _rename(obj: Object, names: dict[str, str]) -> Object:
    return {names.get(key, key): value for key, value in obj.items()}


def _autoscaler_to_v1(obj: Object) -> Object:
    spec = dict(obj.get("spec") or {})
    for metric in spec.pop("metrics", None) or []:
        resource = metric.get("resource") or {}
        utilization = (resource.get("target") or {}).get("averageUtilization")
        if resource.get("name") == "cpu" and utilization is not None:
            spec["targetCPUUtilizationPercentage"] = utilization
    spec.pop("behavior", None)
    status = {
        key: value
        for key, value in (obj.get("status") or {}).items()
        if key in ("observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas")
    }
    return {**obj, "spec": spec, "status": {"currentReplicas": 0, "desiredReplicas": 0, **status}}


def _autoscaler_from_v1(obj: Object) -> Object:
    spec = dict(obj.get("spec") or {})
    utilization = spec.pop("targetCPUUtilizationPercentage", None)
    if utilization is not None:
        target = {"type": "Utilization", "averageUtilization": utilization}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    status = {"currentMetrics": None, **(obj.get("status") or {})}
    status.pop("currentCPUUtilizationPercentage", None)
    return {**obj, "spec": spec, "status": status}
