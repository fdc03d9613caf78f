"""What makes an object of a built-in kind invalid, beyond the types of its fields.

Required fields and enumerations come from the published types; names, labels, selectors and what may not change
are checked here in the words of Kubernetes 1.33 (`pkg/apis/*/validation`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from sandbox.kubernetes.causes import Cause, invalid, required, unsupported
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.selectors import matches_label_selector
from sandbox.kubernetes.types import Schema

Object = dict[str, Any]

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_DNS_LABEL = re.compile(_LABEL)
_SERVICE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = re.compile(f"({_QUALIFIED})?")
_LABEL_NAME = re.compile(_QUALIFIED)
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")

_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_DNS_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SERVICE_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_LABEL_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_LABEL_NAME_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_CONFIG_KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_IMMUTABLE = "field is immutable"
_IMMUTABLE_WHEN_SET = "field is immutable when `immutable` is set"
_NAMED_LIKE_PATHS = frozenset({"rbac.authorization.k8s.io"})


def check_metadata(resource: Resource, obj: Object) -> list[Cause]:
    """Return what is wrong with an object's name, labels and annotations."""
    metadata = obj["metadata"]
    return [
        *check_name(resource, metadata.get("name", ""), "metadata.name"),
        *_check_labels(metadata.get("labels") or {}, "metadata.labels"),
        *_check_annotations(metadata.get("annotations") or {}),
    ]


def check_finalizers(old: Object, new: Object) -> list[Cause]:
    """Return what is wrong with the finalizers of an object that goes away: none may be added."""
    if not old["metadata"].get("deletionTimestamp"):
        return []
    before = old["metadata"].get("finalizers") or []
    added = [name for name in new["metadata"].get("finalizers") or [] if name not in before]
    if not added:
        return []
    text = (
        "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
        f"[]string{{{', '.join(json.dumps(name) for name in added)}}}"
    )
    return [Cause("metadata.finalizers", "FieldValueForbidden", text)]


def check_name(resource: Resource, name: str, field: str) -> list[Cause]:
    """Return what is wrong with a name of a kind."""
    if resource.group in _NAMED_LIKE_PATHS:
        wrong = [part for part in ("/", "%") if part in name]
        return [invalid(field, name, f"may not contain '{part}'") for part in wrong]
    if resource.group == "" and resource.plural == "namespaces":
        pattern, text, longest = _DNS_LABEL, _DNS_LABEL_TEXT, 63
    elif resource.group == "" and resource.plural == "services":
        pattern, text, longest = _SERVICE, _SERVICE_TEXT, 63
    else:
        pattern, text, longest = _SUBDOMAIN, _SUBDOMAIN_TEXT, 253
    causes = [] if pattern.fullmatch(name) else [invalid(field, name, text)]
    if len(name) > longest:
        causes.append(invalid(field, name, f"must be no more than {longest} characters"))
    return causes


def _check_labels(labels: dict[str, Any], field: str) -> list[Cause]:
    causes = []
    for key, value in labels.items():
        causes += _check_key(key, field)
        if not _LABEL_VALUE.fullmatch(value):
            causes.append(invalid(field, value, _LABEL_VALUE_TEXT))
        if len(value) > 63:
            causes.append(invalid(field, value, "must be no more than 63 characters"))
    return causes


def _check_key(key: str, field: str) -> list[Cause]:
    prefix, has_prefix, name = key.rpartition("/")
    causes = []
    if has_prefix and not _SUBDOMAIN.fullmatch(prefix):
        causes.append(invalid(field, key, f"prefix part {_SUBDOMAIN_TEXT}"))
    if not name:
        causes.append(invalid(field, key, "name part must be non-empty"))
    if not _LABEL_NAME.fullmatch(name):
        causes.append(invalid(field, key, _LABEL_NAME_TEXT))
    if len(name) > 63:
        causes.append(invalid(field, key, "name part must be no more than 63 characters"))
    return causes


def _check_annotations(annotations: dict[str, Any]) -> list[Cause]:
    causes = [cause for key in annotations for cause in _check_key(key.lower(), "metadata.annotations")]
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > 256 * 1024:
        causes.append(Cause("metadata.annotations", "FieldValueTooLong", "Too long: may not be more than 262144 bytes"))
    return causes


def check_content(resource: Resource, obj: Object) -> list[Cause]:
    """Return what is wrong with an object of a built-in kind, apart from its metadata."""
    causes = list(_check_fields(obj, resource.schema, ""))
    check = _CONTENT_RULES.get((resource.group, resource.plural))
    return causes + (check(obj) if check else [])


def _check_fields(value: Object, schema: Schema, path: str) -> Iterator[Cause]:
    needed, enumerated, nested = _plan(schema)
    prefix = f"{path}." if path else ""
    for key in needed:
        if value.get(key) in (None, "", [], {}):
            yield required(f"{prefix}{key}")
    for key, allowed in enumerated:
        item = value.get(key)
        if item is not None and item != "" and item not in allowed:
            yield unsupported(f"{prefix}{key}", item, sorted(allowed))
    for key, child in nested:
        item = value.get(key)
        if isinstance(item, dict):
            yield from _check_fields(item, child, f"{prefix}{key}")
        elif isinstance(item, list):
            for index, each in enumerate(item):
                if isinstance(each, dict):
                    yield from _check_fields(each, child, f"{prefix}{key}[{index}]")


