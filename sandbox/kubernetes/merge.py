"""Merging and pruning of typed objects, as sigs.k8s.io/structured-merge-diff v4 (package `typed`) does it.

None inside an object is JSON's null; a value that is not there at all is `MISSING`.
"""

from __future__ import annotations

from typing import Any, Final

from sandbox.kubernetes.fields import Fields, item_element
from sandbox.kubernetes.types import Schema


class Missing:
    """The type of `MISSING`."""


MISSING: Final = Missing()


class TypedError(ValueError):
    """An object that does not have the shape its type asks for."""


def same(left: Any, right: Any, *, exact: bool = False) -> bool:
    """Tell whether two JSON values are equal; unless types are `exact`, take care that true is not 1."""
    return bool(left == right) and (exact or _same_types(left, right))


def _same_types(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return all(_same_types(value, right[key]) for key, value in left.items())
    if isinstance(left, list):
        return all(map(_same_types, left, right))
    return isinstance(left, bool) is isinstance(right, bool)


def element_index(items: list[Any], schema: Schema) -> list[tuple[str, Any]]:
    """Return each item of a merging list with its path element.

    Raises:
        TypedError: an item has no identity.
    """
    elements = []
    for index, item in enumerate(items):
        try:
            elements.append((item_element(item, schema), item))
        except ValueError as error:
            raise TypedError(f": element {index}: {error}") from error
    return elements


# --- the fields of an object -----------------------------------------------------------------------------------


def fields_of(value: Any, schema: Schema) -> Fields:
    """Return the fields that an object sets."""
    fields = Fields()
    if value is not None:
        _collect(value, schema, fields)
    return fields


def _collect(value: Any, schema: Schema, fields: Fields) -> bool:
    """Add what is below a value to `fields`; return whether the value is a leaf, owned as a whole."""
    shape = schema.shape(value)
    if shape == "scalar" or (schema.is_atomic if shape == "map" else schema.list_type == "atomic"):
        return True
    if shape == "map":
        if isinstance(value, dict):
            _collect_map(value, schema, fields)
    elif isinstance(value, list):
        _collect_list(value, schema, fields)
    return False


def _collect_map(value: dict[str, Any], schema: Schema, fields: Fields) -> None:
    for key, item in value.items():
        element = f"f:{key}"
        child = schema.child(key)
        below = Fields()
        is_leaf = child is None or _collect(item, child, below)
        if is_leaf or item is None or item == {} or not schema.is_declared(key):
            fields.members.add(element)
        if below:
            fields.children[element] = below


def _collect_list(value: list[Any], schema: Schema, fields: Fields) -> None:
    elements = element_index(value, schema)
    counts: dict[str, int] = {}
    for element, _ in elements:
        counts[element] = counts.get(element, 0) + 1
    for element, item in elements:
        fields.members.add(element)
        below = Fields()
        # Items that occur twice are owned as a whole.
        if counts[element] == 1:
            _collect(item, schema.items, below)
        if below:
            fields.children[element] = below


# --- merge -----------------------------------------------------------------------------------------------------


def merge(live: Any, applied: Any, schema: Schema) -> Any:
    """Merge what is applied into a live value; what is applied wins."""
    if live is MISSING or applied is MISSING:
        return live if applied is MISSING else applied
    shape = schema.shape(applied)
    if shape == "map" and not schema.is_atomic:
        left = live if isinstance(live, dict) else {}
        right = applied if isinstance(applied, dict) else {}
        return _merge_maps(left, right, schema) if left or right else applied
    if shape == "list" and schema.list_type != "atomic":
        left_items = live if isinstance(live, list) else []
        right_items = applied if isinstance(applied, list) else []
        return _merge_lists(left_items, right_items, schema) if left_items or right_items else applied
    return applied


def _merge_maps(live: dict[str, Any], applied: dict[str, Any], schema: Schema) -> dict[str, Any]:
    merged = dict(live)
    for key, value in applied.items():
        child = schema.child(key)
        if child is None or key not in live:
            merged[key] = value
        else:
            merged[key] = merge(live[key], value, child)
    return merged


def _merge_lists(live: list[Any], applied: list[Any], schema: Schema) -> list[Any]:
    left, right = element_index(live, schema), element_index(applied, schema)
    live_items: dict[str, Any] = {}
    for element, item in left:
        # Items that occur twice are not merged with the applied one.
        live_items[element] = MISSING if element in live_items else item
    applied_items = dict(right)
    return [
        merge(live_items.get(element, MISSING), applied_items[element], schema.items)
        if element in applied_items
        else item
        for element, item in _interleave(left, right, live_items, applied_items)
    ]


def _interleave(
    left: list[tuple[str, Any]], right: list[tuple[str, Any]], live: dict[str, Any], applied: dict[str, Any]
) -> list[tuple[str, Any]]:
    """Order the items of both lists: the applied order, with the live list's own items where they stood."""
    shared = iter([element for element, _ in right if element in live])
    next_shared = next(shared, None)
    merged: set[str] = set()
    out: list[tuple[str, Any]] = []
    left_at = right_at = 0
    while left_at < len(left) or right_at < len(right):
        if left_at < len(left) and right_at < len(right):
            element = left[left_at][0]
            if element == right[right_at][0]:
                merged.add(element)
                out.append(left[left_at])
                left_at, right_at, next_shared = left_at + 1, right_at + 1, next(shared, None)
                continue
            if element in applied and next_shared is not None and next_shared != element:
                left_at += 1
                continue
        if left_at < len(left):
            element = left[left_at][0]
            if element not in applied:
                out.append(left[left_at])
                left_at += 1
                continue
            if element in merged:
                left_at += 1
        if right_at < len(right):
            element = right[right_at][0]
            merged.add(element)
            out.append(right[right_at])
            right_at += 1
            if next_shared == element:
                next_shared = next(shared, None)
    return out


# --- remove ----------------------------------------------------------------------------------------------------


def remove(value: Any, fields: Fields, schema: Schema) -> Any:
    """Return the value without these fields; what becomes empty by it becomes null."""
    shape = schema.shape(value)
    if shape == "scalar":
        return value
    if shape == "map":
        return (
            _remove_keys(value, fields, schema) if isinstance(value, dict) and value and not schema.is_atomic else None
        )
    return (
        _remove_items(value, fields, schema)
        if isinstance(value, list) and value and schema.list_type != "atomic"
        else None
    )


def _remove_keys(value: dict[str, Any], fields: Fields, schema: Schema) -> dict[str, Any] | None:
    kept: dict[str, Any] = {}
    for key, item in value.items():
        element = f"f:{key}"
        if element in fields.members:
            continue
        below = fields.children.get(element)
        child = schema.child(key) if below else None
        kept[key] = remove(item, below, child) if below and child is not None else item
    return kept or None


def _remove_items(value: list[Any], fields: Fields, schema: Schema) -> list[Any] | None:
    kept = []
    for element, item in element_index(value, schema):
        if element in fields.members:
            continue
        below = fields.children.get(element)
        kept.append(remove(item, below, schema.items) if below else item)
    return kept or None
