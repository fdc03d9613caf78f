"""A cluster's objects without what differs between equal clusters: identities, versions, times, secrets' values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sandbox.kubernetes.storage import Record, read_objects

Object = dict[str, Any]

HIDDEN = "…"
# What comes and goes by itself, and under another name each time.
_PASSING = frozenset({("", "events"), ("coordination.k8s.io", "leases"), ("apps", "controllerrevisions")})
_HISTORY = frozenset(
    {"uid", "resourceVersion", "generation", "managedFields", "observedGeneration", "creationTimestamp", "selfLink"}
)
_HISTORY_NOTES = frozenset({"deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation"})
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_CERTIFICATE = "-----BEGIN "
_ENCODED_CERTIFICATE = "LS0tLS1CRUdJTi"


def export_objects(objects: Path) -> list[Object]:
    """Return a cluster's objects in a form that is equal for equal clusters.

    Args:
        objects: The API server's database, which may be in use.

    Returns:
        Objects sorted by API version, kind, namespace and name. Names that were generated end in the place of
        their suffix with `*`.
    """
    exported = [_normalised(record) for record in read_objects(objects) if not _is_passing(record)]
    return sorted(exported, key=_order)


def _is_passing(record: Record) -> bool:
    return (record.group, record.resource) in _PASSING


def _order(obj: Object) -> tuple[str, str, str, str, str]:
    metadata = obj["metadata"]
    return obj["apiVersion"], obj["kind"], metadata.get("namespace", ""), metadata["name"], repr(obj)


def _normalised(record: Record) -> Object:
    obj = record.copy()
    metadata = obj["metadata"]
    prefix = metadata.pop("generateName", None)
    if prefix:
        metadata["name"] = f"{prefix}*"
    if record.resource == "secrets" and not record.group:
        obj["data"] = dict.fromkeys(obj.get("data") or {}, HIDDEN)
    cleaned: Object = _cleaned(obj)
    return cleaned


def _cleaned(value: Any) -> Any:
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {key: _cleaned(item) for key, item in sorted(value.items()) if not _is_history(key, item)}
    if isinstance(value, str) and value.startswith((_CERTIFICATE, _ENCODED_CERTIFICATE)):
        return HIDDEN
    return value


def _is_history(key: str, value: Any) -> bool:
    if key in _HISTORY or key in _HISTORY_NOTES:
        return not isinstance(value, dict)
    return isinstance(value, str) and _TIME.fullmatch(value) is not None
