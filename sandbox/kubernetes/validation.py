"""What is wrong with an object, and what the schema itself adds to or takes from it.

Unknown fields are worded as strict decoding words them; invalid fields as the validation of custom resources does
(structural schemas, OpenAPI v3). Rules in CEL (`x-kubernetes-validations`) are not evaluated. The values that built-in
kinds accept beyond their types are not in the published definitions and not checked here.
"""

from __future__ import annotations

import copy
from typing import Any

from sandbox.kubernetes.causes import Cause
from sandbox.kubernetes.constraints import check_value
from sandbox.kubernetes.types import Schema

__all__ = ["Cause", "invalid_fields", "prune_unknown", "set_defaults", "unknown_fields"]

Object = dict[str, Any]


def unknown_fields(obj: Any, schema: Schema) -> list[str]:
    """Return a text for each field that the schema does not know, as `unknown field "spec.foo"`."""
    return [f'unknown field "{path}"' for path in _unknown(obj, schema, "")]


def invalid_fields(obj: Object, schema: Schema) -> list[Cause]:
    """Return what violates a custom resource's schema, in the server's order and words."""
    return [] if schema.is_builtin else check_value(obj, schema.raw, "")


def prune_unknown(obj: Object, schema: Schema) -> Object:
    """Return the object without the fields that the schema does not know."""
    pruned: Object = _prune(obj, schema)
    return pruned


def set_defaults(obj: Object, schema: Schema) -> Object:
    """Return the object with the defaults that a custom resource's schema names.

    Nulls give way to defaults where the field is not nullable. What the server fills in for built-in kinds is code, not
    schema: such an object is returned unchanged.
    """
    if schema.is_builtin:
        return obj
    filled: Object = _default(obj, schema.raw)
    return filled


# --- unknown fields --------------------------------------------------------------------------------------------


def _keeps_unknown(schema: Schema) -> bool:
    if schema.preserves_unknown:
        return True
    extra = schema.raw.get("additionalProperties")
    if extra is not None:
        return bool(extra)
    # A custom type's object without properties knows no field at all; a built-in one is free-form.
    return schema.is_builtin and not schema.fields


def _known_child(schema: Schema, key: str) -> tuple[bool, Schema | None]:
    """Return whether a field is known, and its type unless anything goes."""
    if schema.is_declared(key):
        return True, schema.child(key)
    extra = schema.raw.get("additionalProperties")
    if isinstance(extra, dict):
        return True, schema.child(key)
    return _keeps_unknown(schema), None


def _unknown(value: Any, schema: Schema, path: str) -> list[str]:
    if isinstance(value, dict):
        if schema.single is None and not schema.fields:
            return []
        found: list[str] = []
        for key in sorted(value):
            below = f"{path}.{key}" if path else key
            is_known, child = _known_child(schema, key)
            if not is_known:
                found.append(below)
            elif child is not None:
                found += _unknown(value[key], child, below)
        return found
    if isinstance(value, list) and "list" in schema.shapes:
        return [name for i, item in enumerate(value) for name in _unknown(item, schema.items, f"{path}[{i}]")]
    return []


def _prune(value: Any, schema: Schema) -> Any:
    if isinstance(value, dict):
        if schema.single is None and not schema.fields:
            return value
        kept: Object = {}
        for key, item in value.items():
            is_known, child = _known_child(schema, key)
            if is_known:
                kept[key] = item if child is None else _prune(item, child)
        return kept
    if isinstance(value, list) and "list" in schema.shapes:
        return [_prune(item, schema.items) for item in value]
    return value


# --- defaults --------------------------------------------------------------------------------------------------


def _default(value: Any, raw: dict[str, Any] | Any) -> Any:
    if isinstance(value, dict):
        return _default_map(value, raw)
    if isinstance(value, list) and isinstance(raw.get("items"), dict):
        return [_default(item, raw["items"]) for item in value]
    return value


def _default_map(value: Object, raw: Any) -> Object:
    properties = raw.get("properties") or {}
    extra = raw.get("additionalProperties")
    filled = dict(value)
    for key, declared in properties.items():
        if "default" not in declared:
            continue
        if key not in filled or (filled[key] is None and not declared.get("nullable")):
            filled[key] = copy.deepcopy(declared["default"])
    for key, item in filled.items():
        if key in properties:
            filled[key] = _default(item, properties[key])
        elif isinstance(extra, dict):
            if item is None and "default" in extra and not extra.get("nullable"):
                item = copy.deepcopy(extra["default"])
            filled[key] = _default(item, extra)
    return filled
