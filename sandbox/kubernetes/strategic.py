"""Strategic merge patch: merging a patch with directives into a map, by the published patch strategies.

Directives: `$patch: replace|delete` in maps and list items, `$retainKeys`, `$deleteFromPrimitiveList/FIELD`,
`$setElementOrder/FIELD`. Follows k8s.io/apimachinery/pkg/util/strategicpatch of 1.33. Both maps are changed: pass
copies.
"""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.merge import MISSING
from sandbox.kubernetes.types import UNTYPED, Schema

PATCH = "$patch"
RETAIN_KEYS = "$retainKeys"
DELETE_FROM_LIST = "$deleteFromPrimitiveList/"
SET_ORDER = "$setElementOrder/"

Map = dict[str, Any]


class StrategicError(ValueError):
    """A malformed strategic merge patch; `code` is the HTTP status of the answer."""

    def __init__(self, message: str, code: int = 500):
        self.code = code
        super().__init__(message)


def merge_maps(original: Map, patch: Map, schema: Schema) -> Map:
    """Merge a patch into a map.

    Raises:
        StrategicError: the patch is malformed.
    """
    if PATCH in patch:
        return _directed(patch)
    _retain_keys(original, patch)
    _merge_ordered_lists(original, patch, schema)
    for key, value in patch.items():
        if key.startswith(DELETE_FROM_LIST):
            _delete_from_list(original, key.removeprefix(DELETE_FROM_LIST), value)
        elif value is None:
            original.pop(key, None)
        else:
            _merge_key(original, key, value, schema.child(key) or UNTYPED)
    return original


def _directed(patch: Map) -> Map:
    directive = patch.pop(PATCH)
    if directive == "replace":
        return patch
    if directive == "delete":
        return {}
    raise StrategicError(f"unknown patch type: {directive} in map: {_go_map({PATCH: directive, **patch})}")


def _merge_key(original: Map, key: str, value: Any, schema: Schema) -> None:
    present = original.get(key, MISSING)
    if isinstance(present, dict) and isinstance(value, dict):
        is_replaced = "replace" in schema.patch_strategies
        original[key] = value if is_replaced else merge_maps(present, value, schema)
    elif isinstance(present, list) and isinstance(value, list):
        original[key] = _merge_list(present, value, schema) if "merge" in schema.patch_strategies else value
    else:
        _take(original, key, value)


def _take(original: Map, key: str, value: Any) -> None:
    kept = _without_directives(_without_nulls(value))
    if kept is MISSING:
        original.pop(key, None)
    else:
        original[key] = kept


def _retain_keys(original: Map, patch: Map) -> None:
    if RETAIN_KEYS not in patch:
        return
    kept = patch.pop(RETAIN_KEYS)
    problem = StrategicError("invalid patch format of retainKeys", 400)
    if not isinstance(kept, list):
        raise problem
    for key, value in patch.items():
        if value is not None and not key.startswith((DELETE_FROM_LIST, SET_ORDER)) and key not in kept:
            raise problem
    for key in original.keys() - set(kept):
        del original[key]


def _delete_from_list(original: Map, key: str, values: Any) -> None:
    present = original.get(key)
    if values is None:
        original.pop(key, None)
    elif isinstance(present, list) and isinstance(values, list):
        original[key] = [item for item in present if item not in values]


# --- lists -----------------------------------------------------------------------------------------------------


def _merge_ordered_lists(original: Map, patch: Map, schema: Schema) -> None:
    """Merge the lists for which the patch gives an order, and bring them into it."""
    for key in [key for key in patch if key.startswith(SET_ORDER)]:
        order = patch.pop(key)
        field = key.removeprefix(SET_ORDER)
        if not isinstance(order, list):
            raise StrategicError(f"expected a []interface {{}}, but received a {type(order).__name__}")
        child = schema.child(field) or UNTYPED
        present, added = original.get(field), patch.get(field)
        _check_order(added or [], order, child.merge_key)
        if present is None and added is None:
            continue
        if not present and not added:
            raise StrategicError("no elements in any of the given slices")
        merged = _merged(present, added, child)
        original[field] = _ordered(
            merged, order, _overwritten(present or [], added or [], child.merge_key), child.merge_key
        )
        patch.pop(field, None)


def _overwritten(present: list[Any], patch: list[Any], merge_key: str | None) -> list[Any]:
    """Return what the server still sees of the live list once it has merged the patch into it.

    It deletes from and appends to the live list in place, and then takes the order of the live list from what is left.
    """
    left = list(present)
    length = len(left)
    if merge_key is None:
        return left
    for item in (item for item in patch if isinstance(item, dict) and item.get(PATCH) == "delete"):
        while (at := _position(left[:length], item, merge_key)) >= 0:
            left[at : length - 1] = left[at + 1 : length]
            length -= 1
    plain = [item for item in patch if isinstance(item, dict) and PATCH not in item]
    for item in plain if not any(isinstance(item, dict) and item.get(PATCH) == "replace" for item in patch) else []:
        if _position(left[:length], item, merge_key) < 0 and length < len(left):
            left[length] = item
            length += 1
    return left


