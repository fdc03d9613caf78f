"""The object that a creation is compared with: a kind's object before anything is set.

A built-in kind's has what the server's Go types write even so (`creationTimestamp: null`, `status: {}`), which is why
nobody owns `spec` itself on a Deployment, and its creator does on a custom resource.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sandbox.kubernetes.roundtrip import as_written
from sandbox.kubernetes.types import Schema, builtin_schema


def empty_object(obj: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Return the empty object of the same kind. Not to be changed: parts of it are shared."""
    head = {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind")}
    if not schema.is_builtin:
        return head
    group, _, version = str(obj.get("apiVersion", "")).rpartition("/")
    return {**head, **_empty(group, version, str(obj.get("kind", "")))}


@lru_cache(maxsize=256)
def _empty(group: str, version: str, kind: str) -> dict[str, Any]:
    schema = builtin_schema(group, version, kind)
    return as_written({}, schema) if schema else {}
