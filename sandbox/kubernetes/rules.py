"""What makes the content of an object of a built-in kind invalid, beyond the types of its fields.

Required fields and enumerations come from the published types; what no type says is checked here, in the words of
Kubernetes 1.33 (`pkg/apis/*/validation`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from sandbox.kubernetes.causes import Cause, duplicate, invalid, required, unsupported
from sandbox.kubernetes.names import DNS_LABEL, DNS_LABEL_TEXT
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.selectors import matches_label_selector
from sandbox.kubernetes.types import Schema

Object = dict[str, Any]

_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_CONFIG_KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


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
            Cause("spec.template.metadata.labels", "FieldValueInvalid", f"Invalid value: {go_map(labels)}: {text}")
        )
    return causes + _check_pod_spec(template.get("spec") or {}, "spec.template.spec")


def go_map(labels: dict[str, str]) -> str:
    """Write labels as Go prints them."""
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
                causes.append(duplicate(f"{field}.name", name))
            seen.add(name)
            if name and not DNS_LABEL.fullmatch(name):
                causes.append(invalid(f"{field}.name", name, DNS_LABEL_TEXT))
            if not container.get("image"):
                causes.append(required(f"{field}.image"))
            for number, variable in enumerate(container.get("env") or []):
                if variable.get("value") and variable.get("valueFrom"):
                    text = "may not be specified when `value` is not empty"
                    causes.append(invalid(f"{field}.env[{number}].valueFrom", "", text))
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
    names = [port.get("name") or "" for port in ports]
    return [
        duplicate(field, name) if name else required(field)
        for index, name in enumerate(names)
        if not name or name in names[:index]
        for field in [f"spec.ports[{index}].name"]
    ]


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
