"""CustomResourceDefinitions: what they serve, what makes them invalid, and their conditions.

Source: `k8s.io/apiextensions-apiserver` 1.33 (`pkg/apis/apiextensions/validation`, `pkg/controller/status`,
`pkg/controller/establish`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.kubernetes.causes import Cause, invalid, required
from sandbox.kubernetes.resources import CustomVersion, Registry, Resource, Subresource
from sandbox.kubernetes.storage import Record, Store

Object = dict[str, Any]

GROUP = "apiextensions.k8s.io"
PLURAL = "customresourcedefinitions"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
APPROVAL = "api-approved.kubernetes.io"
_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
_AGE: Object = {
    "name": "Age",
    "type": "date",
    "jsonPath": ".metadata.creationTimestamp",
}
_ANYTHING: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def resources_of(definition: Object) -> Iterator[Resource]:
    """Return what a CustomResourceDefinition serves, the version that clients should prefer first."""
    spec = definition["spec"]
    storage = next(version["name"] for version in spec["versions"] if version.get("storage"))
    served = [version for version in spec["versions"] if version.get("served")]
    names = (definition.get("status") or {}).get("acceptedNames") or spec["names"]
    names = names if names.get("plural") else spec["names"]
    for version in sorted(served, key=lambda each: _priority(each["name"]), reverse=True):
        yield _resource(definition, names, version, storage)


def _priority(version: str) -> tuple[int, int, int, str]:
    """Order versions as Kubernetes does: v2 before v1 before v1beta2 before v1beta1 before v1alpha1 before others."""
    import re

    match = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
    if match is None:
        return (-1, 0, 0, version)
    stability = {None: 2, "beta": 1, "alpha": 0}[match[2]]
    return (stability, int(match[1]), int(match[3] or 0), version)


def _resource(definition: Object, names: Object, version: Object, storage: str) -> Resource:
    spec = definition["spec"]
    group, kind = spec["group"], names["kind"]
    parts = version.get("subresources") or {}
    subresources = {}
    if "status" in parts:
        subresources["status"] = Subresource("status", kind, ("get", "patch", "update"), group, version["name"])
    if "scale" in parts:
        subresources["scale"] = Subresource("scale", "Scale", ("get", "patch", "update"), "autoscaling", "v1")
    warning = ""
    if version.get("deprecated"):
        warning = version.get("deprecationWarning") or _deprecation(spec, version["name"])
    custom = CustomVersion(
        definition=definition["metadata"]["name"],
        storage_version=storage,
        open_api=(version.get("schema") or {}).get("openAPIV3Schema") or _ANYTHING,
        columns=tuple(version.get("additionalPrinterColumns") or (_AGE,)),
        scale=parts.get("scale"),
        selectable_fields=tuple(each["jsonPath"].lstrip(".") for each in version.get("selectableFields") or ()),
        warning=warning,
    )
    return Resource(
        group=group,
        version=version["name"],
        plural=names["plural"],
        singular=names.get("singular") or kind.lower(),
        kind=kind,
        namespaced=spec["scope"] == "Namespaced",
        verbs=_VERBS,
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=subresources,
        list_kind=names.get("listKind") or f"{kind}List",
        custom=custom,
    )


def _deprecation(spec: Object, version: str) -> str:
    group, kind = spec["group"], spec["names"]["kind"]
    text = f"{group}/{version} {kind} is deprecated"
    newer = [
        each["name"]
        for each in spec["versions"]
        if each.get("served") and not each.get("deprecated") and _priority(each["name"]) > _priority(version)
    ]
    return f"{text}; use {group}/{max(newer, key=_priority)} {kind}" if newer else text


def serve_stored(store: Store, registry: Registry) -> None:
    """Serve what the stored definitions define."""
    for record in store.select(GROUP, PLURAL):
        if is_established(record.view):
            registry.set_custom(record.name, resources_of(record.view))


def is_established(definition: Object) -> bool:
    """Say whether a definition's resources are served."""
    conditions = (definition.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def new_status(definition: Object, registry: Registry, now: str) -> Object:
    """Return the status that the API server's own controllers give a definition."""
    status = dict(definition.get("status") or {})
    names = {key: value for key, value in definition["spec"]["names"].items() if value}
    taken = _taken_names(definition, registry)
    if taken:
        conditions = [
            _condition("NamesAccepted", "False", taken[0], taken[1], now),
            _condition("Established", "False", "NotAccepted", "not all names are accepted", now),
        ]
        status["conditions"] = _merged(status.get("conditions"), conditions)
        return status
    conditions = [
        _condition("NamesAccepted", "True", "NoConflicts", "no conflicts found", now),
        _condition("Established", "True", "InitialNamesAccepted", "the initial names have been accepted", now),
        *_approval(definition, now),
    ]
    status["conditions"] = _merged(status.get("conditions"), conditions)
    stored = list(status.get("storedVersions") or [])
    storage = next(version["name"] for version in definition["spec"]["versions"] if version.get("storage"))
    status["storedVersions"] = stored if storage in stored else [*stored, storage]
    status["acceptedNames"] = names
    return status


def terminating_status(definition: Object, now: str) -> Object:
    """Return the status of a definition whose objects are about to be deleted."""
    status = dict(definition.get("status") or {})
    message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
    condition = _condition("Terminating", "True", "InstanceDeletionPending", message, now)
    return {**status, "conditions": _merged(status.get("conditions"), [condition])}


def _approval(definition: Object, now: str) -> list[Object]:
    """Groups of the Kubernetes community need its approval (KEP-1111)."""
    group = definition["spec"]["group"]
    if not group.endswith((".k8s.io", ".kubernetes.io")) and group not in ("k8s.io", "kubernetes.io"):
        return []
    approval = (definition["metadata"].get("annotations") or {}).get(APPROVAL, "")
    kind = "KubernetesAPIApprovalPolicyConformant"
    if approval.startswith("unapproved"):
        message = f'not approved: "{approval}"'
        return [_condition(kind, "False", "UnapprovedAnnotation", message, now)]
    return [_condition(kind, "True", "ApprovedAnnotation", f"approved in {approval}", now)]


def _condition(kind: str, status: str, reason: str, message: str, now: str) -> Object:
    return {"lastTransitionTime": now, "message": message, "reason": reason, "status": status, "type": kind}


def _merged(old: list[Object] | None, new: list[Object]) -> list[Object]:
    """Keep the time of a condition that stays as it is."""
    known = {each["type"]: each for each in old or []}
    merged = dict(known)
    for each in new:
        before = known.get(each["type"])
        merged[each["type"]] = before if before is not None and before["status"] == each["status"] else each
    return list(merged.values())


def _taken_names(definition: Object, registry: Registry) -> tuple[str, str] | None:
    spec = definition["spec"]
    own = definition["metadata"]["name"]
    for other in registry:
        if other.group != spec["group"] or (other.custom is not None and other.custom.definition == own):
            continue
        if other.plural == spec["names"]["plural"]:
            return "PluralConflict", f'"{other.plural}" is already in use'
        if other.kind == spec["names"]["kind"]:
            return "KindConflict", f'"{other.kind}" is already in use'
    return None


def definition_of(store: Store, group: str, plural: str) -> Record | None:
    """Return the definition of a custom resource."""
    return store.get(GROUP, PLURAL, "", f"{plural}.{group}")


def check_definition(obj: Object) -> list[Cause]:
    """Return what is wrong with a definition beyond its types."""
    spec = obj["spec"]
    names = spec["names"]
    causes = []
    expected = f"{names.get('plural', '')}.{spec.get('group', '')}"
    if obj["metadata"]["name"] != expected:
        causes.append(invalid("metadata.name", obj["metadata"]["name"], 'must be spec.names.plural+"."+spec.group'))
    if spec.get("scope") not in ("Namespaced", "Cluster"):
        causes.append(
            Cause(
                "spec.scope",
                "FieldValueNotSupported",
                f'Unsupported value: "{spec.get("scope", "")}": supported values: "Cluster", "Namespaced"',
            )
        )
    group = spec.get("group", "")
    approved = (obj["metadata"].get("annotations") or {}).get(APPROVAL, "")
    if group.endswith((".k8s.io", ".kubernetes.io")) and not approved:
        text = 'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111'
        causes.append(required(f"metadata.annotations[{APPROVAL}]")._replace(message=f"Required value: {text}"))
    versions = spec.get("versions") or []
    if sum(1 for version in versions if version.get("storage")) != 1:
        text = "must have exactly one version marked as storage version"
        causes.append(Cause("spec.versions", "FieldValueInvalid", f"Invalid value: []: {text}"))
    for index, version in enumerate(versions):
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        field = f"spec.versions[{index}].schema.openAPIV3Schema"
        if schema is None:
            causes.append(Cause(field, "FieldValueRequired", "Required value: schemas are required"))
        elif schema.get("type") != "object" and not schema.get("x-kubernetes-preserve-unknown-fields"):
            causes.append(Cause(f"{field}.type", "FieldValueRequired", "Required value: must not be empty at the root"))
        else:
            causes += _check_structural(schema, field)
    return causes


def _check_structural(schema: Object, field: str) -> list[Cause]:
    """Every part of a schema says what type it is, or that it takes anything."""
    causes = []
    for name, child in (schema.get("properties") or {}).items():
        if name == "metadata" and field.endswith("openAPIV3Schema"):
            continue
        causes += _check_part(child, f"{field}.properties[{name}]")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            causes += _check_part(schema[name], f"{field}.{name}")
    return causes


def _check_part(schema: Object, field: str) -> list[Cause]:
    anything = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-int-or-string")
    if not schema.get("type") and not anything:
        cause = required(f"{field}.type")
        return [cause._replace(message="Required value: must not be empty for specified object fields")]
    if schema.get("type") == "array" and not schema.get("items"):
        return [required(f"{field}.items")._replace(message="Required value: must be specified")]
    return _check_structural(schema, field)
