"""What an object has to pass before it is stored: its namespace, its kind's rules, a custom resource's schema."""

from __future__ import annotations

import json
from typing import Any

from sandbox.kubernetes.causes import Cause
from sandbox.kubernetes.changes import check_change
from sandbox.kubernetes.cluster import Cluster
from sandbox.kubernetes.crds import check_definition
from sandbox.kubernetes.names import check_finalizers, check_metadata
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.rules import check_content
from sandbox.kubernetes.status import forbidden, invalid, not_found
from sandbox.kubernetes.validation import invalid_fields

Object = dict[str, Any]

_COMPACT = (",", ":")


def name_required() -> Cause:
    """Say that an object needs a name."""
    return Cause("metadata.name", "FieldValueRequired", "Required value: name or generateName is required")


def version_required() -> Cause:
    """Say that an update has to name the version that it replaces."""
    return Cause("metadata.resourceVersion", "FieldValueInvalid", "Invalid value: 0x0: must be specified for an update")


def patch_cause(patched: Object, problem: str) -> Cause:
    """Say what is wrong with the outcome of a patch."""
    return Cause(
        "patch",
        "FieldValueInvalid",
        f"Invalid value: {json.dumps(json.dumps(patched, separators=_COMPACT))}: {problem}",
    )


def check_namespace(cluster: Cluster, resource: Resource, namespace: str, obj: Object) -> None:
    """Refuse to create in a namespace that is missing or going away.

    Raises:
        ApiError: 404 or 403.
    """
    if not resource.namespaced:
        return
    record = cluster.store.get("", "namespaces", "", namespace)
    if record is None:
        raise not_found("", "namespaces", namespace)
    if record.view["metadata"].get("deletionTimestamp"):
        problem = f"unable to create new content in namespace {namespace} because it is being terminated"
        cause = Cause("metadata.namespace", "NamespaceTerminating", f"namespace {namespace} is being terminated")
        name = (obj.get("metadata") or {}).get("name", "")
        raise forbidden(resource.group, resource.plural, name, problem, [cause])


def admit(cluster: Cluster, resource: Resource, obj: Object, old: Object | None, part: str = "") -> None:
    """Validate an object as it would be stored.

    Raises:
        ApiError: Something is wrong with it (422).
    """
    causes = check_metadata(resource, obj) if old is None else check_finalizers(old, obj)
    if resource.custom is not None:
        causes += invalid_fields(obj, resource.schema)
    elif part != "status":
        causes += check_content(resource, obj)
        if old is not None:
            causes += check_change(resource, old, obj)
        if resource.group == "apiextensions.k8s.io":
            causes += check_definition(obj)
    if causes:
        raise invalid(resource.group, resource.kind, obj["metadata"]["name"], causes)
