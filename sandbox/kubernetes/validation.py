"""What is wrong with an object, and what the schema itself adds to or takes from it.

Unknown fields are worded as strict decoding words them; invalid fields as the validation of custom resources does
(structural schemas, OpenAPI v3). Rules in CEL (`x-kubernetes-validations`) are not evaluated. The values that built-in
kinds accept beyond their types are not in the published definitions and not checked here.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sandbox.kubernetes.causes import Cause
from sandbox.kubernetes.constraints import check_value
from sandbox.kubernetes.roundtrip import as_written
from sandbox.kubernetes.types import OBJECT_META, Schema, definition

__all__ = ["Cause", "coerce_metadata", "invalid_fields", "prune_unknown", "set_defaults", "unknown_fields"]

Object = dict[str, Any]


def unknown_fields(obj: Any, schema: Schema) -> list[str]:
    """Return a text for each field that the schema does not know, as `unknown field "spec.foo"`.

    In the order of the request for a built-in kind, sorted for a custom one, as the server tells them.
    """
    paths = _unknown(obj, schema, "")
    return [f'unknown field "{path}"' for path in (paths if schema.is_builtin else sorted(paths))]


def invalid_fields(obj: Object, schema: Schema) -> list[Cause]:
    """Return what violates a custom resource's schema, in the server's order and words."""
    return [] if schema.is_builtin else check_value(obj, schema.raw, "")


def prune_unknown(obj: Object, schema: Schema) -> Object:
    """Return the object without the fields that the schema does not know.

    A custom resource also loses the nulls that its schema neither allows nor has a default for.
    """
    pruned: Object = _prune(obj, schema)
    return pruned if schema.is_builtin else _without_nulls(pruned, schema.raw)


def set_defaults(obj: Object, schema: Schema) -> Object:
    """Return the object with the defaults that a custom resource's schema names.

    Nulls give way to defaults where the field is not nullable. What the server fills in for built-in kinds is code, not
    schema: such an object is returned unchanged.
    """
    if schema.is_builtin:
        return obj
    filled: Object = _default(obj, schema.raw)
    return filled


def coerce_metadata(obj: Object, schema: Schema) -> Object:
    """Return a custom resource with its metadata, and that of embedded objects, as the server writes it."""
    coerced: Object = _coerce(obj, schema.raw)
    metadata = obj.get("metadata")
    if isinstance(metadata, dict):
        coerced = {**coerced, "metadata": as_written(metadata, definition(OBJECT_META))}
    return coerced


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
        for key in value:
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


# --- nulls and metadata ----------------------------------------------------------------------------------------


def _without_nulls(value: Any, raw: Any) -> Any:
    if isinstance(value, list) and isinstance(raw.get("items"), Mapping):
        return [_without_nulls(item, raw["items"]) for item in value]
    if not isinstance(value, dict):
        return value
    kept: Object = {}
    for key, item in value.items():
        declared = _declared(raw, key)
        if item is None and declared is not None and not declared.get("nullable") and "default" not in declared:
            continue
        kept[key] = item if declared is None else _without_nulls(item, declared)
    return kept


def _coerce(value: Any, raw: Any) -> Any:
    if isinstance(value, list) and isinstance(raw.get("items"), Mapping):
        return [_coerce(item, raw["items"]) for item in value]
    if not isinstance(value, dict):
        return value
    coerced = {
        key: item if (child := _declared(raw, key)) is None else _coerce(item, child) for key, item in value.items()
    }
    metadata = value.get("metadata", False)
    if raw.get("x-kubernetes-embedded-resource") and (metadata is None or isinstance(metadata, dict)):
        written = as_written(metadata or {}, definition(OBJECT_META))
        coerced["metadata"] = {key: item for key, item in written.items() if item is not None}
    return coerced


def _declared(raw: Any, key: str) -> Any:
    """Return the schema of a field, None if it has none of its own."""
    declared = (raw.get("properties") or {}).get(key, raw.get("additionalProperties"))
    return declared if isinstance(declared, Mapping) and "$ref" not in declared else None