def _merged(present: Any, added: Any, schema: Schema) -> list[Any]:
    if added is None:
        return list(present)
    if present is None:
        return list(_without_directives(added))
    return _merge_list(present, added, schema) if "merge" in schema.patch_strategies else list(added)


def _check_order(added: list[Any], order: list[Any], merge_key: str | None) -> None:
    """The order must name all items of the patch, in the patch's own order."""
    if not added or not order:
        return
    items = [item for item in added if not (isinstance(item, dict) and item.get(PATCH) == "delete")]
    at = position = 0
    while at < len(items) and position < len(order):
        if isinstance(items[at], dict) and PATCH in items[at]:
            at += 1
            continue
        at += _is_same(order[position], items[at], merge_key)
        position += 1
    if at < len(items) and position >= len(order):
        problem = f"The order in patch list:\n{_go_map(added)}\n doesn't match $setElementOrder list:\n"
        raise StrategicError(f"{problem}{_go_map(order)}\n")


def _merge_list(original: list[Any], patch: list[Any], schema: Schema) -> list[Any]:
    if not original and not patch:
        return original
    kinds = {_kind(item) for item in (*original, *patch)}
    if "list" in kinds:
        raise StrategicError("lists of lists are not supported", 422)
    if len(kinds) > 1:
        raise StrategicError(f"list element types are not identical: [{_go_map(original)} {_go_map(patch)}]")
    if kinds != {"map"}:
        merged = (
            [item for index, item in enumerate(both) if item not in both[:index]] if (both := original + patch) else []
        )
        return _ordered(merged, patch, original, None)
    if schema.merge_key is None:
        raise StrategicError(f"cannot merge lists without merge key for {schema.name or 'list'}")
    original, patch = _apply_item_directives(original, patch, schema.merge_key)
    merged = list(original)
    for item in patch:
        value = _key_of(item, schema.merge_key)
        at = next((i for i, present in enumerate(merged) if present.get(schema.merge_key, MISSING) == value), None)
        if at is None:
            merged.append(item)
        else:
            merged[at] = merge_maps(merged[at], dict(item), schema.items)
    return _ordered(merged, patch, original, schema.merge_key)


def _apply_item_directives(original: list[Any], patch: list[Any], merge_key: str) -> tuple[list[Any], list[Any]]:
    plain: list[Any] = []
    is_replaced = False
    for item in patch:
        directive = item.get(PATCH)
        if directive is None:
            plain.append(item)
        elif directive == "delete":
            value = _key_of(item, merge_key)
            original = [present for present in original if present.get(merge_key, MISSING) != value]
        elif directive == "replace":
            is_replaced = True
        elif directive == "merge":
            raise StrategicError("merging lists cannot yet be specified in the patch")
        else:
            raise StrategicError(f"unknown patch type: {directive} in map: {_go_map(item)}")
    return (plain, []) if is_replaced else (original, plain)


def _ordered(merged: list[Any], order: list[Any], server_order: list[Any], merge_key: str | None) -> list[Any]:
    """Put the patch's items in their order, and the others where the server had them before the next one."""
    in_patch = [item for item in merged if _position(order, item, merge_key) >= 0]
    others = [item for item in merged if _position(order, item, merge_key) < 0]
    in_patch.sort(key=lambda item: _position(order, item, merge_key))
    others.sort(key=lambda item: _position(server_order, item, merge_key))
    out: list[Any] = []
    left, right = 0, 0
    while left < len(others) and right < len(in_patch):
        before = _position(server_order, others[left], merge_key)
        after = _position(server_order, in_patch[right], merge_key)
        if 0 <= before < after:
            out.append(others[left])
            left += 1
        else:
            out.append(in_patch[right])
            right += 1
    return out + others[left:] + in_patch[right:]


def _position(order: list[Any], item: Any, merge_key: str | None) -> int:
    return next((index for index, other in enumerate(order) if _is_same(other, item, merge_key)), -1)


def _is_same(left: Any, right: Any, merge_key: str | None) -> bool:
    if merge_key is None or not isinstance(left, dict) or not isinstance(right, dict):
        return bool(left == right)
    return bool(left.get(merge_key, MISSING) == right.get(merge_key))


def _key_of(item: Map, merge_key: str) -> Any:
    if merge_key not in item:
        raise StrategicError(f"map: {_go_map(item)} does not contain declared merge key: {merge_key}")
    return item[merge_key]


# --- values ----------------------------------------------------------------------------------------------------


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _without_directives(value: Any) -> Any:
    """Return a value as it is added where nothing was; MISSING if it is a directive itself."""
    if isinstance(value, dict):
        if PATCH in value:
            return MISSING
        items = ((key, _without_directives(item)) for key, item in value.items())
        return {key: item for key, item in items if item is not MISSING}
    if isinstance(value, list):
        return [kept for item in value if (kept := _without_directives(item)) is not MISSING]
    return value


def _kind(value: Any) -> str:
    names = {dict: "map", list: "list", str: "string", bool: "bool", int: "number", float: "number"}
    return names.get(type(value), "null")


def _go_map(value: Any) -> str:
    """Write a value as Go prints it."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_go_map(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_go_map, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return "<nil>" if value is None else str(value)
