"""Request bodies: reading fields of the right type, and merging a change into what is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.kernel.errors import invalid

Json = dict[str, Any]
_NAMES = {str: "string", int: "integer", bool: "boolean", dict: "object", list: "array"}


def field(body: Mapping[str, Any], path: str, kind: type, default: Any = None) -> Any:
    """Return the field at a dotted path, `default` where it is missing or null.

    Raises:
        ApiError: 400 when it has another type than `kind`. A string of digits is an integer too, as in all of
            Google's JSON.
    """
    value: Any = body
    for part in path.split("."):
        if not isinstance(value, Mapping):
            raise _wrong_type(path, dict)
        value = value.get(part)
        if value is None:
            return default
    if kind is int and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _wrong_type(path, kind)
    return value


def without_nulls(value: Any) -> Any:
    """Return JSON without the members that are null: a null is as good as nothing in Google's APIs."""
    if isinstance(value, Mapping):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [without_nulls(one) for one in value]
    return value


def merged(current: Mapping[str, Any], change: Mapping[str, Any]) -> Json:
    """Merge a change into an object: objects member by member, the rest as a whole, null removes (RFC 7396)."""
    result = dict(current)
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            before = result.get(key)
            result[key] = merged(before if isinstance(before, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def masked(current: Mapping[str, Any], change: Mapping[str, Any], paths: Iterable[str]) -> Json:
    """Take the fields of an update mask from `change`, whole; one that `change` lacks is cleared.

    Args:
        current: The resource.
        change: The request's body.
        paths: Dotted paths in snake_case or camelCase.
    """
    result: Json = dict(current)
    for path in paths:
        parts = [_camel(part) for part in path.split(".")]
        source: Any = change
        for part in parts:
            source = source.get(part) if isinstance(source, Mapping) else None
        _set(result, parts, source)
    return result


def mask_paths(text: str) -> list[str]:
    """Split an update mask: "labels,gce_setup.machine_type"."""
    return [path.strip() for path in text.split(",") if path.strip()]


def _set(target: Json, parts: list[str], value: Any) -> None:
    *parents, last = parts
    for part in parents:
        below = target.get(part)
        target[part] = dict(below) if isinstance(below, Mapping) else {}
        target = target[part]
    if value is None:
        target.pop(last, None)
    else:
        target[last] = value


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def _wrong_type(path: str, kind: type) -> Exception:
    name = _NAMES.get(kind, kind.__name__)
    return invalid(f"Invalid value at '{path}': expected {name}", reason="badRequest")
