"""Ownership that was recorded under an older schema, brought to the present one.

A list or map that has become atomic is owned as a whole by whoever owned a part of it. Follows `reconcile_schema.go` of
sigs.k8s.io/structured-merge-diff v4.
"""

from __future__ import annotations

from sandbox.kubernetes.fields import Fields
from sandbox.kubernetes.types import Schema


def reconcile(fields: Fields, schema: Schema) -> Fields:
    """Return the fields with everything below an atomic field replaced by the field itself."""
    if not fields.children:
        return fields
    members, children, is_changed = fields.members, fields.children, False
    for element, child in fields.children.items():
        inner = _inner(element, schema)
        if inner is None:
            continue
        if _is_atomic(inner):
            new = None
        else:
            new = reconcile(child, inner)
            if new is child:
                continue
        if not is_changed:
            members, children, is_changed = set(members), dict(children), True
        if new is None:
            members.add(element)
            del children[element]
        else:
            children[element] = new
    return Fields(members, children) if is_changed else fields


def _inner(element: str, schema: Schema) -> Schema | None:
    if element[0] == "f":
        return schema.child(element[2:]) if "map" in schema.shapes else None
    return schema.items if "list" in schema.shapes else None


def _is_atomic(schema: Schema) -> bool:
    if schema.single == "list":
        return schema.list_type == "atomic"
    return schema.single == "map" and schema.is_atomic
