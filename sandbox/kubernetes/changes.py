"""What an update may not change, in the words of the `Validate…Update` functions of Kubernetes 1.33 (`pkg/apis`)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox.kubernetes.causes import Cause
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.rules import go_map

Object = dict[str, Any]

_IMMUTABLE = "field is immutable"
_IMMUTABLE_WHEN_SET = "field is immutable when `immutable` is set"
# Fields that no update may change.
_IMMUTABLE_FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps", "deployments"): ("spec.selector",),
    ("apps", "daemonsets"): ("spec.selector",),
    ("apps", "replicasets"): ("spec.selector",),
    ("batch", "jobs"): ("spec.selector", "spec.template", "spec.completionMode"),
    ("", "secrets"): ("type",),
    ("rbac.authorization.k8s.io", "rolebindings"): ("roleRef",),
    ("rbac.authorization.k8s.io", "clusterrolebindings"): ("roleRef",),
}
_STATEFUL_SET_MUTABLE = frozenset(
    {
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    }
)


def check_change(resource: Resource, old: Object, new: Object) -> list[Cause]:
    """Return what an update changes and may not."""
    key = (resource.group, resource.plural)
    causes = []
    for path in _IMMUTABLE_FIELDS.get(key, ()):
        before, after = _value_at(old, path), _value_at(new, path)
        if before != after:
            text = "cannot change roleRef" if path == "roleRef" else _IMMUTABLE
            causes.append(Cause(path, "FieldValueInvalid", f"Invalid value: {_shown(path, after)}: {text}"))
    check = _CHANGE_RULES.get(key)
    return causes + (check(old, new) if check else [])


def _value_at(obj: Object, path: str) -> Any:
    value: Any = obj
    for name in path.split("."):
        value = (value or {}).get(name)
    return value


def _shown(path: str, value: Any) -> str:
    """Write a value as the server's Go code prints it."""
    if path == "spec.selector" and isinstance(value, dict):
        labels = go_map(value.get("matchLabels") or {})
        expressions = "[]v1.LabelSelectorRequirement(nil)" if not value.get("matchExpressions") else "[…]"
        return f"v1.LabelSelector{{MatchLabels:{labels}, MatchExpressions:{expressions}}}"
    if path == "roleRef":
        fields = ", ".join(f"{key}:{json.dumps(value.get(name, ''))}" for key, name in _ROLE_FIELDS)
        return f"rbac.RoleRef{{{fields}}}"
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


_ROLE_FIELDS = (("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name"))


def _check_immutable_data(old: Object, new: Object) -> list[Cause]:
    if not old.get("immutable"):
        return []
    causes = []
    if not new.get("immutable"):
        causes.append(Cause("immutable", "FieldValueForbidden", f"Forbidden: {_IMMUTABLE_WHEN_SET}"))
    for part in ("data", "binaryData"):
        if (old.get(part) or {}) != (new.get(part) or {}):
            causes.append(Cause(part, "FieldValueForbidden", f"Forbidden: {_IMMUTABLE_WHEN_SET}"))
    return causes


def _check_cluster_address(old: Object, new: Object) -> list[Cause]:
    before, after = old["spec"], new["spec"]
    if "ExternalName" in (before.get("type"), after.get("type")) or not before.get("clusterIP"):
        return []
    causes = []
    if before.get("clusterIP") != after.get("clusterIP"):
        shown = json.dumps([after.get("clusterIP", "")])
        text = f"Invalid value: []string{{{shown[1:-1]}}}: may not change once set"
        causes.append(Cause("spec.clusterIPs[0]", "FieldValueInvalid", text))
    return causes


def _check_stateful_set(old: Object, new: Object) -> list[Cause]:
    before, after = ({k: v for k, v in obj["spec"].items() if k not in _STATEFUL_SET_MUTABLE} for obj in (old, new))
    if before == after:
        return []
    text = (
        "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
        "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
        "forbidden"
    )
    return [Cause("spec", "FieldValueForbidden", text)]


def _check_claim(old: Object, new: Object) -> list[Cause]:
    # Binding fills in the volume, and the default class where none was named.
    once = {name for name in ("volumeName", "storageClassName") if old["spec"].get(name) is None}
    mutable = {"resources", "volumeAttributesClassName", *once}
    before, after = ({k: v for k, v in obj["spec"].items() if k not in mutable} for obj in (old, new))
    if before == after:
        return []
    text = (
        "Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound "
        "claims"
    )
    return [Cause("spec", "FieldValueForbidden", text)]


_POD_UPDATES = (
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def _check_pod_change(old: Object, new: Object) -> list[Cause]:
    if _fixed_pod_spec(old["spec"]) == _fixed_pod_spec(new["spec"]):
        return []
    return [Cause("spec", "FieldValueForbidden", _POD_UPDATES)]


def _fixed_pod_spec(spec: Object) -> Object:
    mutable = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "ephemeralContainers")
    fixed = {key: value for key, value in spec.items() if key not in mutable}
    for kind in ("containers", "initContainers"):
        containers = spec.get(kind) or []
        fixed[kind] = [{key: value for key, value in each.items() if key != "image"} for each in containers]
    return fixed


def _check_priority_class(old: Object, new: Object) -> list[Cause]:
    if old.get("value") == new.get("value"):
        return []
    return [Cause("value", "FieldValueForbidden", "Forbidden: may not be changed in an update.")]


def _check_storage_class(old: Object, new: Object) -> list[Cause]:
    fields = ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")
    changed = [key for key in fields if old.get(key) != new.get(key)]
    return [Cause(key, "FieldValueForbidden", f"Forbidden: updates to {key} are forbidden.") for key in changed]


_CHANGE_RULES: dict[tuple[str, str], Callable[[Object, Object], list[Cause]]] = {
    ("", "configmaps"): _check_immutable_data,
    ("", "pods"): _check_pod_change,
    ("", "secrets"): _check_immutable_data,
    ("", "services"): _check_cluster_address,
    ("", "persistentvolumeclaims"): _check_claim,
    ("apps", "statefulsets"): _check_stateful_set,
    ("scheduling.k8s.io", "priorityclasses"): _check_priority_class,
    ("storage.k8s.io", "storageclasses"): _check_storage_class,
}
