"""The subresources that are more than a part of an object: scale, eviction, binding, finalize.

Source: the API reference of `Scale` (autoscaling/v1), `Eviction` (policy/v1), `Binding` and `Namespace` finalize.
"""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes import deletion
from sandbox.kubernetes.cluster import Cluster, WriteOptions
from sandbox.kubernetes.conversion import to_served
from sandbox.kubernetes.jsonpaths import find_all, set_value
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.selectors import format_label_selector, format_labels, matches_label_selector
from sandbox.kubernetes.status import ApiError, bad_request, conflict, internal_error, stale, success
from sandbox.kubernetes.storage import Record
from sandbox.kubernetes.writes import modify

Object = dict[str, Any]

_BUILTIN_PATHS = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".spec.selector",
}


def read_scale(resource: Resource, obj: Object, *, is_strict: bool = False) -> Object:
    """Return an object's `Scale`.

    Raises:
        ApiError: `is_strict`, and the object does not say how many replicas it wants (500, as from the real server).
    """
    paths = _scale_paths(resource)
    if is_strict and resource.custom is not None and not find_all(obj, paths["specReplicasPath"]):
        raise internal_error(f'the spec replicas field "{paths["specReplicasPath"]}" does not exist')
    metadata = {
        key: obj["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    }
    status: Object = {"replicas": _first(obj, paths["statusReplicasPath"], 0)}
    selector = _first(obj, paths.get("labelSelectorPath", ""), None) if paths.get("labelSelectorPath") else None
    if selector is not None:
        status["selector"] = selector if isinstance(selector, str) else _selector_text(selector)
    replicas = _first(obj, paths["specReplicasPath"], 0)
    spec = {"replicas": replicas} if replicas else {}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status}


def _scale_paths(resource: Resource) -> Object:
    return (resource.custom.scale if resource.custom else None) or _BUILTIN_PATHS


def _first(obj: Object, path: str, default: Any) -> Any:
    found = find_all(obj, path)
    return found[0] if found else default


def _selector_text(selector: Object) -> str:
    is_plain = "matchLabels" not in selector and "matchExpressions" not in selector
    text = format_labels(selector) if is_plain else format_label_selector(selector)
    return "" if text == "<none>" else text


def write_scale(
    cluster: Cluster, resource: Resource, namespace: str, name: str, scale: Object, options: WriteOptions
) -> Object:
    """Set an object's replicas from a `Scale`, and return its new one.

    Raises:
        ApiError: The Scale is no such thing, or out of date.
    """
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        raise bad_request(f"spec.replicas: Invalid value: {replicas}: must be greater than or equal to 0")
    version = (scale.get("metadata") or {}).get("resourceVersion")

    def set_replicas(obj: Object) -> Object:
        if version and version != obj["metadata"]["resourceVersion"]:
            raise stale(resource.group, resource.plural, name)
        set_value(obj, _scale_paths(resource)["specReplicasPath"], replicas)
        return obj

    return read_scale(resource, modify(cluster, resource, namespace, name, set_replicas, options, "scale"))


def evict(cluster: Cluster, pods: Resource, record: Record, eviction: Object, options: WriteOptions) -> Object:
    """Delete a pod unless a disruption budget forbids it.

    Raises:
        ApiError: A budget allows no disruption (429).
    """
    labels = record.view["metadata"].get("labels") or {}
    for budget in cluster.store.select("policy", "poddisruptionbudgets", record.namespace):
        selected = matches_label_selector(budget.view["spec"].get("selector"), labels)
        if selected and not (budget.view.get("status") or {}).get("disruptionsAllowed"):
            message = "Cannot evict pod as it would violate the pod's disruption budget."
            raise ApiError(429, "TooManyRequests", message, {"causes": [_budget_cause(budget)]})
    wish = deletion.read_options(eviction.get("deleteOptions") or {}, {"dryRun": "All"} if options.dry_run else {})
    deletion.delete(cluster, pods, record, wish)
    return {**success(), "code": 201}


def _budget_cause(budget: Record) -> Object:
    status = budget.view.get("status") or {}
    message = (
        f"The disruption budget {budget.name} needs {status.get('desiredHealthy', 0)} healthy pods and has "
        f"{status.get('currentHealthy', 0)} currently"
    )
    return {"reason": "DisruptionBudget", "message": message}


def bind(cluster: Cluster, pods: Resource, record: Record, binding: Object, options: WriteOptions) -> Object:
    """Give a pod to a node.

    Raises:
        ApiError: It has one already (409).
    """
    node = (binding.get("target") or {}).get("name", "")
    pod = record.copy()
    if pod["spec"].get("nodeName"):
        problem = f'pod {record.name} is already assigned to node "{pod["spec"]["nodeName"]}"'
        raise conflict("", "pods/binding", record.name, problem)
    pod["spec"]["nodeName"] = node
    status = pod.setdefault("status", {})
    scheduled = {
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": cluster.now(),
    }
    others = [each for each in status.get("conditions") or [] if each["type"] != "PodScheduled"]
    status["conditions"] = [*others, scheduled]
    if not options.dry_run:
        cluster.store.put(pods.group, pods.plural, pod)
    return {**success(), "code": 201}


def finalize_namespace(
    cluster: Cluster, resource: Resource, record: Record, sent: Object, options: WriteOptions
) -> Object:
    """Replace a namespace's own finalizers, as its controller does when the content is gone."""
    version = (sent.get("metadata") or {}).get("resourceVersion")
    if version and version != str(record.version):
        raise stale(resource.group, resource.plural, record.name)
    obj = record.copy()
    finalizers = (sent.get("spec") or {}).get("finalizers") or []
    if finalizers:
        obj["spec"]["finalizers"] = finalizers
    else:
        obj["spec"].pop("finalizers", None)
    if options.dry_run:
        return obj
    if deletion.is_free(obj):
        deletion.release(cluster, record.uid)
        return obj
    return to_served(cluster.store.put(record.group, record.resource, obj).copy(), resource)