_Plan = tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...], tuple[tuple[str, Schema], ...]]
# Marked as required, though the server takes their zero values (numbers, false, an empty list or object).
_ZERO_IS_FINE = frozenset(
    {
        "rules",
        "items",
        "values",
        "resources",
        "versions",
        "conditions",
        "storedVersions",
        "acceptedNames",
        "addressType",
        "endpoints",
    }
)


@cache
def _plan(schema: Schema) -> _Plan:
    needed, enumerated, nested = [], [], []
    for key in schema.fields:
        child = schema.child(key)
        if child is None or key in ("metadata", "status"):
            continue
        is_required = key in (schema.raw.get("required") or ()) and key not in _ZERO_IS_FINE
        if is_required and schema.always.get(key) != {} and _can_lack(child):
            needed.append(key)
        if child.raw.get("enum"):
            enumerated.append((key, tuple(child.raw["enum"])))
        target = child.items if child.single == "list" else child
        if target.single == "map" and target.fields:
            nested.append((key, target))
    return tuple(needed), tuple(enumerated), tuple(nested)


def _can_lack(child: Schema) -> bool:
    return child.raw.get("type") == "string" or child.single in ("list", "map")


def _check_workload(obj: Object) -> list[Cause]:
    spec = obj["spec"]
    selector = spec.get("selector")
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    causes = []
    if selector is not None and not selector:
        causes.append(invalid("spec.selector", "{}", "empty selector is invalid for deployment"))
    if not matches_label_selector(selector, labels):
        text = "`selector` does not match template `labels`"
        causes.append(
            Cause("spec.template.metadata.labels", "FieldValueInvalid", f"Invalid value: {_go_map(labels)}: {text}")
        )
    return causes + _check_pod_spec(template.get("spec") or {}, "spec.template.spec")


def _go_map(labels: dict[str, str]) -> str:
    pairs = ", ".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in sorted(labels.items()))
    return f"map[string]string{{{pairs}}}"


def _check_pod(obj: Object) -> list[Cause]:
    return _check_pod_spec(obj["spec"], "spec")


def _check_pod_spec(spec: Object, path: str) -> list[Cause]:
    causes = []
    volumes = {volume.get("name") for volume in spec.get("volumes") or []}
    for kind in ("initContainers", "containers"):
        seen: set[str] = set()
        for index, container in enumerate(spec.get(kind) or []):
            field = f"{path}.{kind}[{index}]"
            name = container.get("name", "")
            if name in seen:
                causes.append(Cause(f"{field}.name", "FieldValueDuplicate", f"Duplicate value: {json.dumps(name)}"))
            seen.add(name)
            if name and not _DNS_LABEL.fullmatch(name):
                causes.append(invalid(f"{field}.name", name, _DNS_LABEL_TEXT))
            if not container.get("image"):
                causes.append(required(f"{field}.image"))
            for number, mount in enumerate(container.get("volumeMounts") or []):
                if mount.get("name") and mount["name"] not in volumes:
                    text = f"Not found: {json.dumps(mount['name'])}"
                    causes.append(Cause(f"{field}.volumeMounts[{number}].name", "FieldValueNotFound", text))
    return causes


def _check_keys(obj: Object) -> list[Cause]:
    causes = []
    for part in ("data", "binaryData"):
        for key in obj.get(part) or {}:
            if not _CONFIG_KEY.fullmatch(key):
                causes.append(invalid(f"{part}[{key}]", key, _CONFIG_KEY_TEXT))
    return causes


def _check_service(obj: Object) -> list[Cause]:
    spec = obj["spec"]
    ports = spec.get("ports") or []
    if not ports and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        return [required("spec.ports")]
    if len(ports) < 2:
        return []
    return [required(f"spec.ports[{index}].name") for index, port in enumerate(ports) if not port.get("name")]


_RESTARTS = ("OnFailure", "Never")


def _check_job(obj: Object) -> list[Cause]:
    return [*_check_workload(obj), *_check_restart_policy(obj["spec"], "spec")]


def _check_cron_job(obj: Object) -> list[Cause]:
    job = obj["spec"].get("jobTemplate", {}).get("spec") or {}
    field = "spec.jobTemplate.spec"
    pod = (job.get("template") or {}).get("spec") or {}
    return [*_check_restart_policy(job, field), *_check_pod_spec(pod, f"{field}.template.spec")]


def _check_restart_policy(spec: Object, path: str) -> list[Cause]:
    policy = ((spec.get("template") or {}).get("spec") or {}).get("restartPolicy")
    if policy in _RESTARTS:
        return []
    cause = required(f"{path}.template.spec.restartPolicy")
    return [cause._replace(message='Required value: valid values: "OnFailure", "Never"')]


_CONTENT_RULES: dict[tuple[str, str], Callable[[Object], list[Cause]]] = {
    ("", "configmaps"): _check_keys,
    ("", "secrets"): _check_keys,
    ("", "pods"): _check_pod,
    ("", "services"): _check_service,
    ("apps", "daemonsets"): _check_workload,
    ("apps", "deployments"): _check_workload,
    ("apps", "replicasets"): _check_workload,
    ("apps", "statefulsets"): _check_workload,
    ("batch", "cronjobs"): _check_cron_job,
    ("batch", "jobs"): _check_job,
}

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
        labels = _go_map(value.get("matchLabels") or {})
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
